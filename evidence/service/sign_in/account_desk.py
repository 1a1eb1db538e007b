"""Accounts of people as security administrators see them: switched off and on, released when locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, NotFound
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.sign_in.links import managed, managing
from evidence.service.sign_in.lock_out import login_hash
from evidence.service.sign_in.sessions import end_sessions
from evidence.service.sign_in.signing_in import barred, second_factors
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as it is told. state: active, waiting (no password yet), disabled, left."""

    person_id: str
    number: str
    state: str
    factors: tuple[str, ...]
    locked_from: int  # networks


@dataclass(frozen=True)
class AccountDesk:
    """The desk for people's accounts."""

    site: Site

    @admits(Action.MANAGE_ACCOUNTS)
    def all(self, caller: Caller, number: str | None = None) -> Sequence[AccountState]:
        """Return the accounts that the caller manages, by login; or that of one person alone."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.reading() as unit:
            paths = {one.id: one.path for one in unit.units.all()}
            people = unit.people.all() if number is None else unit.people.by_numbers([number]).values()
            homes = {one.id: (one, paths[one.unit_id]) for one in people}
            accounts = unit.sign_ins.all() if number is None else map(unit.sign_ins.get, homes)
            locked = [one.login_sha256 for one in unit.failures.locked(now)]
            told = []
            for account in accounts:
                if account is None:
                    continue
                person, path = homes[account.person_id]
                if not may_in(caller, Action.MANAGE_ACCOUNTS, path, bars):
                    continue
                state = barred(unit, self.site, account, now) or ("active" if account.password else "waiting")
                count = locked.count(login_hash(account.login))
                factors = second_factors(unit, account)
                told.append(AccountState(person.id, person.number, state, factors, count))
            return told

    @admits(Action.MANAGE_ACCOUNTS)
    def disable(self, caller: Caller, number: str) -> None:
        """Switch an account off; its sessions and links end at once.

        Raises: NotFound, Refused; Conflict("last-administrator") for the last security administrator.
        """
        with managing(self.site, caller) as unit:
            person_id, now = self._of(unit, caller, number), self.site.clock.now()
            verify_not_last(unit, self.site, person_id, now)
            unit.sign_ins.disable(person_id, now)
            unit.challenges.withdraw(person_id, "link", now)
            end_sessions(unit, person_id, "disabled", now)
            unit.log.append(Entry(Act.ACCOUNT_DISABLE, caller.id, (("account", person_id),)), now)

    @admits(Action.MANAGE_ACCOUNTS)
    def enable(self, caller: Caller, number: str) -> None:
        """Switch an account on again. Raises: NotFound, Refused."""
        with managing(self.site, caller) as unit:
            person_id, now = self._of(unit, caller, number), self.site.clock.now()
            unit.sign_ins.disable(person_id, None)
            unit.log.append(Entry(Act.ACCOUNT_ENABLE, caller.id, (("account", person_id),)), now)

    @admits(Action.MANAGE_ACCOUNTS)
    def unlock(self, caller: Caller, number: str) -> int:
        """Release an account after failed tries, for all networks; return for how many it was locked."""
        with managing(self.site, caller) as unit:
            person_id, now = self._of(unit, caller, number), self.site.clock.now()
            account = unit.sign_ins.get(person_id)
            count = unit.failures.clear(login_hash(account.login)) if account else 0
            facts = {"networks": count}
            unit.log.append(Entry(Act.UNLOCK, caller.id, (("account", person_id),), facts=facts), now)
            return count

    def _of(self, unit: UnitOfWork, caller: Caller, number: str) -> str:
        person = managed(unit, self.site, caller, number)
        if unit.sign_ins.get(person.id) is None:
            raise NotFound("account-not-found", number=number)
        return person.id


def verify_not_last(unit: UnitOfWork, site: Site, person_id: str, now: datetime) -> None:
    """Refuse to lose the last security administrator of the whole site who can sign in.

    Raises: Conflict("last-administrator").
    """
    able: set[str] = set()
    for grant in unit.grants.in_force(now):
        account = unit.sign_ins.get(grant.person_id)
        is_whole = grant.role is Role.SECURITY_ADMINISTRATOR and grant.unit_id is None
        if is_whole and account is not None and barred(unit, site, account, now) is None:
            able.add(grant.person_id)
    if able == {person_id}:
        raise Conflict("last-administrator")
