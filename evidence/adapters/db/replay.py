"""Writing a catalogue anew, many rows at a time: entries with their numbers, what is published, rows.

Everything happens in the caller's one transaction. What does not fit (a row without the one it refers to, a
name that is taken) is told and left out; the rest goes on. Not here: where it all comes from
(evidence/rebuilding).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, delete, exists, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from evidence.adapters.db import tables
from evidence.adapters.db.columns import UnstorableText, Words
from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.journal import TABLES, key_text
from evidence.adapters.db.repositories.search_rows import fill, forget_touched
from evidence.adapters.db.search_tables import search_code, search_row
from evidence.adapters.db.tables import JOURNALLED, account, examination, metadata, recording
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork

Row = dict[str, Any]
Told = Callable[[str, str, str], object]
"""told(table, key, reason): of a row that does not fit."""

_AT_ONCE = 1000
_UNFIT = (StatementError, UnstorableText, OverflowError)
_LOG = {name: metadata.tables[name] for name in (
    "audit_entry", "audit_about", "log_segment", "log_checkpoint", "log_key", "row_piece", "log_timestamp",
)}  # fmt: skip


def is_empty(database: SqlDatabase) -> bool:
    """Tell whether a database has no table yet, or our tables without a row."""
    with database.reading() as unit:
        connection = _connection(unit)
        found = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if not found:
            return True
        ours = [table for table in metadata.sorted_tables if table.name in found]
        return len(ours) == len(found) and not any(
            connection.execute(select(table).limit(1)).first() for table in ours
        )


def begin(unit: SqlUnitOfWork) -> None:
    """Let a transaction take its time."""
    connection = _connection(unit)
    if connection.dialect.name == "postgresql":
        from evidence.adapters.db.postgres import take_time  # its driver is long to load

        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        take_time(connection)
    else:
        connection.exec_driver_sql("PRAGMA cache_size = -131072")


class Writer:
    """Collects rows of the tables about the log and writes them in batches. told: of a row that does not fit:
    a vault takes whatever somebody puts into it, and one entry must not be in the way of all others.
    """

    def __init__(self, unit: SqlUnitOfWork, told: Callable[[str, Row, str], object]) -> None:
        self._db, self._told = _connection(unit), told
        self._rows: dict[str, list[Row]] = {name: [] for name in _LOG}

    def add(self, table: str, row: Row) -> None:
        """Add a row."""
        rows = self._rows[table]
        rows.append(row)
        if len(rows) == _AT_ONCE:
            self._write(table)

    def flush(self) -> None:
        """Write what is left."""
        for table in _LOG:
            self._write(table)

    def _write(self, table: str) -> None:
        if not (rows := self._rows[table]):
            return
        self._rows[table] = []
        try:
            with self._db.begin_nested():
                _insert(self._db, _LOG[table], rows)
        except _UNFIT as problem:
            _raise_if_ill(problem)
            for row in rows:
                self._write_one(table, row)

    def _write_one(self, table: str, row: Row) -> None:
        try:
            with self._db.begin_nested():
                self._db.execute(insert(_LOG[table]), row)
        except _UNFIT as problem:
            _raise_if_ill(problem)
            self._told(table, row, str(getattr(problem, "orig", problem)).splitlines()[0])


def _raise_if_ill(problem: Exception) -> None:
    """Let go what is the database's trouble, and not the row's."""
    if isinstance(problem, OperationalError):
        raise problem


def put_rows(unit: SqlUnitOfWork, table: Table, rows: Iterable[Row], told: Told) -> int:
    """Insert the rows of a piece into their table; return how many. Their values are as `told` wrote them."""
    connection, count = _connection(unit), 0
    for batch in _batches(_readable(table, rows, told)):
        try:
            with connection.begin_nested():
                _insert(connection, table, batch)
            count += len(batch)
        except (IntegrityError, StatementError):
            count += sum(_put_one(connection, table, row, told) for row in batch)
    return count


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows of the same columns; past SQLAlchemy where nothing in them is for our types to refuse."""
    values = [tuple(row.values()) for row in rows]
    if connection.dialect.name != "sqlite" or not _are_plain(table, rows[0], values):
        connection.execute(insert(table), rows)
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    places = ", ".join("?" * len(rows[0]))
    connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', values)  # noqa: S608


def _are_plain(table: Table, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> bool:
    """Tell whether all texts are short enough and of whole characters, without NUL; else `Words` refuses."""
    try:
        for name, values in zip(columns, zip(*rows, strict=True), strict=True):
            kind = table.c[name].type
            if isinstance(kind, Words):
                texts = [one for one in values if one is not None]
                whole = "".join(texts)
                whole.encode()
                if "\0" in whole or (kind.longest and max(map(len, texts), default=0) > kind.longest):
                    return False
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _put_one(connection: Connection, table: Table, row: Row, told: Told) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(insert(table), row)
    except (IntegrityError, StatementError) as problem:
        told(table.name, key_text(table, row), str(problem.orig).splitlines()[0])
        return False
    return True


def _readable(table: Table, rows: Iterable[Row], told: Told) -> Iterator[Row]:
    names = set(table.columns.keys())
    empty = dict.fromkeys(table.columns.keys())  # a later schema has columns that earlier pieces do not name
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    for row in rows:
        if unknown := sorted(row.keys() - names):
            told(table.name, key_text(table, row), f"unknown columns: {', '.join(unknown)}")
            continue
        row = {**empty, **row}
        if table is account:
            row["token_sha256"] = f"-{row['id']}"  # the hash of no token
        try:
            for name in binary:
                row[name] = None if row[name] is None else base64.b64decode(row[name], validate=True)
        except (binascii.Error, TypeError, ValueError):
            told(table.name, key_text(table, row), f"not base64: {name}")
            continue
        yield row


@contextmanager
def unnoted(unit: SqlUnitOfWork) -> Iterator[None]:
    """Write rows that came from the vault: they need not go there again, and are not noted meanwhile."""
    connection = _connection(unit)
    if connection.dialect.name == "postgresql":
        for name in JOURNALLED:
            connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER {name}_noted")
        yield
        for name in JOURNALLED:
            connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER {name}_noted")
        return
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%^_noted' ESCAPE '^'"
    triggers = [(str(name), str(sql)) for name, sql in connection.exec_driver_sql(asked)]
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, sql in triggers:
        connection.exec_driver_sql(sql)


def correct(unit: SqlUnitOfWork, recording_id: str, values: Mapping[str, object]) -> None:
    """Put values of a recording's row right."""
    _connection(unit).execute(update(recording).where(recording.c.id == recording_id).values(**values))


def not_examined(unit: SqlUnitOfWork, kind: str) -> Sequence[str]:
    """Return the recordings that have no current examination of a kind."""
    one = examination.c
    here = (one.scope_kind == "recording") & (one.scope_id == recording.c.id)
    found = exists().where(here, one.kind == kind, one.current)
    return list(_connection(unit).execute(select(recording.c.id).where(~found)).scalars())


def make_searchable(unit: SqlUnitOfWork) -> None:
    """Make the rows by which recordings are searched, which stand in no piece."""
    forget_touched(_connection(unit))
    for table in (search_code, search_row):  # what was written on the way
        _connection(unit).execute(delete(table))
    fill(_connection(unit))


def is_placed(unit: SqlUnitOfWork, recording_id: str) -> bool:
    """Tell whether a row says where a recording stands."""
    mine = select(standing.c.recording_id).where(standing.c.recording_id == recording_id)
    return _connection(unit).execute(mine).first() is not None


def put_piece(unit: SqlUnitOfWork, serial: int, sha256: str, lines: int) -> None:
    """Note a piece of rows that is sealed."""
    row = {"serial": serial, "sha256": sha256, "lines": lines, "body": None}
    _connection(unit).execute(insert(tables.row_piece), [row])


def note_row(unit: SqlUnitOfWork, table: str, key: str) -> None:
    """Note a row that is not what the vault says, so that the next piece says what it is."""
    asked, connection = {"kind": table, "row_key": key}, _connection(unit)
    if connection.execute(select(tables.row_pending).filter_by(**asked)).first() is None:
        connection.execute(insert(tables.row_pending), [asked])


def table_named(name: str) -> Table | None:
    """Return a table whose rows are journalled."""
    return next((table for table in TABLES if table.name == name), None)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _AT_ONCE)):
        yield batch


def _connection(unit: SqlUnitOfWork) -> Connection:
    return unit.log._db
