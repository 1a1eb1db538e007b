"""Labels that were given after docking, in SQL. What came with the recording stands in its own row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.label_tables import label
from evidence.adapters.db.numbers import case_numbered
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, text_or_none, time_or_none
from evidence.adapters.db.repositories.search_rows import touched
from evidence.domain.case_numbers import normal_form
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import PERSONAL, Given


class SqlLabels:
    """See service.label_ports.Labels."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Sequence[tuple[str, Given]]) -> None:
        """Add what was said, each with the id of its recording."""
        if new:
            touched(self._db, (recording_id for recording_id, _ in new))
            self._db.execute(insert(label), [_row(recording_id, one) for recording_id, one in new])

    def end(self, given_ids: Sequence[str], by: str, at: datetime) -> None:
        """Note that something is no longer so."""
        for first in range(0, len(given_ids), NAMES_AT_ONCE):
            mine = label.c.id.in_(given_ids[first : first + NAMES_AT_ONCE])
            whose = select(label.c.recording_id).where(mine).distinct()
            touched(self._db, self._db.execute(whose).scalars())
            over = {"ended_by": by, "ended_at": to_text(at)}
            self._db.execute(update(label).where(mine, label.c.ended_at.is_(None)).values(**over))

    def is_case(self, number: str) -> bool:
        """Return whether a case of that number is registered, however it is written, open or closed."""
        same = select(case_numbered.c.case_id).where(case_numbered.c.normal == normal_form(number))
        return self._db.execute(same).first() is not None


def given_of(
    db: Connection, recording_ids: Collection[str], names: Collection[str] | None = None
) -> Mapping[str, tuple[Given, ...]]:
    """Return what was said of these recordings since their docking, in order; only those of which anything
    was. names: of the labels that are asked for; None: of all.
    """
    ids, found = list(recording_ids), dict[str, list[Given]]()
    for first in range(0, len(ids), NAMES_AT_ONCE):
        query = select(label).where(label.c.recording_id.in_(ids[first : first + NAMES_AT_ONCE]))
        for row in db.execute(query.order_by(label.c.recording_id, label.c.serial)):
            if names is None or row.name in names:  # asked of SQL, it would go through all of these names
                found.setdefault(row.recording_id, []).append(given(row))
    return {recording_id: tuple(said) for recording_id, said in found.items()}


def given(row: Any) -> Given:
    """Read a row."""
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


def _row(recording_id: str, one: Given) -> dict[str, Any]:
    is_personal = one.name in PERSONAL
    return {
        "id": one.id,
        "recording_id": recording_id,
        "serial": one.serial,
        "name": one.name,
        "value": None if is_personal else one.value,
        "personal": one.value if is_personal else None,
        "due": None if one.due is None else one.due.isoformat(),
        "given_by": one.given_by,
        "given_at": to_text(one.given_at),
        "ended_by": one.ended_by,
        "ended_at": text_or_none(one.ended_at),
    }
