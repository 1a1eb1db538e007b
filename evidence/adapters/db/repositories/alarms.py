"""Alarms in SQL: what did not agree, until somebody has seen to it. None is ever removed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.log_tables import alarm
from evidence.domain.alarms import Alarm
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text

_UNKNOWN = datetime.max.replace(tzinfo=UTC)  # the latest moment there is: nothing is known of when


class SqlAlarms:
    """See service.ports.Alarms."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, one: Alarm) -> bool:
        """Raise an alarm unless the same one stands; tell whether it is new."""
        same = (alarm.c.kind == one.kind) & (alarm.c.item == one.item) & alarm.c.cleared_at.is_(None)
        if self._db.execute(select(alarm.c.id).where(same).limit(1)).first() is not None:
            return False
        detail = json.dumps(dict(one.detail), ensure_ascii=False, sort_keys=True, default=str)
        row = {"id": new_id(), "at": to_text(one.latest), "kind": one.kind, "item": one.item}
        row |= {"earliest": to_text(one.earliest)} if one.earliest else {}
        self._db.execute(insert(alarm).values({**row, "detail": detail}))
        return True

    def standing(self) -> Sequence[Alarm]:
        """Return the alarms that nobody has cleared, oldest first."""
        query = select(alarm).where(alarm.c.cleared_at.is_(None)).order_by(alarm.c.at, alarm.c.id)
        return [_alarm(row) for row in self._db.execute(query)]

    def clear(self, at: datetime) -> int:
        """Clear all that stand; return how many."""
        done = update(alarm).where(alarm.c.cleared_at.is_(None)).values(cleared_at=to_text(at))
        return self._db.execute(done).rowcount


def _alarm(row: Any) -> Alarm:
    """Read an alarm. What is no alarm of ours in the table is one all the same: somebody has put it there."""
    try:
        earliest = from_text(row.earliest) if row.earliest else None
        return Alarm(str(row.kind), str(row.item), from_text(row.at), earliest, dict(json.loads(row.detail)))
    except (ValueError, TypeError):
        return Alarm(str(row.kind), str(row.item), _UNKNOWN, None, {"unreadable": str(row.detail)})
