"""Grants: who gets which role, where, why and until when. In force at the very next request.

Nobody grants themselves anything; duties stay apart (domain/separation.py), so no member of a case becomes
an administrator; what the law keeps from auxiliary personnel cannot be given to them; somebody must remain
who can give roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import WHOLE, Person
from evidence.domain.rights import ADMINISTRATORS, Action, Role
from evidence.domain.separation import verify_may_hold
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.oversight.refusals import (
    person_on_roll,
    reason_of,
    tries_logged,
    verify_end,
    verify_scope,
)
from evidence.service.people.people_ports import StoredGrant
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Held:
    """A grant in force with the person who holds it, and the path of its unit."""

    grant: StoredGrant
    person: Person
    path: str


@dataclass(frozen=True)
class Grants:
    """The desk for roles."""

    site: Site

    @admits(Action.MANAGE_GRANTS)
    def give(
        self,
        caller: Caller,
        person_id: str,
        role: Role,
        unit_id: str | None,
        reason: str,
        until: datetime | None = None,
    ) -> StoredGrant:
        """Give somebody a role in a unit and below (None: everywhere).

        Raises: Refused("own-request", "out-of-scope", "not-on-roll", "roles-kept-apart", "barred-by-law",
        "unit-closed"), NotFound, Conflict("grant-exists"), Invalid.
        """
        reason, now = reason_of(reason), self.site.clock.now()
        verify_end(until, now)
        with (
            tries_logged(self.site, caller, Action.MANAGE_GRANTS, ("person", person_id)),
            self.site.database.writing() as unit,
        ):
            if person_id == caller.id:
                raise Refused("own-request", action=Action.MANAGE_GRANTS.value)
            verify_scope(self.site, caller, Action.MANAGE_GRANTS, _open_path(unit, unit_id))
            person = person_on_roll(unit, self.site, person_id, now)
            held = unit.grants.in_force(now, person_id)
            verify_may_hold(person.type, [one.role for one in held], role, self.site.bars())
            if role in ADMINISTRATORS and (cases := unit.cases.of_member(person_id, now)):
                raise Refused("roles-kept-apart", role=role.value, cases=len(cases))
            if any((one.role, one.unit_id) == (role, unit_id) for one in held):
                raise Conflict("grant-exists", role=role.value)
            new = StoredGrant(new_id(), person_id, role, unit_id, reason, caller.id, now, until)
            unit.grants.add(new)
            unit.log.append(_entry(Act.GRANT_ADD, caller, new, reason), now)
        return new

    @admits(Action.MANAGE_GRANTS)
    def revoke(self, caller: Caller, grant_id: str, reason: str) -> None:
        """Take a role away. Raises: NotFound("grant-not-found"), Refused("last-security-administrator",
        "out-of-scope"), Invalid.
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MANAGE_GRANTS, ("grant", grant_id)),
            self.site.database.writing() as unit,
        ):
            grant = unit.grants.get(grant_id) if is_id(grant_id) else None
            if grant is None or grant.revoked_at is not None:
                raise NotFound("grant-not-found", grant=grant_id)
            verify_scope(self.site, caller, Action.MANAGE_GRANTS, _path(unit, grant.unit_id))
            if grant.role is Role.SECURITY_ADMINISTRATOR and not _others_remain(unit, grant, now):
                raise Refused("last-security-administrator")
            unit.grants.revoke(grant_id, caller.id, now)
            unit.log.append(_entry(Act.GRANT_REVOKE, caller, grant, reason), now)

    @admits(Action.READ_PEOPLE)
    def held(self, caller: Caller, number: str | None = None) -> Sequence[Held]:
        """Return who holds what in the caller's units, by number, or one person alone; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.writing() as unit:
            whose = unit.people.all() if number is None else unit.people.by_numbers([number]).values()
            people = {one.id: one for one in whose}
            paths = {one.id: one.path for one in unit.units.all()}
            only = None if number is None else next(iter(people), "")  # "": nobody's
            found = [
                Held(grant, people[grant.person_id], paths.get(grant.unit_id or "", WHOLE))
                for grant in unit.grants.in_force(now, only)
            ]
            unit.log.append(Entry(Act.READ_GRANTS, caller.id), now)
        seen = (one for one in found if may_in(caller, Action.READ_PEOPLE, one.path, bars))
        return sorted(seen, key=lambda one: (one.person.number, one.grant.granted_at))


def _open_path(unit: UnitOfWork, unit_id: str | None) -> str:
    """Return the path of a unit that is open, itself and all above it."""
    path = _path(unit, unit_id)
    if any(one.closed_at is not None for one in unit.units.all() if path.startswith(one.path)):
        raise Refused("unit-closed", unit=unit_id)
    return path


def _path(unit: UnitOfWork, unit_id: str | None) -> str:
    if unit_id is None:
        return WHOLE
    found = unit.units.get(unit_id) if is_id(unit_id) else None
    if found is None:
        raise NotFound("unit-not-found", unit=unit_id)
    return found.path


def _others_remain(unit: UnitOfWork, going: StoredGrant, now: datetime) -> bool:
    """Tell whether somebody else can give roles as widely and as long as the holder of a grant could."""

    def lasts(one: StoredGrant) -> bool:
        return one.until is None or (going.until is not None and one.until >= going.until)

    def serves(one: StoredGrant) -> bool:
        holder = unit.people.get(one.person_id)
        return holder is not None and holder.left_at is None

    return any(
        one.role is Role.SECURITY_ADMINISTRATOR
        and one.person_id != going.person_id
        and (one.unit_id is None or going.unit_id is not None)
        and lasts(one)
        and serves(one)
        for one in unit.grants.in_force(now)
    )


def _entry(act: Act, caller: Caller, grant: StoredGrant, reason: str) -> Entry:
    objects = (("grant", grant.id), ("person", grant.person_id))
    where = () if grant.unit_id is None else (("unit", grant.unit_id),)
    facts = {"role": grant.role.value}
    return Entry(act, caller.id, (*objects, *where), facts=facts, personal={"reason": reason})
