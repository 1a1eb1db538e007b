"""Holds in SQL. None is ever removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.people_tables import hold
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.domain.holds import Hold
from evidence.domain.instants import from_text, to_text


class SqlHolds:
    """See service.people_ports.Holds."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Hold) -> None:
        """Add a hold."""
        self._db.execute(insert(hold).values(**_columns(new)))

    def put(self, changed: Hold) -> None:
        """Put a hold's row in the place of the one before."""
        self._db.execute(update(hold).where(hold.c.id == changed.id).values(**_columns(changed)))

    def get(self, hold_id: str) -> Hold | None:
        """Return one hold."""
        row = self._db.execute(select(hold).where(hold.c.id == hold_id)).first()
        return None if row is None else _hold(row)

    def of(self, recording_id: str) -> Sequence[Hold]:
        """Return the holds of a recording, oldest first."""
        query = select(hold).where(hold.c.recording_id == recording_id)
        return [_hold(row) for row in self._db.execute(query.order_by(hold.c.placed_at, hold.c.id))]

    def all(self) -> Iterator[Hold]:
        """Yield all holds, lifted ones too."""
        for row in self._db.execute(select(hold).execution_options(yield_per=1000)):
            yield _hold(row)

    def owed(self) -> Sequence[Hold]:
        """Return the holds of which the vault has not been told as they are now, oldest first."""
        query = select(hold).where(hold.c.settled.is_(False)).order_by(hold.c.placed_at, hold.c.id)
        return [_hold(row) for row in self._db.execute(query)]


def _columns(one: Hold) -> dict[str, Any]:
    times = {
        "placed_at": to_text(one.placed_at),
        "asked_at": text_or_none(one.asked_at),
        "released_at": text_or_none(one.released_at),
    }
    return {**asdict(one), **times}


def _hold(row: Any) -> Hold:
    return Hold(
        id=row.id,
        recording_id=row.recording_id,
        ground=row.ground,
        reason=row.reason,
        placed_by=row.placed_by,
        placed_at=from_text(row.placed_at),
        asked_by=row.asked_by,
        asked_at=time_or_none(row.asked_at),
        ask_reason=row.ask_reason,
        released_by=row.released_by,
        released_at=time_or_none(row.released_at),
        settled=bool(row.settled),
    )
