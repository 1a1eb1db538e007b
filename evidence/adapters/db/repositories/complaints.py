"""Complaints in SQL. None is ever removed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, insert, or_, select, update

from evidence.adapters.db.complaint_tables import (
    complaint,
    complaint_handler,
    complaint_hold,
    complaint_person,
)
from evidence.adapters.db.people_tables import standing, unit
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, time_or_none
from evidence.adapters.db.tables import recording
from evidence.domain.complaints import MOST_LENGTH, Channel, Complaint, Result, Subject, Told
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.spans import Span
from evidence.errors import Conflict
from evidence.service.cases.complaint_ports import Concerned


class SqlComplaints:
    """See service.complaint_ports.Complaints."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Complaint) -> None:
        """Add one, with whom it is about. Raises: Conflict("complaint-number-taken")."""
        if self._db.execute(select(complaint.c.id).where(complaint.c.number == new.number)).first():
            raise Conflict("complaint-number-taken", number=new.number)
        self._db.execute(
            insert(complaint).values(
                id=new.id,
                number=new.number,
                received_on=new.received_on.isoformat(),
                channel=new.channel.value,
                complainant=new.told.complainant,
                matter=new.told.matter,
                place=new.told.place,
                since=to_text(new.span.start),
                until=to_text(new.span.end),
                taken_by=new.taken_by,
                taken_at=to_text(new.taken_at),
                unit_id=new.unit_id,
            )
        )
        rows = [
            {"id": new_id(), "complaint_id": new.id, "person_id": one.person_id, "unit_id": one.unit_id}
            for one in new.subjects
        ]
        if rows:
            self._db.execute(insert(complaint_person), rows)

    def get(self, complaint_id: str) -> Complaint | None:
        """Return one."""
        return next(iter(self._some(complaint.c.id == complaint_id)), None)

    def all(self, *, is_open: bool = False) -> Sequence[Complaint]:
        """Return all, or those that have not ended, oldest first."""
        return self._some(complaint.c.closed_at.is_(None)) if is_open else self._some()

    def open_of(self, person_id: str) -> Sequence[str]:
        """Return the ids of open ones that are about somebody, or that they handle."""
        theirs = (
            exists().where(mine.c.complaint_id == complaint.c.id, mine.c.person_id == person_id, *more)
            for mine, more in (
                (complaint_person, ()),
                (complaint_handler, (complaint_handler.c.ended_at.is_(None),)),
            )
        )
        query = select(complaint.c.id).where(complaint.c.closed_at.is_(None), or_(*theirs))
        return list(self._db.execute(query.order_by(complaint.c.taken_at, complaint.c.id)).scalars())

    def assign(self, complaint_id: str, person_id: str, too_near: str | None, by: str, at: datetime) -> None:
        """Give one to a handler, in the place of the one before."""
        before = complaint_handler.c.complaint_id == complaint_id, complaint_handler.c.ended_at.is_(None)
        self._db.execute(update(complaint_handler).where(*before).values(ended_at=to_text(at)))
        row = {"id": new_id(), "complaint_id": complaint_id, "person_id": person_id, "too_near": too_near}
        self._db.execute(insert(complaint_handler).values(**row, assigned_by=by, assigned_at=to_text(at)))

    def close(self, complaint_id: str, result: Result, reason: str, by: str, on: date, at: datetime) -> bool:
        """Note its end; False where it has ended already."""
        mine = (complaint.c.id == complaint_id) & complaint.c.closed_at.is_(None)
        said = {"result": result.value, "reason": reason, "closed_by": by, "closed_on": on.isoformat()}
        done = self._db.execute(update(complaint).where(mine).values(**said, closed_at=to_text(at)))
        return done.rowcount == 1

    def concerned(
        self, complaint_id: str | None = None, recording_ids: Collection[str] | None = None
    ) -> Sequence[Concerned]:
        """Return recordings that may be of the hour of a complaint and are not held for it yet."""
        which = [] if complaint_id is None else [complaint.c.id == complaint_id]
        known: dict[str, Complaint] = {}
        found: dict[tuple[str, str], Concerned] = {}
        for some in _some(recording_ids):
            within = [] if some is None else [recording.c.id.in_(some)]
            for query in about_them():
                for row in self._db.execute(_concerned(query).where(*which, *within)).all():
                    if row.complaint_id not in known:
                        (known[row.complaint_id],) = self._some(complaint.c.id == row.complaint_id)
                    one, ended_at = known[row.complaint_id], time_or_none(row.ended_at)
                    new = Concerned(one, row.id, ended_at, from_text(row.sealed_at))
                    if ended_at is None or ended_at < one.span.end + MOST_LENGTH:
                        found.setdefault((one.id, row.id), new)
        return sorted(found.values(), key=lambda one: (one.sealed_at, one.recording_id, one.complaint.id))

    def note_hold(self, complaint_id: str, recording_id: str, hold_id: str) -> None:
        """Note that a recording is held for a complaint."""
        row = {"complaint_id": complaint_id, "recording_id": recording_id, "hold_id": hold_id}
        self._db.execute(insert(complaint_hold).values(id=new_id(), **row))

    def held(self, complaint_id: str) -> Sequence[str]:
        """Return the recordings that were held for a complaint, by id."""
        mine = select(complaint_hold.c.recording_id).where(complaint_hold.c.complaint_id == complaint_id)
        return list(self._db.execute(mine.order_by(complaint_hold.c.recording_id)).scalars())

    def of_hold(self, hold_id: str) -> Complaint | None:
        """Return the complaint that placed a hold."""
        mine = select(complaint_hold.c.complaint_id).where(complaint_hold.c.hold_id == hold_id)
        return next(iter(self._some(complaint.c.id.in_(mine))), None)

    def _some(self, *which: ColumnElement[bool]) -> Sequence[Complaint]:
        ordered = select(complaint).where(*which).order_by(complaint.c.taken_at, complaint.c.id)
        rows = self._db.execute(ordered).all()
        mine = complaint.c.id.in_(select(complaint.c.id).where(*which))
        about: dict[str, list[Subject]] = {}
        people = select(complaint_person).join(complaint, complaint.c.id == complaint_person.c.complaint_id)
        for row in self._db.execute(people.where(mine).order_by(complaint_person.c.person_id)):
            about.setdefault(row.complaint_id, []).append(Subject(row.person_id, row.unit_id))
        handlers = select(complaint_handler.c.complaint_id, complaint_handler.c.person_id)
        handlers = handlers.join(complaint, complaint.c.id == complaint_handler.c.complaint_id)
        now = {row[0]: row[1] for row in self._db.execute(handlers.where(
            mine, complaint_handler.c.ended_at.is_(None)
        ))}  # fmt: skip
        return [_complaint(row, tuple(about.get(row.id, ())), now.get(row.id)) for row in rows]


def is_doubtful() -> ColumnElement[bool]:
    """A recording whose hour nobody knows, where a complaint about its wearer is open; joined with both."""
    return and_(complaint.c.closed_at.is_(None), recording.c.ended_at.is_(None))


def about_them() -> Sequence[Select[Any]]:
    """Complaints beside the recordings of whom they are about, as far as they can be of the hour: what these
    wore, what was worn under their command, what was placed in the unit or below. Each its own question, for
    which there is an index."""
    top, home = unit.alias("top"), unit.alias("home")
    there = recording.join(standing, standing.c.recording_id == recording.c.id)
    by_person = (
        there.join(complaint_person, complaint_person.c.person_id == theirs).join(
            complaint, complaint.c.id == complaint_person.c.complaint_id
        )
        for theirs in (standing.c.person_id, standing.c.commander_id)
    )
    by_unit = (
        there.join(home, home.c.id == standing.c.unit_id)
        .join(top, home.c.path.startswith(top.c.path))
        .join(complaint, complaint.c.unit_id == top.c.id)
    )
    could_show = recording.c.gone_at.is_(None), recording.c.sealed_at > complaint.c.since
    asked = recording.c.id, complaint.c.id.label("complaint_id")
    return [select(*asked).select_from(one).where(*could_show) for one in (*by_person, by_unit)]


def _concerned(query: Select[Any]) -> Select[Any]:
    """Of a complaint that is over, only what is known to be of its hour: else all that comes later would be
    held for it."""
    is_held = exists().where(
        complaint_hold.c.complaint_id == complaint.c.id, complaint_hold.c.recording_id == recording.c.id
    )
    is_of_its_hour = recording.c.ended_at > complaint.c.since
    query = query.add_columns(recording.c.ended_at, recording.c.sealed_at)
    return query.where(or_(is_of_its_hour, is_doubtful()), ~is_held)


def _some(ids: Collection[str] | None) -> Iterator[list[str] | None]:
    if ids is None:
        yield None
        return
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), NAMES_AT_ONCE):
        yield wanted[first : first + NAMES_AT_ONCE]


def _complaint(row: Any, subjects: tuple[Subject, ...], handler: str | None) -> Complaint:
    return Complaint(
        id=row.id,
        number=row.number,
        received_on=date.fromisoformat(row.received_on),
        channel=Channel(row.channel),
        told=Told(row.complainant, row.matter, row.place),
        subjects=subjects,
        span=Span(from_text(row.since), from_text(row.until)),
        taken_by=row.taken_by,
        taken_at=from_text(row.taken_at),
        handler=handler,
        result=None if row.result is None else Result(row.result),
        reason=row.reason,
        closed_by=row.closed_by,
        closed_on=None if row.closed_on is None else date.fromisoformat(row.closed_on),
        closed_at=time_or_none(row.closed_at),
        unit_id=row.unit_id,
    )
