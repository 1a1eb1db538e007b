"""Emergencies in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.people_tables import emergency
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.domain.emergencies import Emergency
from evidence.domain.instants import from_text, to_text


class SqlEmergencies:
    """See service.watch_ports.Emergencies."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Emergency) -> None:
        """Add a wish."""
        self._db.execute(
            insert(emergency).values(
                id=new.id,
                person_id=new.person_id,
                recording_id=new.recording_id,
                reason=new.reason,
                asked_at=to_text(new.asked_at),
            )
        )

    def get(self, emergency_id: str) -> Emergency | None:
        """Return one."""
        row = self._db.execute(select(emergency).where(emergency.c.id == emergency_id)).first()
        return None if row is None else _emergency(row)

    def all(self, person_id: str | None = None) -> Sequence[Emergency]:
        """Return those of one person or all, newest first."""
        query = select(emergency).order_by(emergency.c.asked_at.desc(), emergency.c.id)
        if person_id is not None:
            query = query.where(emergency.c.person_id == person_id)
        return [_emergency(row) for row in self._db.execute(query)]

    def decide(self, decided: Emergency) -> bool:
        """Note a decision; False where there is one already."""
        open_ = (emergency.c.id == decided.id) & emergency.c.decided_at.is_(None)
        done = self._db.execute(
            update(emergency)
            .where(open_)
            .values(
                decided_by=decided.decided_by,
                decided_at=text_or_none(decided.decided_at),
                is_granted=decided.is_granted,
                until=text_or_none(decided.until),
            )
        )
        return done.rowcount == 1

    def end(self, emergency_id: str, by: str, at: datetime) -> bool:
        """Note the end; False where it has ended already."""
        mine = (emergency.c.id == emergency_id) & emergency.c.ended_at.is_(None)
        done = self._db.execute(update(emergency).where(mine).values(ended_at=to_text(at), ended_by=by))
        return done.rowcount == 1


def _emergency(row: Any) -> Emergency:
    return Emergency(
        id=row.id,
        person_id=row.person_id,
        recording_id=row.recording_id,
        reason=row.reason,
        asked_at=from_text(row.asked_at),
        decided_by=row.decided_by,
        decided_at=time_or_none(row.decided_at),
        is_granted=None if row.is_granted is None else bool(row.is_granted),
        until=time_or_none(row.until),
        ended_at=time_or_none(row.ended_at),
    )
