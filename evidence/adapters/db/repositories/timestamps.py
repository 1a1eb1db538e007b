"""Time stamps of our checkpoints in SQL, as the authority gave them: append only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from evidence.adapters.db.log_tables import log_timestamp
from evidence.adapters.db.repositories.rows import stored_bytes
from evidence.domain.instants import from_text, to_text


class SqlTimestamps:
    """See service.log_ports.Timestamps."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def last(self, log: str) -> tuple[int, datetime] | None:
        """Return the greatest size of a log that was stamped, and when."""
        table = log_timestamp.c
        query = select(table.size, table.at).where(table.log == log).order_by(table.size.desc()).limit(1)
        row = self._db.execute(query).first()
        return None if row is None else (int(row.size), from_text(row.at))

    def token(self, log: str, size: int) -> bytes:
        """Return the answer about the checkpoint of a size, nothing where there is none."""
        here = (log_timestamp.c.log == log) & (log_timestamp.c.size == size)
        row = self._db.execute(select(log_timestamp.c.token).where(here)).first()
        return b"" if row is None else stored_bytes(row.token)

    def add(self, log: str, size: int, token: bytes, at: datetime) -> bool:
        """Keep an answer; False where there is one already."""
        if self.token(log, size):
            return False
        row = {"log": log, "size": size, "token": token, "at": to_text(at)}
        self._db.execute(insert(log_timestamp).values(**row))
        return True
