"""What the commitments of entries stand for, in SQL: values with their salts, until they are erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from evidence.adapters.db.log_tables import audit_payload
from evidence.adapters.db.repositories.rows import stored_bytes
from evidence.domain.instants import to_text
from evidence.service.log.log_ports import Kept


class SqlPayload:
    """See service.log_ports.Payload."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def of(self, log: str, index: int) -> Mapping[str, Kept]:
        """Return what is kept for an entry, by field."""
        here = (audit_payload.c.log == log) & (audit_payload.c.idx == index)
        query = select(audit_payload).where(here).order_by(audit_payload.c.field)
        return {str(row.field): _kept(row) for row in self._db.execute(query)}

    def count(self, log: str) -> int:
        """Return for how many fields of a log's entries there is a row, erased ones among them."""
        query = select(func.count()).select_from(audit_payload).where(audit_payload.c.log == log)
        return int(self._db.execute(query).scalar_one())

    def erase(self, log: str, index: int, field: str, at: datetime) -> bool:
        """Erase a value and its salt; False when there is none."""
        here = (audit_payload.c.log == log) & (audit_payload.c.idx == index)
        mine = here & (audit_payload.c.field == field) & audit_payload.c.value.is_not(None)
        emptied = {"salt": None, "value": None, "erased_at": to_text(at)}
        return self._db.execute(update(audit_payload).where(mine).values(**emptied)).rowcount == 1


def _kept(row: Any) -> Kept:
    if row.value is None or row.salt is None:
        return Kept(None, None)
    return Kept(stored_bytes(row.salt), str(row.value))
