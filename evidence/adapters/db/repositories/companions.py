"""Recordings of one unit at one time, in SQL: who else was there with a recorder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from evidence.adapters.db.people_tables import person, standing
from evidence.adapters.db.tables import recording
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import PersonType


class SqlCompanions:
    """See service.watch_ports.Companions."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def near(
        self, unit_id: str, type_: PersonType, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        """Return recordings worn by people of a type in a unit that end within [since, until], and when."""
        query = (
            select(recording.c.id, recording.c.ended_at)
            .join(standing, standing.c.recording_id == recording.c.id)
            .join(person, person.c.id == standing.c.person_id)
            .where(
                standing.c.unit_id == unit_id,
                person.c.type == type_.value,
                recording.c.ended_at >= to_text(since),
                recording.c.ended_at <= to_text(until),
            )
        )
        return {row.id: from_text(row.ended_at) for row in self._db.execute(query)}
