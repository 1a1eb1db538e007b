"""The schema: made whole by migrations or not at all. Tables and newer programs: test_database.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.adapters.db import schema
from evidence.adapters.db.tables import metadata
from evidence.adapters.db.unit_of_work import SqlDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    database = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}")
    yield database
    database.close()


def everything(database: SqlDatabase) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"))
        return [tuple(row) for row in rows]


def test_an_empty_file_becomes_the_schema_and_a_second_time_changes_nothing(database: SqlDatabase) -> None:
    database.migrate()
    first = everything(database)
    names = {str(name) for kind, name, _ in first if kind == "table"}
    assert set(metadata.tables) < names
    database.migrate()
    assert everything(database) == first


def test_a_migration_that_dies_leaves_nothing_and_the_next_start_makes_it_whole(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = schema.command.upgrade

    def dies_at_the_end(*args: object) -> None:
        upgrade(*args)  # type: ignore[arg-type]
        raise ConnectionError("killed here")

    monkeypatch.setattr(schema.command, "upgrade", dies_at_the_end)
    with pytest.raises(ConnectionError):
        database.migrate()
    assert everything(database) == []
    monkeypatch.undo()
    database.migrate()
    assert set(metadata.tables) < {str(name) for _, name, _ in everything(database)}


def test_the_log_has_its_triggers(database: SqlDatabase) -> None:
    database.migrate()
    triggers = [str(sql).upper() for kind, _, sql in everything(database) if kind == "trigger"]
    assert any("UPDATE ON AUDIT_ENTRY" in sql for sql in triggers)
    assert any("DELETE ON AUDIT_ENTRY" in sql for sql in triggers)
