"""Whom a complaint is about, for whom it exists, and whose hands it must not be in.

Of one about a unit nobody knows who it was: it may be whoever wore what is held for it, or commanded that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.complaints import Complaint, Hand, Subject
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import NotFound
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.people.hands import hand_of
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def subject_of(unit: UnitOfWork, site: Site, caller: Caller, number: str) -> Subject:
    """Return somebody whom one is about, by number. Raises: NotFound("person-not-found")."""
    found = unit.people.by_number(number) if is_plain(number) else None
    home = None if found is None else unit.units.get(found.unit_id)
    if found is None or home is None:
        raise NotFound("person-not-found", number=number)
    if not may_in(caller, Action.TAKE_COMPLAINTS, home.path, site.bars()):
        raise OutOfSight("person-not-found", number=number)
    return Subject(found.id, home.id)


def unit_of(unit: UnitOfWork, site: Site, caller: Caller, unit_id: str | None) -> str | None:
    """Return the unit that one is about. Raises: NotFound("unit-not-found")."""
    if unit_id is None:
        return None
    found = unit.units.get(unit_id) if is_id(unit_id) else None
    if found is None:
        raise NotFound("unit-not-found", unit=unit_id)
    if not may_in(caller, Action.TAKE_COMPLAINTS, found.path, site.bars()):
        raise OutOfSight("unit-not-found", unit=unit_id)
    return found.id


def may_about(unit: UnitOfWork, site: Site, caller: Caller, action: Action, one: Complaint) -> bool:
    """Tell whether a complaint exists for somebody: all of it about people of their units, and not them."""
    ids = [subject.unit_id for subject in one.subjects] + ([] if one.unit_id is None else [one.unit_id])
    homes = [unit.units.get(id_) for id_ in ids]
    paths, bars = [home.path for home in homes if home is not None], site.bars()
    return not one.is_about(caller.id) and all(may_in(caller, action, path, bars) for path in paths)


def is_about(unit: UnitOfWork, one: Complaint, person_id: str, now: datetime) -> bool:
    """Tell whether somebody is, or where it is about a unit may be, whom it is about."""
    if one.is_about(person_id) or one.unit_id is None:
        return one.is_about(person_id)
    held = unit.standings.some(unit.complaints.held(one.id), now)
    return any(standing.is_by(person_id) for standing in held.values())


def hands_of(unit: UnitOfWork, one: Complaint, now: datetime) -> Iterator[Hand]:
    """Yield whom it is about; of a unit, all who work there: as if they were beside each head of it."""
    yield from (hand_of(unit, subject.person_id, now) for subject in one.subjects)
    home = None if one.unit_id is None else unit.units.get(one.unit_id)
    if home is not None:
        yield Hand("", home.path, (home.path,))
