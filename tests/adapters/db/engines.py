"""The two engines as the tests see them: a fresh database, and a way in that is not this program's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from evidence.adapters.db.unit_of_work import SqlDatabase
from tests.builders import SITE


class Fresh(Protocol):
    """A fresh database of one engine."""

    name: str
    url: str

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement past this program, commit, and return the rows. Raises: the driver's errors."""


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
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute(statement).fetchall()
            connection.commit()
        return rows


@dataclass
class FreshDatabase:
    """An empty database of a PostgreSQL server."""

    url: str
    name: str = "postgres"

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement past this program, as the owner of the tables."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []


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
    rows = {name: sorted(map(repr, fresh.raw(f'SELECT * FROM "{name}"'))) for name in tables(fresh)}
    return json.dumps([objects(fresh), rows], indent=1)


def open_migrated(fresh: Fresh) -> SqlDatabase:
    """Open a database and bring it to the schema."""
    database = SqlDatabase(fresh.url, SITE)
    database.migrate()
    return database
