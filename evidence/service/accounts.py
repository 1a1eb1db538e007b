"""Accounts: the administrator made at init, and docks. No default account, no default credential.

A token is 256 random bits, shown once and stored as its SHA-256 only; a stolen database gives no token away.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind
from evidence.errors import Busy, Invalid, NotFound, Unavailable
from evidence.service.gate import admits
from evidence.service.site import Site

_BETWEEN_NOTES = timedelta(minutes=1)


@dataclass(frozen=True)
class Accounts:
    """The desk for accounts."""

    site: Site

    def open_site(self) -> str:
        """Make the administrator of a new site and return the token, shown this once."""
        with self.site.database.writing() as unit:
            if unit.accounts.all():
                raise Invalid("already-initialised")
            token = new_token()
            caller = Caller(new_id(), Kind.INTEGRATION, "administrator", scopes=TOKEN_SCOPES)
            now = self.site.clock.now()
            unit.accounts.add(caller, hash_of(token), now)
            unit.log.append(Entry(Act.INIT, caller.id, objects=(("account", caller.id),)), now)
            return token

    @admits(Action.MANAGE_DOCKS)
    def add_dock(self, caller: Caller, name: str) -> tuple[Caller, str]:
        """Add a dock and return its account and its token, shown this once. Raises: Conflict, Invalid."""
        verify_name(name)
        token, dock = new_token(), Caller(new_id(), Kind.DOCK, name)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            unit.accounts.add(dock, hash_of(token), now)
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
            caller = unit.accounts.by_token(hash_of(token), now)
            is_system = caller is not None and caller.kind is Kind.INTEGRATION
            used = unit.tokens.used_at(caller.id) if caller and is_system else None
        if caller and is_system and (used is None or now - used >= _BETWEEN_NOTES):
            self._note_use(caller, now)
        return caller

    def _note_use(self, caller: Caller, now: datetime) -> None:
        # A note, and no condition of the request: on a full disc the state of the site must still be told.
        with suppress(Unavailable, Busy), self.site.database.writing() as unit:
            unit.tokens.note_use(caller.id, now)


def verify_name(name: str) -> None:
    """Refuse a name that people could not read or tell apart. Raises: Invalid."""
    if not name.strip() or len(name) > 200 or not name.replace("\u3000", " ").isprintable():
        raise Invalid("invalid-name", name=name)


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
