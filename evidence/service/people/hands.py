"""Whose hands something is in: somebody's unit, and the units of which they are a head."""

from __future__ import annotations

from datetime import datetime

from evidence.domain.complaints import Hand
from evidence.domain.people import WHOLE
from evidence.domain.rights import ALLOWED, Action
from evidence.service.ports import UnitOfWork


def hand_of(unit: UnitOfWork, person_id: str, at: datetime) -> Hand:
    """Return where somebody stands. A head is who names handlers in a unit and below."""
    person, paths = unit.people.get(person_id), {one.id: one.path for one in unit.units.all()}
    home = WHOLE if person is None else paths.get(person.unit_id, WHOLE)
    heads = [
        WHOLE if one.unit_id is None else paths.get(one.unit_id, WHOLE)
        for one in unit.grants.in_force(at, person_id)
        if Action.ASSIGN_COMPLAINTS in ALLOWED[one.role]
    ]
    return Hand(person_id, home, tuple(heads))
