"""Labels that were given after docking, in SQL. What came with the recording stands in its own row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from evidence.adapters.db.label_tables import label
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, text_or_none, time_or_none
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import PERSONAL, Given


class SqlLabels:
    """See service.label_ports.Labels."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, recording_id: str, new: Given) -> None:
        """Add what was said at the end of a recording's history; its id and serial are given here."""
        last = select(func.coalesce(func.max(label.c.serial), 0)).where(label.c.recording_id == recording_id)
        self._db.execute(
            insert(label).values(
                id=new_id(),
                recording_id=recording_id,
                serial=self._db.execute(last).scalar_one() + 1,
                name=new.name,
                value=None if new.name in PERSONAL else new.value,
                personal=new.value if new.name in PERSONAL else None,
                due=None if new.due is None else new.due.isoformat(),
                given_by=new.given_by,
                given_at=to_text(new.given_at),
                ended_by=new.ended_by,
                ended_at=text_or_none(new.ended_at),
            )
        )

    def end(self, given_id: str, by: str, at: datetime) -> None:
        """Note that something is no longer so."""
        mine = (label.c.id == given_id) & label.c.ended_at.is_(None)
        self._db.execute(update(label).where(mine).values(ended_by=by, ended_at=to_text(at)))


def given_of(db: Connection, recording_ids: Collection[str]) -> Mapping[str, tuple[Given, ...]]:
    """Return what was said of these recordings since their docking, in order; only those of which anything
    was.
    """
    ids, found = list(recording_ids), dict[str, list[Given]]()
    for first in range(0, len(ids), NAMES_AT_ONCE):
        query = select(label).where(label.c.recording_id.in_(ids[first : first + NAMES_AT_ONCE]))
        for row in db.execute(query.order_by(label.c.recording_id, label.c.serial)):
            found.setdefault(row.recording_id, []).append(_given(row))
    return {recording_id: tuple(said) for recording_id, said in found.items()}


def _given(row: Any) -> Given:
    return Given(
        id=row.id,
        serial=row.serial,
        name=row.name,
        value=row.personal if row.name in PERSONAL else row.value,
        due=None if row.due is None else date.fromisoformat(row.due),
        given_by=row.given_by,
        given_at=from_text(row.given_at),
        ended_by=row.ended_by,
        ended_at=time_or_none(row.ended_at),
    )
