"""Accounts: the first administrator, made at init, and docks. No default account, no default credential.

A token is 256 random bits, shown once and stored as its SHA-256 only; a stolen database gives no token away.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Action, Kind, Role
from evidence.errors import Busy, Invalid, NotFound, Unavailable
from evidence.service.gate import admits
from evidence.service.people.people_ports import StoredGrant
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.links import make_link
from evidence.service.sign_in.sessions import new_token, token_hash
from evidence.service.site import Site

_BETWEEN_NOTES = timedelta(minutes=1)


@dataclass(frozen=True)
class Accounts:
    """The desk for accounts."""

    site: Site

    def open_site(self, number: str = "administrator", agency: str = "agency") -> str:
        """Make a new site's agency and its first security administrator; return the token of their link.

        Raises: Invalid("already-initialised", "invalid-number").
        """
        verify_name(number, "invalid-number")
        with self.site.database.writing() as unit:
            if unit.accounts.all() or unit.people.all():
                raise Invalid("already-initialised")
            return first_administrator(unit, self.site, number, agency)

    @admits(Action.MANAGE_DOCKS)
    def add_dock(self, caller: Caller, name: str) -> tuple[Caller, str]:
        """Add a dock and return its account and its token, shown this once. Raises: Conflict, Invalid."""
        verify_name(name)
        token, dock = new_token(), Caller(new_id(), Kind.DOCK, name)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            unit.accounts.add(dock, token_hash(token), now)
            unit.log.append(Entry(Act.DOCK_ADD, caller.id, objects=(("account", dock.id),)), now)
        return dock, token

    @admits(Action.MANAGE_DOCKS)
    def revoke_dock(self, caller: Caller, dock: str) -> None:
        """Make a dock's token worthless at once; what it sent stays. dock: its id, or its name.

        Raises: NotFound.
        """
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            docks = [one for one in unit.accounts.all() if one.kind is Kind.DOCK]
            named = {**{one.name: one.id for one in docks}, **{one.id: one.id for one in docks}}
            dock_id = named.get(dock)
            if dock_id is None or not unit.accounts.revoke(dock_id, now):
                raise NotFound("dock-not-found", dock=dock)
            unit.log.append(Entry(Act.DOCK_REVOKE, caller.id, objects=(("account", dock_id),)), now)

    @admits(Action.MANAGE_DOCKS)
    def docks(self, _caller: Caller) -> list[Caller]:
        """Return the docks, oldest first."""
        with self.site.database.reading() as unit:
            return [account for account in unit.accounts.all() if account.kind is Kind.DOCK]

    def identify(self, token: str) -> Caller | None:
        """Return the account that holds a token, or None. Looks up by hash: nothing to time."""
        now = self.site.clock.now()
        with self.site.database.reading() as unit:
            caller = unit.accounts.by_token(token_hash(token), now)
            is_system = caller is not None and caller.kind is Kind.INTEGRATION
            used = unit.tokens.used_at(caller.id) if caller and is_system else None
        if caller and is_system and (used is None or now - used >= _BETWEEN_NOTES):
            self._note_use(caller, now)
        return caller

    def _note_use(self, caller: Caller, now: datetime) -> None:
        # A note, and no condition of the request: on a full disc the state of the site must still be told.
        with suppress(Unavailable, Busy), self.site.database.writing() as unit:
            unit.tokens.note_use(caller.id, now)


def first_administrator(unit: UnitOfWork, site: Site, number: str, agency: str) -> str:
    """Make an agency and somebody who administers accounts and rights of the whole site, by a link.

    There is no password yet, and so no default one.
    """
    now, unit_id = site.clock.now(), new_id()
    name = agency.replace("/", "-")  # in tables a slash stands between a unit and the one above it
    unit.units.add(Unit(unit_id, name, unit_path(None, unit_id)), now)
    person = Person(new_id(), number, None, PersonType.CIVILIAN, unit_id)
    unit.people.add(person, now)
    role = Role.SECURITY_ADMINISTRATOR
    unit.grants.add(StoredGrant(new_id(), person.id, role, None, "init", "operator", now))
    unit.log.append(Entry(Act.INIT, "operator", (("account", person.id),)), now)
    return make_link(unit, person, "operator", now)


def verify_name(name: str, code: str = "invalid-name") -> None:
    """Refuse a name that is empty, endless, or steers a terminal. Raises: Invalid(code)."""
    if not name.strip() or len(name) > 200 or not name.replace("\u3000", " ").isprintable():
        raise Invalid(code, name=name)
