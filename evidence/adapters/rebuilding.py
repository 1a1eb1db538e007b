"""The scratch of a rebuild, a file of its own: rows as they stand last, what the log says of each seal.

A later line about a row takes the place of an earlier one, so the whole journal may be longer than memory.
Nothing here is durable: a rebuild that breaks off begins anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FAST = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
_TABLES = """
CREATE TABLE latest (kind TEXT, row_key TEXT, body BLOB, PRIMARY KEY (kind, row_key)) WITHOUT ROWID;
CREATE TABLE seal (id TEXT PRIMARY KEY, manifest_sha256 TEXT, sha256 TEXT, size INTEGER, by TEXT, idx INTEGER)
WITHOUT ROWID;
"""
_ORDER = {"unit": "json_extract(CAST(body AS TEXT), '$.row.path')"}  # a unit stands behind the one above it
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

    def put(self, lines: Iterable[tuple[str, str, bytes | None]]) -> None:
        """Note rows: table, key, and the line of the row; None for one that is gone."""
        self._db.executemany("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", lines)

    def put_seals(self, seals: Iterable[Sealing]) -> None:
        """Note what the log says of seals; the first entry about a recording counts."""
        rows = [(one.id, one.manifest_sha256, one.sha256, one.size_bytes, one.by, one.index) for one in seals]
        self._db.executemany("INSERT OR IGNORE INTO seal VALUES (?, ?, ?, ?, ?, ?)", rows)

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table in the order of their keys; units from the top downwards."""
        order = _ORDER.get(table, "row_key")
        query = f"SELECT body FROM latest WHERE kind = ? AND body IS NOT NULL ORDER BY {order}"  # noqa: S608
        for (body,) in self._batched(query, (table,)):
            yield json.loads(body.decode())["row"]

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        """Return one row as it stands last."""
        query = "SELECT body FROM latest WHERE kind = ? AND row_key = ? AND body IS NOT NULL"
        found = self._db.execute(query, (table, key)).fetchone()
        return None if found is None else json.loads(found[0].decode())["row"]

    def forget(self, table: str, key: str) -> None:
        """Forget a row that does not fit."""
        self._db.execute("DELETE FROM latest WHERE kind = ? AND row_key = ?", (table, key))

    def lost_accounts(self) -> list[str]:
        """Return the accounts that cards and uploads name and no row says anything of."""
        query = """
        SELECT DISTINCT json_extract(CAST(body AS TEXT), '$.row.account_id') AS id FROM latest
        WHERE kind IN ('card', 'upload') AND body IS NOT NULL
        EXCEPT SELECT row_key FROM latest WHERE kind = 'account' AND body IS NOT NULL
        """
        return [str(id_) for (id_,) in self._db.execute(query)]

    def tables(self) -> list[str]:
        """Return the tables of which rows were noted."""
        return [str(kind) for (kind,) in self._db.execute("SELECT DISTINCT kind FROM latest")]

    def recordings(self) -> Iterator[tuple[str, dict[str, Any] | None, Sealing | None]]:
        """Yield id, row and seal of every recording that rows or log know, in the order of ids."""
        query = """
        SELECT one.id, latest.body, seal.id, manifest_sha256, sha256, size, by, idx FROM
        (SELECT row_key AS id FROM latest WHERE kind = 'recording' AND body IS NOT NULL
         UNION SELECT id FROM seal) AS one
        LEFT JOIN latest ON latest.kind = 'recording' AND latest.row_key = one.id
        LEFT JOIN seal ON seal.id = one.id ORDER BY one.id
        """
        for id_, body, sealed, *facts in self._batched(query, ()):
            row = None if body is None else json.loads(body.decode())["row"]
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
