"""A database as a whole: every row of every table read in order, digested, copied into another database.

The digest is over what a row says, not over how an engine keeps it: equal digests mean that both databases
hold the same rows, the log's entries byte for byte with their numbers among them. Which rows wait to be
written into the vault (`row_pending`) is no content, and is carried beside it. Rows are read a few hundred
at a time, so the size of a site does not matter.
Not here: what changes in a row on its way (the caller's `Change`), committing (unit_of_work.py).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from operator import add
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, inspect, literal, select

from evidence.adapters.db.columns import UnstorableText
from evidence.adapters.db.log_tables import audit_entry
from evidence.adapters.db.tables import JOURNALLED, metadata, row_pending
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.audit import Act
from evidence.errors import IntegrityFault
from storage.crashpoints import crashpoint

Row = dict[str, Any]
Change = Callable[[str, Row], None]
"""change(table, row): changes a row in place on its way into another database."""

_AT_ONCE = 400
_VERSIONS = "alembic_version"
_VIEWS = ("case_numbered", "label_numbered", "recording_numbered")
_FUNCTIONS = ["audit_is_append_only", *(f"note_{name}" for name in JOURNALLED)]  # of PostgreSQL's triggers
CONTENT = [table for table in metadata.sorted_tables if table is not row_pending]


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows each table has, and the SHA-256 over all of them."""

    rows: Mapping[str, int]
    sha256: str


class Standing(StrEnum):
    """What a database holds that a site is to move into."""

    EMPTY = "empty"
    OURS = "ours"  # what an earlier move of this very site has written, and nothing that the site has not
    FOREIGN = "foreign"


def unchanged(_table: str, _row: Row) -> None:
    """Leave a row as it is."""


def contents(
    unit: SqlUnitOfWork,
    change: Change = unchanged,
    *,
    take: Callable[[Table, list[Row]], object] | None = None,
) -> Contents:
    """Digest all rows as `change` makes them, and hand them to `take`, tables before those that refer to
    them.

    Raises: IntegrityFault("row-not-storable") for text that not every engine can hold.
    """
    whole, rows = sha256(), {}
    for table in CONTENT:
        count = 0
        for batch in _batches(_connection(unit), table):
            for row in batch:
                change(table.name, row)
                whole.update(_digest(table.name, row))
            if take is not None:
                _take(take, table, batch)
            count += len(batch)
        rows[table.name] = count
        whole.update(f"{table.name} {count}\n".encode())
    return Contents(rows, whole.hexdigest())


def copy(
    old: SqlDatabase, new: SqlDatabase, change: Change, then: Callable[[SqlUnitOfWork, Contents], object]
) -> Contents:
    """Copy all rows into an empty database in one transaction of it, compare, and let `then` add to it.

    Raises: IntegrityFault("rows-differ") when what stands there is not what was read; nothing is kept then.
    """
    with old.reading() as source, new.writing() as target:
        connection = _connection(target)
        changed: set[str] = set()

        def noting(table: str, row: Row) -> None:
            before = dict(row)
            change(table, row)
            if row != before:
                changed.add(table)

        wanted = contents(source, noting, take=lambda table, rows: connection.execute(insert(table), rows))
        _carry_pending(source, connection, changed & JOURNALLED.keys())
        crashpoint("after-rows")
        found = contents(target)
        if found != wanted:
            raise IntegrityFault("rows-differ", wanted=wanted.rows, found=found.rows)
        then(target, wanted)
    crashpoint("after-rows-commit")
    return wanted


def _carry_pending(source: SqlUnitOfWork, connection: Connection, changed: Set[str]) -> None:
    """Carry over which rows wait. Of tables that changed on their way all rows wait: what the vault says of
    them is of the old engines."""
    connection.execute(delete(row_pending))  # the copying itself was noted
    for name in changed:
        table = metadata.tables[name]
        every = select(literal(name), functools.reduce(add, (table.c[one] for one in JOURNALLED[name])))
        connection.execute(insert(row_pending).from_select(["kind", "row_key"], every))
    for batch in _batches(_connection(source), row_pending):
        if waiting := [row for row in batch if row["kind"] not in changed]:
            connection.execute(insert(row_pending), waiting)


def standing(old: SqlDatabase, new: SqlDatabase) -> tuple[Standing, str | None]:
    """Tell what the new database holds; for one that is ours, also the digest that its move has noted."""
    with new.reading() as target:
        connection = _connection(target)
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return Standing.EMPTY, None
        if tables != {_VERSIONS, *metadata.tables}:
            return Standing.FOREIGN, None
        if not any(connection.execute(select(table).limit(1)).first() for table in metadata.sorted_tables):
            return Standing.EMPTY, None
        with old.reading() as source:
            return _compare_logs(_entries(source), _entries(target))


def last_entry(unit: SqlUnitOfWork) -> Mapping[str, Any] | None:
    """Return the body of the log's last entry."""
    query = select(audit_entry.c.body).order_by(audit_entry.c.id.desc()).limit(1)
    body = _connection(unit).execute(query).scalar_one_or_none()
    return None if body is None else dict(json.loads(bytes(body)))


def clear(new: SqlDatabase) -> None:
    """Take away the tables of a database that is empty or ours, in one transaction."""
    with new.writing() as unit:
        connection = _connection(unit)
        for name in _VIEWS:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        metadata.drop_all(connection)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_VERSIONS}")
        if connection.dialect.name == "postgresql":
            for name in _FUNCTIONS:
                connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")
    new.close()


def _compare_logs(
    ours: Iterator[tuple[int, bytes]], theirs: Iterator[tuple[int, bytes]]
) -> tuple[Standing, str | None]:
    """Ours is: entries of this site, then those of its move, then only what verifying it has written."""
    noted: str | None = None
    for entry in theirs:
        if noted is None and next(ours, None) == entry:
            continue
        said = json.loads(entry[1])
        if said["by"] != "operator" or said["act"] not in (Act.MOVE, Act.VERIFY):
            return Standing.FOREIGN, None
        if noted is None:
            noted = str(said["facts"].get("rows_sha256"))
    return (Standing.FOREIGN, None) if noted is None else (Standing.OURS, noted)


def _entries(unit: SqlUnitOfWork) -> Iterator[tuple[int, bytes]]:
    for batch in _batches(_connection(unit), audit_entry):
        yield from ((row["id"], bytes(row["body"])) for row in batch)


def _connection(unit: SqlUnitOfWork) -> Connection:
    return unit.log._db


def _batches(connection: Connection, table: Table) -> Iterator[list[Row]]:
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
    for part in connection.execute(query).mappings().partitions():
        yield [dict(row) for row in part]


def _take(take: Callable[[Table, list[Row]], object], table: Table, batch: list[Row]) -> None:
    try:
        take(table, batch)
    except UnstorableText as problem:
        raise IntegrityFault("row-not-storable", table=table.name, reason=str(problem)) from None


def _digest(table: str, row: Row) -> bytes:
    """Return the SHA-256 of a row: each value with its kind and its length, so no two rows look alike."""
    one = sha256()
    for name in sorted(row):
        value = row[name]
        if isinstance(value, str):
            kind, body = "s", value.encode("utf-8", "surrogatepass")
        elif isinstance(value, bytes | memoryview):
            kind, body = "b", bytes(value)
        elif value is None or isinstance(value, int):
            kind, body = "n", str(value).encode()
        else:
            raise IntegrityFault("row-not-storable", table=table, column=name, reason=type(value).__name__)
        one.update(f"{name} {kind} {len(body)} ".encode() + body)
    return one.digest()
