"""The two engines as the tests see them: a fresh database, and a way in that is not this program's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests.builders import SITE


class Fresh(Protocol):
    """A fresh database of one engine."""

    name: str
    url: str

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement past this program, commit, and return the rows. Raises: the driver's errors."""

    def raws(self, statements: Sequence[str]) -> list[list[tuple[object, ...]]]:
        """Run statements one after the other by one connection, as `raw` runs one."""


@dataclass
class FreshFile:
    """An SQLite file that is not there yet."""

    path: Path
    name: str = "sqlite"

    @property
    def url(self) -> str:  # type: ignore[override]
        """Its URL."""
        return f"sqlite:///{self.path}"

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement past this program."""
        return self.raws([statement])[0]

    def raws(self, statements: Sequence[str]) -> list[list[tuple[object, ...]]]:
        """Run statements past this program."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = [connection.execute(statement).fetchall() for statement in statements]
            connection.commit()
        return rows


@dataclass
class FreshDatabase:
    """An empty database of a PostgreSQL server."""

    url: str
    name: str = "postgres"

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement past this program, as the owner of the tables."""
        return self.raws([statement])[0]

    def raws(self, statements: Sequence[str]) -> list[list[tuple[object, ...]]]:
        """Run statements past this program, as the owner of the tables."""
        with psycopg.connect(self.url) as connection:
            done = (connection.execute(one) for one in statements)  # type: ignore[call-overload]
            return [cursor.fetchall() if cursor.description else [] for cursor in done]


def fresh_database(request: pytest.FixtureRequest) -> FreshDatabase:
    """Make an empty database, or a copy of a migrated one where the test asks for one `at_hand`."""
    like = request.getfixturevalue("migrated") if "at_hand" in request.fixturenames else None
    return FreshDatabase(request.getfixturevalue("postgres_server").new_database(like))


BROKEN = (sqlite3.IntegrityError, psycopg.IntegrityError)  # what a raw statement meets that breaks a rule

_OBJECTS = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    "postgres": """
        SELECT 'table', table_name || '.' || column_name, data_type || is_nullable
               || coalesce(column_default, '') || coalesce(character_maximum_length, 0)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'sequence', relname, '' FROM pg_class WHERE relkind = 'S'
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc JOIN pg_namespace AS place
            ON place.oid = pronamespace WHERE nspname = 'public'
        ORDER BY 1, 2""",
}


def objects(fresh: Fresh) -> list[tuple[str, str, str]]:
    """Return what the schema is made of: kind, name, and how it was made."""
    return [(str(kind), str(name), str(made)) for kind, name, made in fresh.raw(_OBJECTS[fresh.name])]


def tables(fresh: Fresh) -> list[str]:
    """Return the names of the tables, sorted."""
    ask = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }
    return sorted(str(name) for (name,) in fresh.raw(ask[fresh.name]))


def dump(fresh: Fresh) -> str:
    """Return the whole database as text, to show that a refusal changed nothing."""
    names = tables(fresh)
    held = fresh.raws([f'SELECT * FROM "{name}"' for name in names])
    rows = {name: sorted(map(repr, one)) for name, one in zip(names, held, strict=True)}
    return json.dumps([objects(fresh), rows], indent=1)


def open_migrated(fresh: Fresh) -> SqlDatabase:
    """Open a database and bring it to the schema."""
    database = SqlDatabase(fresh.url, SITE)
    database.migrate()
    return database
