"""The standing of recordings in SQL, and the reach of a caller as a condition over them.

`within` must mean what domain/access.py says by `Reach.covers`; a property test holds both against each
other. A recording without a row here belongs to no unit that anybody knows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from evidence.adapters.db.complaint_tables import complaint_person
from evidence.adapters.db.people_tables import (
    case_member,
    person,
    reader,
    serious_person,
    standing,
    unit,
)
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, portions
from evidence.adapters.db.repositories.search_rows import touched
from evidence.adapters.db.repositories.standing_rows import (
    for_complaints,
    in_events,
    memberships,
    runs,
    standings_of,
)
from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import recording
from evidence.domain.access import Reach
from evidence.domain.people import WHOLE
from evidence.domain.standing import Classification, Placement, Standing
from evidence.service.intake.placing import COMMANDER

# Made once: every seal asks these.
_PLACE = update(standing).where(standing.c.recording_id == bindparam("recording"))
_KNOWN = select(standing.c.recording_id).where(
    standing.c.recording_id.in_(bindparam("recordings", expanding=True))
)
_ADD = insert(standing)


class SqlStandings:
    """See service.people_ports.Standings."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def place(self, places: Sequence[Placement]) -> None:
        """Note which unit answers for each recording, who wore the recorder, and under whose command."""
        touched(self._db, [one.recording_id for one in places])
        known = {
            row.recording_id
            for some in portions([one.recording_id for one in places])
            for row in self._db.execute(_KNOWN, {"recordings": some})
        }
        fresh = {"classification": Classification.ORDINARY.value, "under_transfer": False, "on_hold": False}
        values = [
            {"unit_id": one.unit_id, "person_id": one.person_id, "commander_id": one.commander_id}
            for one in places
        ]
        both = list(zip(places, values, strict=True))
        if new := [{"recording_id": one.recording_id, **row, **fresh} for one, row in both
                   if one.recording_id not in known]:  # fmt: skip
            self._db.execute(_ADD, new)
        if moved := [{"recording": one.recording_id, **row} for one, row in both
                     if one.recording_id in known]:  # fmt: skip
            self._db.execute(_PLACE, moved)

    def classify(self, recording_id: str, classification: Classification) -> None:
        """Set the class of a recording."""
        self._set(recording_id, classification=classification.value)

    def mark(self, recording_id: str, **marks: bool) -> None:
        """Set on_hold or under_transfer."""
        self._set(recording_id, **marks)

    def held(self) -> Iterator[str]:
        """Yield the recordings that are marked as held."""
        yield from self._db.execute(select(standing.c.recording_id).where(standing.c.on_hold)).scalars()

    def unplaced(self, wearer: str) -> Iterable[str]:
        """Return the recordings of a wearer that nobody on the roll was known to have made."""
        known = select(standing.c.recording_id).where(standing.c.person_id.is_not(None))
        query = select(recording.c.id).where(recording.c.wearer == wearer, recording.c.id.not_in(known))
        return list(self._db.execute(query).scalars())

    def unplaced_all(self, wearers: Collection[str]) -> Sequence[str]:
        """Return the recordings of any of these wearers that nobody on the roll was known to have made."""
        known = select(standing.c.recording_id).where(standing.c.person_id.is_not(None))
        query = select(recording.c.id, recording.c.wearer).where(recording.c.id.not_in(known))
        if len(wearers) <= NAMES_AT_ONCE:
            query = query.where(recording.c.wearer.in_(wearers))
        return [row.id for row in self._db.execute(query) if row.wearer in wearers]

    def without_commander(self) -> Iterable[tuple[str, str]]:
        """Yield placed recordings whose label names a commanding officer whom nobody knew, and the number."""
        query = select(recording.c.id, recording.c.labels)
        query = query.join(standing, standing.c.recording_id == recording.c.id)
        named = recording.c.labels.contains(f'"{COMMANDER}": ', autoescape=True)
        for row in self._db.execute(query.where(standing.c.commander_id.is_(None), named)):
            if number := json.loads(row.labels).get(COMMANDER):
                yield row.id, number

    def worn_by(self, person_id: str) -> Sequence[str]:
        """Return the recordings that somebody wore the recorder of."""
        mine = select(standing.c.recording_id).where(standing.c.person_id == person_id)
        return list(self._db.execute(mine).scalars())

    def command(self, recording_id: str, commander_id: str) -> None:
        """Note under whose command a recording was made."""
        self._set(recording_id, commander_id=commander_id)

    def get(self, recording_id: str, at: datetime) -> Standing:
        """Return the standing of one recording at a moment."""
        return self.some([recording_id], at)[recording_id]

    def some(self, recording_ids: Collection[str], at: datetime) -> Mapping[str, Standing]:
        """Return the standing of these recordings at a moment, a few hundred to a question."""
        ids, found = list(recording_ids), dict[str, Standing]()
        for first in range(0, len(ids), NAMES_AT_ONCE):
            found |= standings_of(self._db, ids[first : first + NAMES_AT_ONCE], at)
        return found

    def units(self, recording_ids: Collection[str]) -> Mapping[str, str | None]:
        """Return in which units these recordings were placed, as far as they were in any."""
        ids, found = list(recording_ids), dict[str, str | None]()
        query = select(standing.c.recording_id, standing.c.unit_id)
        for first in range(0, len(ids), NAMES_AT_ONCE):
            some = standing.c.recording_id.in_(ids[first : first + NAMES_AT_ONCE])
            found |= {row.recording_id: row.unit_id for row in self._db.execute(query.where(some))}
        return found

    def _set(self, recording_id: str, **values: Any) -> None:
        touched(self._db, [recording_id])
        mine = standing.c.recording_id == recording_id
        if self._db.execute(update(standing).where(mine).values(**values)).rowcount == 0:
            self.place([Placement(recording_id, None, None, None)])
            self._db.execute(update(standing).where(mine).values(**values))


@dataclass(frozen=True, slots=True)
class Placed:
    """The columns that say where a recording stands."""

    recording_id: ColumnElement[Any]
    unit_id: ColumnElement[Any]
    person_id: ColumnElement[Any]
    classification: ColumnElement[Any]


_PLACED = Placed(recording.c.id, standing.c.unit_id, standing.c.person_id, standing.c.classification)


# The same in the rows of searches; in coalesce, so that no index is led by it.
_searched = search_row.c
SEARCHED = Placed(
    _searched.recording_id,
    func.coalesce(_searched.unit_id, ""),
    func.coalesce(_searched.person_id, ""),
    _searched.classification,
)


def within(reach: Reach, at: datetime | None, placed: Placed = _PLACED) -> ColumnElement[bool]:
    """Return the condition under which a recording is within reach. The query must outer-join `standing`, or
    say in which other columns the same stands.

    Raises: ValueError for a reach without its moment, or for one that asks who commanded, of other columns.
    """
    if at is None:
        raise ValueError("a reach is of a moment")
    if placed is not _PLACED and reach.not_by is not None:
        raise ValueError(f"nobody's command is here: {reach.action}")
    if reach.everything:
        return true()
    granted = or_(false(), *_granted(reach, at, placed))
    is_ordinary = func.coalesce(placed.classification, Classification.ORDINARY.value) == (
        Classification.ORDINARY.value
    )
    conditions: list[ColumnElement[bool]] = [granted]
    if not reach.any_class:
        named = select(reader.c.recording_id).where(reader.c.person_id == reach.reader, runs(reader, at))
        conditions.append(or_(is_ordinary, placed.recording_id.in_(named)))  # nobody is named: nothing more
    if reach.shunned is not None:
        shown, kept = in_events(), for_complaints()
        conditions += [
            placed.recording_id.not_in(shown.where(serious_person.c.person_id == reach.shunned)),
            placed.recording_id.not_in(kept.where(complaint_person.c.person_id == reach.shunned)),
        ]
    if reach.not_by is not None:
        makers = (standing.c.person_id, standing.c.commander_id)
        conditions += [maker.is_distinct_from(reach.not_by) for maker in makers]
    return and_(*conditions)


def owed_within(reach: Reach, at: datetime | None, table: Table) -> ColumnElement[bool]:
    """Return the condition under which a file without a recording is within reach (`upload`, `announced`).

    It belongs where its wearer does now; one whom the roll does not know, to those who reach everything.
    Under the name of a recording of the same recorder it is hidden with that recording.
    """
    sealed = within(reach, at)
    if reach.everything:
        return true()
    same = and_(recording.c.device == table.c.device, recording.c.name_sha256 == table.c.name_sha256)
    there = recording.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
    of_same = select(recording.c.id).select_from(there).where(same).correlate(table)
    is_free = or_(~of_same.exists(), of_same.where(sealed).exists())
    if WHOLE in reach.paths:
        return is_free
    whose = [false(), *([person.c.id == reach.own] if reach.own is not None else [])]
    whose += [unit.c.path.like(f"{path}%") for path in sorted(reach.paths)]
    mine = select(person.c.number).join(unit, unit.c.id == person.c.unit_id).where(or_(*whose))
    return and_(table.c.wearer.in_(mine), is_free)


def _granted(reach: Reach, at: datetime, placed: Placed) -> Iterable[ColumnElement[bool]]:
    if WHOLE in reach.paths:
        yield true()
    elif reach.paths:  # of ids and slashes only: nothing in them means something to LIKE
        below = or_(*(unit.c.path.like(f"{path}%") for path in sorted(reach.paths)))
        yield placed.unit_id.in_(select(unit.c.id).where(below))
    if reach.own is not None:
        yield placed.person_id == reach.own
    if reach.member is not None:
        mine = memberships(at).where(
            case_member.c.person_id == reach.member, case_member.c.action == reach.action.value
        )
        yield placed.recording_id.in_(mine)
    if reach.opened:
        yield placed.recording_id.in_(sorted(reach.opened))
