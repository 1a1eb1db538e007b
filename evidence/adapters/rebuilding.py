"""The scratch of a rebuild, a file of its own: rows as they stand last, what the log says of each seal.

All lines lie here in their order, so the whole journal may be longer than memory; once the file is settled,
only the last one about each row does. A row lies here by the columns of its table, so that SQLite takes a
whole table over by itself; one that is not plain (shapes.py) as it was said. Nothing here is durable: a
rebuild that breaks off begins anew.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.adapters.db.repositories.journal import TABLES
from evidence.adapters.db.shapes import Shape

_FAST = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
_TABLES = """
CREATE TABLE seal (id TEXT PRIMARY KEY, manifest_sha256 TEXT, sha256 TEXT, size INTEGER, by TEXT, idx INTEGER)
WITHOUT ROWID;
"""
_NAMING = frozenset({"card", "upload"})  # tables whose rows name an account
_AT_ONCE = 400
_PLAIN, _ODD, _GONE = 1, 2, 0  # how a row lies here


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
    """The file; made new, and removed when closed. Once it is settled, nothing more is put into it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._remove()
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(f"{_FAST} {_TABLES} BEGIN")
        self._shapes = {table.name: Shape(table) for table in TABLES}
        self._tables: dict[str, int] = {}  # a name from a piece becomes no SQL
        self._named: set[str] = set()
        self._forgotten: set[tuple[str, str]] = set()

    def put(self, lines: Iterable[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Note rows: table, key, and the row; None for one that is gone."""
        found: dict[str, list[tuple[str, dict[str, Any] | None]]] = {}
        for table, key, row in lines:
            found.setdefault(table, []).append((key, row))
            if row is not None and table in _NAMING:
                self._named.add(str(row.get("account_id")))
        for table, rows in found.items():
            names = self._names(table)
            if table not in self._tables:
                number = self._tables[table] = len(self._tables)
                columns = "".join(f", c{place}" for place in range(len(names)))
                self._db.execute(f"CREATE TABLE latest_{number} (row_key TEXT, how, odd{columns})")
            places = ", ?" * len(names)
            into = f"INSERT INTO latest_{self._tables[table]} VALUES (?, ?, ?{places})"  # noqa: S608
            self._db.executemany(into, self._lying(table, rows))

    def put_seals(self, seals: Iterable[Sealing]) -> None:
        """Note what the log says of seals; the first entry about a recording counts."""
        rows = [(one.id, one.manifest_sha256, one.sha256, one.size_bytes, one.by, one.index) for one in seals]
        self._db.executemany("INSERT OR IGNORE INTO seal VALUES (?, ?, ?, ?, ?, ?)", rows)

    def settle(self) -> None:
        """Keep of each row the line that came last, and let the file be read by others."""
        for number in self._tables.values():  # sorted once, and not line by line
            self._db.execute(f"CREATE INDEX by_key_{number} ON latest_{number} (row_key)")
            by_key = f"FROM latest_{number} GROUP BY row_key"
            if self._db.execute(f"SELECT 1 {by_key} HAVING count(*) > 1 LIMIT 1").fetchone() is not None:
                last = f"SELECT max(rowid) {by_key}"
                self._db.execute(f"DELETE FROM latest_{number} WHERE rowid NOT IN ({last})")  # noqa: S608
        self._db.execute("COMMIT")

    def plain(self, table: str, schema: str) -> str:
        """Return a query for the plain rows of a table of ours, in the order in which they came last, of a
        connection that has the file under this name.
        """
        columns = ", ".join(f"c{place}" for place in range(len(self._names(table))))
        latest = f"{schema}.latest_{self._tables[table]}"
        return f"SELECT {columns} FROM {latest} WHERE how = {_PLAIN} ORDER BY rowid"  # noqa: S608

    def rows(self, table: str, *, odd_only: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table in the order in which they came last."""
        if table in self._tables:
            how = f"how = {_ODD}" if odd_only else f"how != {_GONE}"
            query = f"SELECT * FROM latest_{self._tables[table]} WHERE {how} ORDER BY rowid"  # noqa: S608
            for _, *lying in self._batched(query, ()):
                yield self._row(table, lying)

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        """Return one row as it stands last."""
        if table not in self._tables or (table, key) in self._forgotten:
            return None
        latest = f"latest_{self._tables[table]} WHERE row_key = ? ORDER BY rowid DESC LIMIT 1"
        found = self._db.execute(f"SELECT * FROM {latest}", (key,)).fetchone()  # noqa: S608
        return None if found is None or found[1] == _GONE else self._row(table, found[1:])

    def forget(self, table: str, key: str) -> None:
        """Forget a row that does not fit."""
        self._forgotten.add((table, key))

    def lost_accounts(self) -> list[str]:
        """Return the accounts that cards and uploads name and no row says anything of."""
        return sorted(one for one in self._named if self.row("account", one) is None)

    def tables(self) -> list[str]:
        """Return the tables of which rows were noted."""
        return list(self._tables)

    def recordings(self) -> Iterator[tuple[str, dict[str, Any] | None, Sealing | None]]:
        """Yield id, row and seal of every recording that rows or log know, in the order of ids."""
        number = self._tables.get("recording")
        latest = f"(SELECT NULL AS row_key, {_GONE} AS how)" if number is None else f"latest_{number}"
        query = f"""
        SELECT one.id, seal.id, manifest_sha256, seal.sha256, seal.size, by, idx, latest.* FROM
        (SELECT row_key AS id FROM {latest} WHERE how != {_GONE} UNION SELECT id FROM seal) AS one
        LEFT JOIN {latest} AS latest ON latest.row_key = one.id AND latest.how != {_GONE}
        LEFT JOIN seal ON seal.id = one.id ORDER BY one.id
        """  # noqa: S608
        for id_, sealed, manifest, sha256, size, by, index, key, *lying in self._batched(query, ()):
            is_known = key is not None and ("recording", key) not in self._forgotten
            row = self._row("recording", lying) if is_known else None
            seal = None if sealed is None else Sealing(str(id_), manifest, sha256, size, by, index)
            yield str(id_), row, seal

    def close(self) -> None:
        """Close and remove the file."""
        self._db.close()
        self._remove()

    def _names(self, table: str) -> Sequence[str]:
        shape = self._shapes.get(table)
        return () if shape is None else shape.names

    def _lying(
        self, table: str, rows: Sequence[tuple[str, dict[str, Any] | None]]
    ) -> Iterator[tuple[Any, ...]]:
        """Yield rows as they lie here."""
        shape, none = self._shapes.get(table), (None,) * len(self._names(table))
        there = [row for _, row in rows if row is not None]
        plain = iter([None] * len(there) if shape is None else shape.values(there))
        for key, row in rows:
            if row is None:
                yield key, _GONE, None, *none
            elif (values := next(plain)) is None:
                yield key, _ODD, marshal.dumps(row), *none
            else:
                yield key, _PLAIN, None, *values

    def _row(self, table: str, lying: Sequence[Any]) -> dict[str, Any]:
        how, odd, *values = lying
        if how == _PLAIN:
            return dict(zip(self._names(table), values, strict=True))
        row: dict[str, Any] = marshal.loads(odd)  # noqa: S302 (we wrote it)
        return row

    def _batched(self, query: str, values: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        cursor = self._db.execute(query, values)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows

    def _remove(self) -> None:
        self.file.unlink(missing_ok=True)
