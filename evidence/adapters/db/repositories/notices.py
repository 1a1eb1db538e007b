"""Notices in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from evidence.adapters.db.people_tables import notice
from evidence.domain.instants import from_text, to_text
from evidence.domain.notices import Notice, NoticeKind


class SqlNotices:
    """See service.watch_ports.Notices."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Notice) -> None:
        """Add a notice."""
        self._db.execute(
            insert(notice).values(
                id=new.id,
                at=to_text(new.at),
                kind=new.kind.value,
                unit_id=new.unit_id,
                recording_id=new.recording_id,
                person_id=new.person_id,
                about_id=new.about_id,
            )
        )

    def all(self, since: datetime, most: int | None = None) -> Sequence[Notice]:
        """Return the notices since a moment, newest first, `most` of them at most."""
        query = select(notice).where(notice.c.at >= to_text(since)).limit(most)
        return [
            Notice(
                id=row.id,
                at=from_text(row.at),
                kind=NoticeKind(row.kind),
                recording_id=row.recording_id,
                unit_id=row.unit_id,
                person_id=row.person_id,
                about_id=row.about_id,
            )
            for row in self._db.execute(query.order_by(notice.c.at.desc(), notice.c.id))
        ]
