"""The database keeps what it committed, refuses weaker modes, and lets nobody change the log."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from evidence.adapters.db import unit_of_work
from evidence.adapters.db.tables import metadata
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.errors import Unavailable
from evidence.service.jobs import JobName
from tests.builders import START

THREADS, COMMITS = 8, 30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "evidence.db"


@pytest.fixture
def database(file: Path) -> SqlDatabase:
    database = SqlDatabase(f"sqlite:///{file}")
    database.migrate()
    return database


def append(database: SqlDatabase) -> int:
    with database.writing() as unit:
        return unit.log.append(Entry(Act.INIT, "tester"), START)


def dump(file: Path) -> list[str]:
    with sqlite3.connect(file) as db:
        lines = list(db.iterdump())
    db.close()
    return lines


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry"])
def test_an_entry_can_be_neither_changed_nor_deleted_even_from_outside(
    database: SqlDatabase, file: Path, statement: str
) -> None:
    append(database)
    before = dump(file)
    raw = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)
    raw.close()
    assert dump(file) == before


def test_numbers_of_entries_are_never_used_twice(database: SqlDatabase) -> None:
    assert [append(database) for _ in range(3)] == [1, 2, 3]


def test_every_connection_has_the_durable_modes(database: SqlDatabase) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
    connections = [database.engine.raw_connection() for _ in range(3)]
    for connection in connections:
        cursor = connection.cursor()
        assert {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
        connection.close()


class WeakCursor(sqlite3.Cursor):
    """A cursor of an SQLite that does not obey when told to sync, as one built with other defaults."""

    def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:  # type: ignore[override]
        """Execute, but weaken."""
        return super().execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), *rest)


class WeakConnection(sqlite3.Connection):
    """A connection whose cursors weaken."""

    def cursor(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]
        """Return a weak cursor."""
        return super().cursor(WeakCursor)


def test_a_connection_that_would_not_sync_is_refused(file: Path) -> None:
    weak = sqlite3.connect(file, factory=WeakConnection)
    with pytest.raises(Unavailable) as refusal:
        unit_of_work._harden(weak, None)
    weak.close()
    assert refusal.value.code == "database-not-durable"
    assert refusal.value.fields["synchronous"] == 1
    strong = sqlite3.connect(file)
    unit_of_work._harden(strong, None)
    strong.close()


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(Unavailable, match="database-not-durable"):
        SqlDatabase("sqlite://").migrate()


def test_many_threads_commit_and_none_is_told_that_the_database_is_locked(database: SqlDatabase) -> None:
    problems: list[Exception] = []

    def commit_often(number: int) -> None:
        try:
            for i in range(COMMITS):
                with database.reading() as unit:
                    unit.jobs.counts()
                with database.writing() as unit:
                    unit.jobs.add(JobName.SEAL, f"{number}-{i}", START)
        except Exception as problem:  # noqa: BLE001 (shown by the assertion below)
            problems.append(problem)

    threads = [Thread(target=commit_often, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with database.reading() as unit:
        assert unit.jobs.counts() == {"queued": THREADS * COMMITS}


def test_an_exception_rolls_everything_back(database: SqlDatabase, file: Path) -> None:
    before = dump(file)
    with pytest.raises(RuntimeError), database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        unit.log.append(Entry(Act.INIT, "tester"), START)
        raise RuntimeError
    assert dump(file) == before


def test_nothing_is_seen_before_it_is_committed(database: SqlDatabase) -> None:
    with database.writing() as unit:
        unit.jobs.add(JobName.SEAL, "a", START)
        with database.reading() as other:
            assert other.jobs.counts() == {}
    with database.reading() as other:
        assert other.jobs.counts() == {"queued": 1}


def test_migrating_again_changes_nothing(database: SqlDatabase, file: Path) -> None:
    append(database)
    before = dump(file)
    database.migrate()
    SqlDatabase(f"sqlite:///{file}").migrate()
    assert dump(file) == before


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(
    database: SqlDatabase, file: Path
) -> None:
    append(database)
    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = dump(file)
    with pytest.raises(Unavailable) as refusal:
        SqlDatabase(f"sqlite:///{file}").migrate()
    assert (refusal.value.code, refusal.value.fields) == ("database-too-new", {"revision": "9999"})
    assert dump(file) == before


def differences(database: SqlDatabase) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_the_migrations_make_the_tables_that_the_program_uses(database: SqlDatabase, file: Path) -> None:
    assert differences(database) == []
    with sqlite3.connect(file) as raw:
        raw.execute("DROP INDEX job_to_do")
        raw.execute("ALTER TABLE job ADD COLUMN stray TEXT")
    raw.close()
    assert len(differences(database)) == 2, "a difference would be seen"
