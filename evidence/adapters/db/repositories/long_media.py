"""Media for long keeping in SQL. None is ever removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from evidence.adapters.db.export_tables import long_medium, long_recording
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.domain.exports import Medium
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.long_media import LongMedium
from evidence.errors import Conflict


class SqlLongMedia:
    """See service.media_ports.LongMedia."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: LongMedium) -> None:
        """Add one. Raises: Conflict("label-taken")."""
        same = select(long_medium.c.id).where(long_medium.c.label == new.label)
        if self._db.execute(same).first() is not None:
            raise Conflict("label-taken", label=new.label)
        self._db.execute(insert(long_medium).values(**_columns(new)))
        rows = [{"id": new_id(), "medium_id": new.id, "recording_id": one} for one in new.recordings]
        self._db.execute(insert(long_recording), rows)

    def put(self, changed: LongMedium) -> None:
        """Put a medium's row in the place of the one before."""
        mine = update(long_medium).where(long_medium.c.id == changed.id)
        self._db.execute(mine.values(**_columns(changed)))

    def get(self, medium_id: str) -> LongMedium | None:
        """Return one."""
        return next(iter(self._some(long_medium.c.id == medium_id)), None)

    def all(self) -> Sequence[LongMedium]:
        """Return all, the one to be looked at first before the others."""
        return self._some()

    def _some(self, *which: ColumnElement[bool]) -> Sequence[LongMedium]:
        linked = select(long_recording).join(long_medium, long_medium.c.id == long_recording.c.medium_id)
        held: dict[str, list[str]] = {}
        for row in self._db.execute(linked.where(*which).order_by(long_recording.c.recording_id)):
            held.setdefault(row.medium_id, []).append(row.recording_id)
        ordered = select(long_medium).where(*which).order_by(long_medium.c.next_check, long_medium.c.label)
        return [_medium(row, held.get(row.id, [])) for row in self._db.execute(ordered).all()]


def _columns(one: LongMedium) -> dict[str, Any]:
    columns = asdict(one)
    del columns["recordings"]
    times = {name: text_or_none(columns[name]) for name in ("written_at", "checked_at", "ended_at")}
    day = None if one.next_check is None else one.next_check.isoformat()
    return {
        **columns,
        **times,
        "kind": one.kind.value,
        "made_at": to_text(one.made_at),
        "next_check": day,
    }


def _medium(row: Any, recordings: Sequence[str]) -> LongMedium:
    return LongMedium(
        id=row.id,
        label=row.label,
        kind=Medium(row.kind),
        copies=row.copies,
        place=row.place,
        recordings=tuple(recordings),
        made_by=row.made_by,
        made_at=from_text(row.made_at),
        sha256=row.sha256,
        written_at=time_or_none(row.written_at),
        checked_at=time_or_none(row.checked_at),
        is_sound=None if row.is_sound is None else bool(row.is_sound),
        next_check=None if row.next_check is None else date.fromisoformat(row.next_check),
        ended_by=row.ended_by,
        ended_at=time_or_none(row.ended_at),
        written_by=row.written_by,
        is_read=bool(row.is_read),
    )
