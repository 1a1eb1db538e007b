"""Disposals in SQL, and the recordings that nothing seems to keep. No row is ever removed.

`due` says of each rule (domain/retention.py) what it means in rows; the caller asks the rules themselves
about what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from evidence.adapters.db.export_tables import export_item
from evidence.adapters.db.fault_tables import fault_file, fault_link
from evidence.adapters.db.keeping_tables import case_term, disposal, lock_term
from evidence.adapters.db.label_tables import label
from evidence.adapters.db.people_tables import (
    case_file,
    case_recording,
    hold,
    serious_event,
    serious_recording,
    standing,
)
from evidence.adapters.db.repositories.exports import is_to_leave
from evidence.adapters.db.repositories.fault_files import is_waiting
from evidence.adapters.db.repositories.rows import stored_bytes, text_or_none, time_or_none
from evidence.adapters.db.repositories.search_rows import touched
from evidence.adapters.db.repositories.standings import within
from evidence.adapters.db.tables import recording
from evidence.domain.access import Reach
from evidence.domain.disposals import Disposal
from evidence.domain.fault_files import LinkKind
from evidence.domain.instants import from_text, to_text
from evidence.policy.keeping import PERMANENT
from evidence.policy.rules import Label

_ALWAYS_KNOWN = {Label.OFFICER.value, Label.TIME.value}  # domain/labels.py


class SqlDisposals:
    """See service.keeping_ports.Disposals."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def due(self, reach: Reach, at: datetime, required: Sequence[str], years: int) -> Iterator[str]:
        """Yield recordings within reach that nothing seems to keep, the longest over first."""
        there = recording.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        query = select(recording.c.id).select_from(there).where(
            recording.c.retain_until <= to_text(at),
            recording.c.gone_at.is_(None),
            recording.c.sealed_at <= to_text(_sealed_before(at, years)),
            within(reach, at),
            func.coalesce(standing.c.under_transfer, False).is_(False),
            # What is asked of the row itself comes first: most of what is old and still here lacks labels.
            *(_carries(name) for name in required if name not in _ALWAYS_KNOWN),
            ~_is_held(),
            ~_in_case_that_keeps(),
            ~_in_serious_event(),
            ~_in_open_fault_file(),
            ~_is_asked_to_leave(),
            ~_is_owed(at),
            ~_is_asked_for(),
        )  # fmt: skip
        ordered = query.order_by(recording.c.retain_until, recording.c.id)
        yield from self._db.execute(ordered.execution_options(yield_per=500)).scalars()

    def add(self, new: Disposal) -> None:
        """Add one."""
        self._db.execute(insert(disposal).values(**_columns(new)))

    def put(self, changed: Disposal) -> None:
        """Put a disposal's row in the place of the one before."""
        self._db.execute(update(disposal).where(disposal.c.id == changed.id).values(**_columns(changed)))

    def get(self, disposal_id: str) -> Disposal | None:
        """Return one."""
        row = self._db.execute(select(disposal).where(disposal.c.id == disposal_id)).first()
        return None if row is None else _disposal(row)

    def of(self, recording_id: str) -> Sequence[Disposal]:
        """Return those of a recording, oldest first."""
        return self._some(disposal.c.recording_id == recording_id)

    def within(self, reach: Reach, at: datetime, *, ended: bool) -> Sequence[Disposal]:
        """Return those of recordings within reach, open ones or ended ones, oldest first."""
        there = recording.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        same = recording.c.id == disposal.c.recording_id
        mine = select(recording.c.id).select_from(there).where(same, within(reach, at)).correlate(disposal)
        is_over = disposal.c.ended_at.is_not(None) if ended else disposal.c.ended_at.is_(None)
        return self._some(is_over, mine.exists())

    def approved(self, limit: int) -> Sequence[Disposal]:
        """Return approved ones that have not ended: those that have begun, then others in any order, so that
        what waits for long keeps nothing else waiting."""
        query = select(disposal).where(disposal.c.ended_at.is_(None), disposal.c.is_approved.is_(True))
        ordered = query.order_by(disposal.c.begun_at.is_(None), func.random()).limit(limit)
        return [_disposal(row) for row in self._db.execute(ordered)]

    def mark_gone(self, recording_id: str, at: datetime) -> None:
        """Note that a recording's bytes go."""
        touched(self._db, [recording_id])
        mine = update(recording).where(recording.c.id == recording_id)
        self._db.execute(mine.values(gone_at=to_text(at)))

    def _some(self, *conditions: ColumnElement[bool]) -> Sequence[Disposal]:
        query = select(disposal).where(*conditions).order_by(disposal.c.asked_at, disposal.c.id)
        return [_disposal(row) for row in self._db.execute(query)]


def _sealed_before(at: datetime, years: int) -> datetime:
    """Return a moment before which all was sealed that is older than these calendar years; a day more."""
    return at.replace(year=max(at.year - years, 1), day=min(at.day, 28)) + timedelta(days=4)


def _is_held() -> ColumnElement[bool]:
    mine = hold.c.recording_id == recording.c.id
    return exists().where(mine, hold.c.released_at.is_(None))


def _in_case_that_keeps() -> ColumnElement[bool]:
    """A case that is open, or has no class, or a permanent one; the term of another stands in the lock."""
    of_case = case_term.c.case_id == case_file.c.id
    keeps = or_(
        case_file.c.closed_at.is_(None),
        ~exists().where(of_case),
        exists().where(of_case, case_term.c.term == PERMANENT),
    )
    linked = and_(case_recording.c.recording_id == recording.c.id, case_recording.c.ended_at.is_(None))
    return exists().where(linked, case_file.c.id == case_recording.c.case_id, keeps)


def _in_serious_event() -> ColumnElement[bool]:
    shown = and_(
        serious_recording.c.recording_id == recording.c.id,
        serious_event.c.id == serious_recording.c.event_id,
    )
    return exists().where(shown, serious_event.c.ended_at.is_(None))


def _in_open_fault_file() -> ColumnElement[bool]:
    rests = and_(
        fault_link.c.object_id == recording.c.id,
        fault_link.c.kind == LinkKind.RECORDING.value,
        fault_file.c.id == fault_link.c.file_id,
    )
    return exists().where(rests, is_waiting())


def _is_asked_to_leave() -> ColumnElement[bool]:
    return exists().where(export_item.c.recording_id == recording.c.id, is_to_leave())


def _is_owed(at: datetime) -> ColumnElement[bool]:
    mine = lock_term.c.recording_id == recording.c.id
    return exists().where(mine, lock_term.c.settled.is_(False), lock_term.c.until > to_text(at))


def _is_asked_for() -> ColumnElement[bool]:
    return exists().where(disposal.c.recording_id == recording.c.id, disposal.c.ended_at.is_(None))


def _carries(name: str) -> ColumnElement[bool]:
    """Somebody said a label, and it stands; or it came with the recording, and nobody has said more."""
    mine = and_(label.c.recording_id == recording.c.id, label.c.name == name)
    said = or_(label.c.value.is_not(None), label.c.personal.is_not(None))
    docked = recording.c.labels.contains(f'"{name}": "', autoescape=True)
    empty = recording.c.labels.contains(f'"{name}": ""', autoescape=True)
    return or_(
        and_(docked, ~empty, ~exists().where(mine)),
        exists().where(mine, label.c.ended_at.is_(None), said),
    )


def _columns(one: Disposal) -> dict[str, Any]:
    times = {
        "asked_at": to_text(one.asked_at),
        "decided_at": text_or_none(one.decided_at),
        "begun_at": text_or_none(one.begun_at),
        "ended_at": text_or_none(one.ended_at),
    }
    return {**asdict(one), **times}


def _disposal(row: Any) -> Disposal:
    return Disposal(
        id=row.id,
        recording_id=row.recording_id,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=from_text(row.asked_at),
        is_approved=None if row.is_approved is None else bool(row.is_approved),
        decision=row.decision,
        decided_by=row.decided_by,
        decided_at=time_or_none(row.decided_at),
        begun_at=time_or_none(row.begun_at),
        ended_at=time_or_none(row.ended_at),
        kept_by=row.kept_by,
        certificate=None if row.certificate is None else stored_bytes(row.certificate),
    )
