"""Cosignatures of our checkpoints in SQL, as witnesses gave them: append only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from evidence.adapters.db.log_tables import log_cosignature
from evidence.domain.instants import to_text

_MOST_SIZES = 200


class SqlCosignatures:
    """See service.log_ports.Cosignatures."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def of(self, log: str, size: int) -> Sequence[str]:
        """Return the lines under the checkpoint of a size, each with its newline, oldest first."""
        table = log_cosignature.c
        query = select(table.line).where(table.log == log, table.size == size)
        return [str(line) for line in self._db.execute(query.order_by(table.at, table.name)).scalars()]

    def sizes(self, log: str, above: int) -> Sequence[int]:
        """Return the sizes above one that anybody cosigned, the greatest first; 200 at most."""
        table = log_cosignature.c
        query = select(table.size).where(table.log == log, table.size > above).distinct()
        found = self._db.execute(query.order_by(table.size.desc()).limit(_MOST_SIZES))
        return [int(size) for size in found.scalars()]

    def last(self, log: str, name: str, key_id: str) -> int:
        """Return the greatest size that a witness cosigned, 0 where there is none."""
        table = log_cosignature.c
        here = (table.log == log) & (table.name == name) & (table.key_id == key_id)
        return int(self._db.execute(select(func.max(table.size)).where(here)).scalar_one() or 0)

    def add(self, log: str, size: int, name: str, key_id: str, line: str, at: datetime) -> None:
        """Add a cosignature; the first one of a key under a checkpoint stays."""
        table = log_cosignature.c
        here = (table.log == log) & (table.size == size) & (table.name == name) & (table.key_id == key_id)
        if self._db.execute(select(table.size).where(here)).first() is None:
            row = {"log": log, "size": size, "name": name, "key_id": key_id, "line": line}
            self._db.execute(insert(log_cosignature).values(**row, at=to_text(at)))
