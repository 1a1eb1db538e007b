"""The journal of rows, in SQL: which rows changed, and the pieces on their way into the vault.

Triggers note the key of each row that changes (migration 0004). A piece's bytes are decided here, in one
transaction with the keys it takes, so that a crash comes back with the very same piece. Form:
docs/formats/log-rows.md. Who seals a piece and has the log vouch for it: service/log/journaling.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from evidence.adapters.db.log_tables import audit_entry
from evidence.adapters.db.repositories.pairs import among
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE, stored_bytes
from evidence.adapters.db.tables import JOURNALLED, metadata, row_pending, row_piece
from evidence.domain.audit import Act
from evidence.domain.told import says_enough
from evidence.errors import IntegrityFault
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import read_entry
from evidence.ledger.rows import MOST_BYTES, MOST_ROWS, Line, write_line

_HASH_CHARACTERS = 64
NOT_TOLD = {
    "account": {"token_sha256"},  # no piece opens a door
    "person": {"name"},  # a name must be erasable, and the vault forgets nothing
    "label": {"personal"},  # so must what was said of an inspected party
    "marker": {"words"},  # and what a machine understood of what people said
    "sample": {"secret"},  # a seed that is not shown yet
    "case_document": {"title"},  # which may name one too
    "case_archive": {"reason"},
    "case_step": {"place"},
    "document_reason": {"reason"},
    "derivative": {"words"},
    "complaint": {"complainant", "matter", "place", "reason"},  # who complained is told to few
    "export": {"recipient", "purpose", "basis", "applicant", "relation", "identity"}
    | {
        "reason",
        "secrecy",
        "receiver",
        "receipt",
        "statement",
        "withdrawal",
    },  # a party's copy is a party's matter
}
TABLES = [table for table in metadata.sorted_tables if table.name in JOURNALLED]
"""Rows that others refer to come first."""
_BY_NAME = {table.name: table for table in TABLES}
_CHANGED = select(row_pending.c.kind).distinct()
_NOT_NOTED = {"upload": {"offset", "expires_at"}}  # alone they make no line (migration 0004)


class SqlJournal:
    """See service.log_ports.Journal."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def planned(self) -> tuple[int, bytes] | None:
        """Return serial and bytes of the piece that was decided and not settled yet."""
        query = select(row_piece.c.serial, row_piece.c.body).where(row_piece.c.body.is_not(None))
        row = self._db.execute(query.order_by(row_piece.c.serial).limit(1)).first()
        return None if row is None else (int(row.serial), stored_bytes(row.body))

    def is_idle(self) -> bool:
        """Tell whether nothing waits to be taken."""
        return self._db.execute(select(row_pending.c.kind).limit(1)).first() is None

    def plan(self) -> None:
        """Decide the next piece over rows that changed, and take them off the list."""
        lines: list[bytes] = []
        size, changed = 0, set(self._db.execute(_CHANGED).scalars())
        for table in (one for one in TABLES if one.name in changed):
            taken: list[str] = []
            for key, line in self._lines(table, MOST_ROWS - len(lines)):
                if lines and size + len(line) > MOST_BYTES:
                    break
                lines.append(line)
                taken.append(key)
                size += len(line)
            self._forget(table, taken)
        if lines:
            body = b"".join(lines)
            last = self._db.execute(select(func.coalesce(func.max(row_piece.c.serial), 0))).scalar_one()
            digest = hashlib.sha256(body).hexdigest()
            new = {"serial": last + 1, "sha256": digest, "lines": len(lines), "body": body}
            self._db.execute(insert(row_piece), [new])

    def settle(self, serial: int) -> tuple[str, int] | None:
        """Note that a piece is sealed; return its SHA-256 and number of lines, None when that was noted."""
        mine = row_piece.c.serial == serial
        found = self._db.execute(select(row_piece.c.sha256, row_piece.c.lines, row_piece.c.body).where(mine))
        row = found.first()
        if row is None or row.body is None:
            return None
        self._db.execute(update(row_piece).where(mine).values(body=None))
        return str(row.sha256), int(row.lines)

    def vouched(self) -> Iterator[tuple[int, str]]:
        """Yield serial and SHA-256 of all pieces as the entries of the log say them, in order."""
        query = select(audit_entry.c.body).where(audit_entry.c.act == Act.LOG_ROWS.value)
        for row in self._db.execute(query.order_by(audit_entry.c.id)):
            try:
                entry = read_entry(stored_bytes(row.body))
            except IntegrityFault:
                continue  # service/log/log_checks.py tells of the entry, and the piece is one of nobody's
            if says_enough(entry):
                yield entry["facts"]["serial"], entry["facts"]["sha256"]

    def pieces(self) -> Iterator[tuple[int, str, bool]]:
        """Yield serial and SHA-256 of all pieces in order, and whether each is sealed."""
        query = select(row_piece.c.serial, row_piece.c.sha256, row_piece.c.body.is_(None).label("is_sealed"))
        for row in self._db.execute(query.order_by(row_piece.c.serial)):
            yield int(row.serial), str(row.sha256), bool(row.is_sealed)

    def tables(self) -> Sequence[str]:
        """Return the tables whose rows are journalled."""
        return list(_BY_NAME)

    def key(self, line: Line) -> str | None:
        """Return the key of a line's row, None where no table of ours has it."""
        try:
            return key_text(_BY_NAME[line.table], line.values)
        except KeyError:
            return None

    def keys(self, table: str) -> Iterator[str]:
        """Yield the keys of all rows of a table."""
        query = select(*(_BY_NAME[table].c[name] for name in JOURNALLED[table]))
        for row in self._db.execute(query.execution_options(yield_per=1000)):
            yield "".join(str(value) for value in row)

    def waiting(self, table: str, keys: Sequence[str]) -> Set[str]:
        """Return which of these rows, a few hundred, have changed since the last piece was decided."""
        mine = (row_pending.c.kind == table) & row_pending.c.row_key.in_(keys)
        return set(self._db.execute(select(row_pending.c.row_key).where(mine)).scalars())

    def differing(self, table: str, lines: Mapping[str, Line]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield which of a few hundred rows are not what lines say: the columns, or "missing", or "extra"."""
        found = self._rows(_BY_NAME[table], list(lines))
        for key, line in lines.items():
            row = found.get(key)
            if line.is_gone or row is None:
                if (row is None) != line.is_gone:
                    yield key, ["missing" if row is None else "extra"]
                continue
            held = told(_BY_NAME[table], row).values
            # A line of an earlier schema does not name columns that came since: a rebuild leaves them empty.
            names = held.keys() - _NOT_NOTED.get(table, set())
            if what := sorted(name for name in names if held[name] != line.values.get(name)):
                yield key, what

    def _lines(self, table: Table, most: int) -> Iterator[tuple[str, bytes]]:
        """Yield key and line of the rows of a table that changed, in the order of their keys."""
        query = select(row_pending.c.row_key).where(row_pending.c.kind == table.name)
        keys = self._db.execute(query.order_by(row_pending.c.row_key).limit(most)).scalars().all()
        for first in range(0, len(keys), NAMES_AT_ONCE):
            some = keys[first : first + NAMES_AT_ONCE]
            found = self._rows(table, some)
            for key in some:
                row = found.get(key)
                gone = Line(table.name, key_values(table, key), is_gone=True)
                yield key, write_line(gone if row is None else told(table, row))

    def _rows(self, table: Table, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the rows there are of a few hundred keys."""
        rows = self._db.execute(*_named(table, keys)).mappings()
        return {key_text(table, one): one for one in map(dict, rows)}

    def _forget(self, table: Table, keys: Sequence[str]) -> None:
        for first in range(0, len(keys), NAMES_AT_ONCE):
            some = row_pending.c.row_key.in_(keys[first : first + NAMES_AT_ONCE])
            self._db.execute(delete(row_pending).where(row_pending.c.kind == table.name, some))


def told(table: Table, row: Mapping[str, Any]) -> Line:
    """Return the line of a row: bytes as base64, and without what is not told."""
    left_out = NOT_TOLD.get(table.name, ())
    values = {
        name: write_base64(bytes(value)) if isinstance(value, bytes | memoryview) else value
        for name, value in row.items()
        if name not in left_out
    }
    return Line(table.name, values, is_gone=False)


def key_text(table: Table, row: Mapping[str, Any]) -> str:
    """Return what the triggers note for a row."""
    return "".join(str(row[name]) for name in JOURNALLED[table.name])


def key_values(table: Table, key: str) -> dict[str, str]:
    """Return the columns of a key that the triggers noted."""
    names = JOURNALLED[table.name]
    if len(names) == 1:
        return {names[0]: key}
    return {names[0]: key[:_HASH_CHARACTERS], names[1]: key[_HASH_CHARACTERS:]}


def _named(table: Table, keys: Sequence[str]) -> tuple[Select[Any], Mapping[str, Any]]:
    """Return the question for rows by their keys, and what it is asked with."""
    columns, query = [table.c[name] for name in JOURNALLED[table.name]], select(table)
    if len(columns) == 1:
        return query.where(columns[0].in_(keys)), {}
    wanted = [tuple(key_values(table, key).values()) for key in keys]
    return query.where(among(*columns)), {"pairs": wanted}
