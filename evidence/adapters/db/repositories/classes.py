"""Readers of restricted recordings and changes of classes, in SQL. The class itself: standings.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from evidence.adapters.db.people_tables import class_change, reader, standing
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, text_or_none, time_or_none
from evidence.domain.instants import from_text, to_text
from evidence.domain.standing import Classification
from evidence.service.oversight.watch_ports import ClassChange, Reader


class SqlClasses:
    """See service.watch_ports.Classes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add_change(self, new: ClassChange) -> None:
        """Add a change or a wish."""
        self._db.execute(
            insert(class_change).values(
                id=new.id,
                recording_id=new.recording_id,
                classification=new.classification.value,
                reason=new.reason,
                asked_by=new.asked_by,
                asked_at=to_text(new.asked_at),
                decided_by=new.decided_by,
                decided_at=text_or_none(new.decided_at),
                is_granted=new.is_granted,
            )
        )

    def change(self, change_id: str) -> ClassChange | None:
        """Return one change."""
        row = self._db.execute(select(class_change).where(class_change.c.id == change_id)).first()
        return None if row is None else _change(row)

    def pending(self, recording_id: str | None = None) -> Sequence[ClassChange]:
        """Return the wishes that nobody has decided, of one recording or of all, oldest first."""
        query = select(class_change).where(class_change.c.decided_at.is_(None))
        if recording_id is not None:
            query = query.where(class_change.c.recording_id == recording_id)
        ordered = query.order_by(class_change.c.asked_at, class_change.c.id)
        return [_change(row) for row in self._db.execute(ordered)]

    def decide(self, change_id: str, by: str, at: datetime, *, is_granted: bool) -> bool:
        """Note a decision; False where there is one already."""
        mine = (class_change.c.id == change_id) & class_change.c.decided_at.is_(None)
        values = {"decided_by": by, "decided_at": to_text(at), "is_granted": is_granted}
        return self._db.execute(update(class_change).where(mine).values(**values)).rowcount == 1

    def restricted(self) -> Sequence[str]:
        """Return the recordings of a restricted class."""
        query = select(standing.c.recording_id).where(
            standing.c.classification != Classification.ORDINARY.value
        )
        return list(self._db.execute(query.order_by(standing.c.recording_id)).scalars())

    def add_reader(self, new: Reader) -> None:
        """Add a reader."""
        self._db.execute(
            insert(reader).values(
                id=new.id,
                recording_id=new.recording_id,
                person_id=new.person_id,
                named_by=new.named_by,
                since=to_text(new.since),
                until=text_or_none(new.until),
            )
        )

    def end_readers(self, recording_id: str, at: datetime, person_id: str | None = None) -> int:
        """End the listing of one reader or of all; return how many there were."""
        mine = (reader.c.recording_id == recording_id) & reader.c.ended_at.is_(None)
        if person_id is not None:
            mine &= reader.c.person_id == person_id
        mine &= or_(reader.c.until.is_(None), reader.c.until > to_text(at))
        return self._db.execute(update(reader).where(mine).values(ended_at=to_text(at))).rowcount

    def end_reader(self, reader_id: str, at: datetime) -> bool:
        """End one listing; False where it has ended already."""
        mine = (reader.c.id == reader_id) & reader.c.ended_at.is_(None)
        return self._db.execute(update(reader).where(mine).values(ended_at=to_text(at))).rowcount == 1

    def readers(self, recording_ids: Collection[str], at: datetime) -> Sequence[Reader]:
        """Return the readers of these recordings at a moment, first named first."""
        now, ids, found = to_text(at), list(recording_ids), list[Reader]()
        for first in range(0, len(ids), NAMES_AT_ONCE):
            query = select(reader).where(
                reader.c.recording_id.in_(ids[first : first + NAMES_AT_ONCE]),
                reader.c.since <= now,
                reader.c.ended_at.is_(None),
                or_(reader.c.until.is_(None), reader.c.until > now),
            )
            ordered = query.order_by(reader.c.since, reader.c.id)
            found += [_reader(row) for row in self._db.execute(ordered)]
        return found


def _change(row: Any) -> ClassChange:
    return ClassChange(
        id=row.id,
        recording_id=row.recording_id,
        classification=Classification(row.classification),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=from_text(row.asked_at),
        decided_by=row.decided_by,
        decided_at=time_or_none(row.decided_at),
        is_granted=None if row.is_granted is None else bool(row.is_granted),
    )


def _reader(row: Any) -> Reader:
    return Reader(
        id=row.id,
        recording_id=row.recording_id,
        person_id=row.person_id,
        named_by=row.named_by,
        since=from_text(row.since),
        until=time_or_none(row.until),
    )
