"""Serious events in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.people_tables import serious_event, serious_person, serious_recording
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.service.oversight.watch_ports import SeriousEvent


class SqlSeriousEvents:
    """See service.watch_ports.SeriousEvents."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: SeriousEvent) -> None:
        """Add an event with its recordings and people."""
        row = {"id": new.id, "reason": new.reason, "marked_by": new.marked_by}
        self._db.execute(insert(serious_event).values(**row, marked_at=to_text(new.marked_at)))
        for table, column, ids in (
            (serious_recording, "recording_id", new.recordings),
            (serious_person, "person_id", new.people),
        ):
            rows = [{"id": new_id(), "event_id": new.id, column: one} for one in ids]
            self._db.execute(insert(table), rows)

    def get(self, event_id: str) -> SeriousEvent | None:
        """Return one."""
        row = self._db.execute(select(serious_event).where(serious_event.c.id == event_id)).first()
        return None if row is None else self._event(row)

    def all(self) -> Sequence[SeriousEvent]:
        """Return all, newest first."""
        ordered = select(serious_event).order_by(serious_event.c.marked_at.desc(), serious_event.c.id)
        return [self._event(row) for row in self._db.execute(ordered).all()]

    def end(self, event_id: str, by: str, at: datetime) -> bool:
        """Note the end; False where it has ended already."""
        mine = (serious_event.c.id == event_id) & serious_event.c.ended_at.is_(None)
        done = self._db.execute(update(serious_event).where(mine).values(ended_at=to_text(at), ended_by=by))
        return done.rowcount == 1

    def _event(self, row: Any) -> SeriousEvent:
        shown = select(serious_recording.c.recording_id).where(serious_recording.c.event_id == row.id)
        people = select(serious_person.c.person_id).where(serious_person.c.event_id == row.id)
        return SeriousEvent(
            id=row.id,
            reason=row.reason,
            marked_by=row.marked_by,
            marked_at=from_text(row.marked_at),
            recordings=tuple(self._db.execute(shown.order_by(serious_recording.c.recording_id)).scalars()),
            people=tuple(self._db.execute(people.order_by(serious_person.c.person_id)).scalars()),
            ended_at=time_or_none(row.ended_at),
            ended_by=row.ended_by,
        )
