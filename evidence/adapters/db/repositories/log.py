"""The log in SQL, first form: one append-only table, written in the transaction of the act."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from evidence.adapters.db.tables import audit_entry
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical

_MOST_BYTES = 65_535  # an entry bundle of tlog-tiles gives an entry's length 16 bits
_ACCESS = {Act.READ_ORIGINAL, Act.READ_LIST, Act.READ_MANIFEST, Act.DENIED}


class SqlLog:
    """See service.ports.AuditLog."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def append(self, entry: Entry, at: datetime) -> int:
        """Write an entry in the transaction of the act; return its number."""
        body = canonical(
            {
                "act": entry.act.value,
                "by": entry.caller,
                "facts": dict(entry.facts),
                "id": new_id(),
                "obj": [{"id": id_, "k": kind} for kind, id_ in entry.objects],
                "res": entry.result,
                "salt": base64.b64encode(secrets.token_bytes(16)).decode(),
                "t": to_text(at),
                "v": 1,
            }
        )
        if len(body) > _MOST_BYTES:
            raise IntegrityFault("log-entry-too-long", bytes=len(body), act=entry.act.value)
        written = self._db.execute(
            insert(audit_entry).values(
                **self._number(),
                log="access" if entry.act in _ACCESS else "custody",
                at=to_text(at),
                act=entry.act.value,
                body=body,
            )
        )
        number = written.inserted_primary_key
        if number is None:
            raise IntegrityFault("log-entry-without-number", act=entry.act.value)
        return int(number[0])

    def _number(self) -> dict[str, Any]:
        """Return the number of the next entry where the engine would leave holes: numbers without a hole are
        a promise, and who may write is alone. SQLite numbers by itself, gives a number back on a rollback,
        and never uses one twice.
        """
        if self._db.dialect.name == "sqlite":
            return {}
        last = select(func.coalesce(func.max(audit_entry.c.id), 0)).scalar_subquery()
        return {"id": last + 1}

    def entries(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield entries in order."""
        query = select(audit_entry.c.id, audit_entry.c.body).where(audit_entry.c.id > after)
        for row in self._db.execute(query.order_by(audit_entry.c.id)):
            yield int(row.id), bytes(row.body)
