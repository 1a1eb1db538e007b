"""The scratch of a rebuild, a file of its own: rows as they stand last, what the log says of each seal.

A later line about a row takes the place of an earlier one, so the whole journal may be longer than memory.
Nothing here is durable: a rebuild that breaks off begins anew.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FAST = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
_TABLES = """
CREATE TABLE seal (id TEXT PRIMARY KEY, manifest_sha256 TEXT, sha256 TEXT, size INTEGER, by TEXT, idx INTEGER)
WITHOUT ROWID;
"""
_NAMING = frozenset({"card", "upload"})  # tables whose rows name an account
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the log says of the seal of a recording. index: of the entry, in custody."""

    id: str
    manifest_sha256: str
    sha256: str
    size_bytes: int
    by: str
    index: int


class Scratch:
    """The file; made new, and removed when closed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._remove()
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(f"{_FAST} {_TABLES} BEGIN")
        self._tables: dict[str, int] = {}  # a name from a piece becomes no SQL
        self._named: set[str] = set()

    def put(self, lines: Iterable[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Note rows: table, key, and the row; None for one that is gone."""
        found: dict[str, list[tuple[str, bytes | None]]] = {}
        for table, key, row in lines:
            body = None if row is None else marshal.dumps(row)
            found.setdefault(table, []).append((key, body))
            if row is not None and table in _NAMING:
                self._named.add(str(row.get("account_id")))
        for table, rows in found.items():
            if table not in self._tables:
                number = self._tables[table] = len(self._tables)
                self._db.execute(f"CREATE TABLE latest_{number} (row_key TEXT UNIQUE, body BLOB)")
            into = f"INSERT OR REPLACE INTO latest_{self._tables[table]} VALUES (?, ?)"  # noqa: S608
            self._db.executemany(into, rows)

    def put_seals(self, seals: Iterable[Sealing]) -> None:
        """Note what the log says of seals; the first entry about a recording counts."""
        rows = [(one.id, one.manifest_sha256, one.sha256, one.size_bytes, one.by, one.index) for one in seals]
        self._db.executemany("INSERT OR IGNORE INTO seal VALUES (?, ?, ?, ?, ?, ?)", rows)

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table in the order in which they came last."""
        if table in self._tables:
            query = f"SELECT body FROM latest_{self._tables[table]} WHERE body IS NOT NULL ORDER BY rowid"  # noqa: S608
            for (body,) in self._batched(query, ()):
                yield _row(body)

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        """Return one row as it stands last."""
        if table not in self._tables:
            return None
        query = f"SELECT body FROM latest_{self._tables[table]} WHERE row_key = ? AND body IS NOT NULL"  # noqa: S608
        found = self._db.execute(query, (key,)).fetchone()
        return None if found is None else _row(found[0])

    def forget(self, table: str, key: str) -> None:
        """Forget a row that does not fit."""
        self._db.execute(f"DELETE FROM latest_{self._tables[table]} WHERE row_key = ?", (key,))  # noqa: S608

    def lost_accounts(self) -> list[str]:
        """Return the accounts that cards and uploads name and no row says anything of."""
        return sorted(one for one in self._named if self.row("account", one) is None)

    def tables(self) -> list[str]:
        """Return the tables of which rows were noted."""
        return list(self._tables)

    def recordings(self) -> Iterator[tuple[str, dict[str, Any] | None, Sealing | None]]:
        """Yield id, row and seal of every recording that rows or log know, in the order of ids."""
        number = self._tables.get("recording")
        latest = "(SELECT NULL AS row_key, NULL AS body)" if number is None else f"latest_{number}"
        query = f"""
        SELECT one.id, latest.body, seal.id, manifest_sha256, sha256, size, by, idx FROM
        (SELECT row_key AS id FROM {latest} WHERE body IS NOT NULL UNION SELECT id FROM seal) AS one
        LEFT JOIN {latest} AS latest ON latest.row_key = one.id
        LEFT JOIN seal ON seal.id = one.id ORDER BY one.id
        """  # noqa: S608
        for id_, body, sealed, *facts in self._batched(query, ()):
            row = None if body is None else _row(body)
            yield str(id_), row, None if sealed is None else Sealing(str(id_), *facts)

    def close(self) -> None:
        """Close and remove the file."""
        self._db.close()
        self._remove()

    def _batched(self, query: str, values: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        cursor = self._db.execute(query, values)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows

    def _remove(self) -> None:
        self._file.unlink(missing_ok=True)


def _row(body: bytes) -> dict[str, Any]:
    row: dict[str, Any] = marshal.loads(body)  # noqa: S302 (we wrote it)
    return row
