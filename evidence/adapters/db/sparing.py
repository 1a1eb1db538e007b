"""What SQLite does at each row that is written, and need not while a table is filled: it is taken off and put
back in one transaction, so one that breaks off has taken off nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

NOTING = "type = 'trigger' AND name LIKE '%^_noted' ESCAPE '^'"
GUARDS = "type = 'trigger' AND name LIKE '%^_no^_replace' ESCAPE '^'"  # a plain INSERT replaces nothing
INDEXES = "type = 'index' AND sql LIKE 'CREATE INDEX%'"  # those that forbid nothing


@contextmanager
def without(connection: Connection, tables: Container[str], what: str) -> Iterator[None]:
    """Take off what SQLite keeps of a sort for tables, and put it back behind."""
    if connection.dialect.name != "sqlite":
        yield
        return
    query = f"SELECT tbl_name, type, name, sql FROM sqlite_master WHERE {what}"  # noqa: S608
    found = [row for row in connection.exec_driver_sql(query) if row.tbl_name in tables]
    for _, kind, name, _ in found:
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    yield
    for _, _, _, sql in found:
        connection.exec_driver_sql(sql)
