"""What only SQLite can do wrong: weaker modes, a file that is none, a lock not given, a disc that is full."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event

from evidence.adapters.db import sqlite
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.audit import Act, Entry
from evidence.errors import NoSpace, Unavailable
from tests.adapters.db.engines import FreshFile, dump, open_migrated
from tests.builders import SITE, START, migrated_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "evidence.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqlDatabase]:
    file.write_bytes(migrated_file())
    database = open_migrated(FreshFile(file))
    yield database
    database.close()


OBJECT = "a" * 32


def write(unit: SqlUnitOfWork, note: str = "") -> int:
    facts = {"note": note} if note else {}
    return unit.log.append(Entry(Act.INIT, "operator", (("account", OBJECT),), facts=facts), START).index


def entries(database: SqlDatabase) -> list[tuple[int, bytes]]:
    with database.reading() as unit:
        return list(unit.log.entries())


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
        sqlite.harden(weak, None)
    weak.close()
    assert refusal.value.code == "database-not-durable"
    assert refusal.value.fields["synchronous"] == 1
    strong = sqlite3.connect(file)
    sqlite.harden(strong, None)
    strong.close()


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(Unavailable, match="database-not-durable"):
        SqlDatabase("sqlite://", SITE).migrate()


def test_a_writer_that_holds_too_long_makes_the_other_say_unavailable(
    database: SqlDatabase, file: Path
) -> None:
    @event.listens_for(database.engine, "connect")
    def impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    database.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refusal, database.writing() as unit:
            write(unit)
    assert (refusal.value.code, "locked" in str(refusal.value)) == ("database-unavailable", True)
    with database.writing() as unit:
        assert write(unit) == 0


def test_a_full_disc_is_no_space_and_leaves_nothing(database: SqlDatabase) -> None:
    @event.listens_for(database.engine, "connect")
    def small_disc(connection: Any, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 5}")

    database.close()  # the next connections are on the small disc
    with database.writing() as unit:
        write(unit)

    def fill() -> None:
        with database.writing() as unit:
            for _ in range(50):
                write(unit, "x" * 30_000)

    with pytest.raises(NoSpace):
        fill()
    assert len(entries(database)) == 1
    with database.writing() as unit:
        assert write(unit) == 1, "what is small goes on"


def test_what_the_driver_says_of_a_checkpoint_is_told_as_all_its_errors_are(database: SqlDatabase) -> None:
    @event.listens_for(database.engine, "connect")
    def refusing(connection: Any, _record: object) -> None:
        def may(action: int, pragma: str | None, *_rest: object) -> int:
            is_checkpoint = action == sqlite3.SQLITE_PRAGMA and pragma == "wal_checkpoint"
            return sqlite3.SQLITE_DENY if is_checkpoint else sqlite3.SQLITE_OK

        connection.set_authorizer(may)

    database.close()  # the next connections may make no checkpoint
    with pytest.raises(Unavailable, match="not authorized"):
        database.migrate()


def test_a_file_that_is_no_database_is_unavailable_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    path.write_bytes(b"this is no database at all" * 200)
    before = path.read_bytes()
    with pytest.raises(Unavailable):
        SqlDatabase(f"sqlite:///{path}", SITE).migrate()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE OR REPLACE audit_entry SET id = 2 WHERE id = 1",
        "INSERT OR REPLACE INTO audit_entry VALUES (1, 'custody', 9, '', '', x'00')",
        "INSERT OR REPLACE INTO audit_entry VALUES (9, 'custody', 0, '', '', x'00')",
        "INSERT OR REPLACE INTO audit_entry (log, idx, at, act, body) VALUES ('custody', 0, '', '', x'00')",
        "UPDATE OR REPLACE audit_about SET n = 1",
        f"INSERT OR REPLACE INTO audit_about VALUES ('custody', '{OBJECT}', 1, 'custody', 9)",
    ],
)
def test_nothing_in_the_log_can_be_replaced(database: SqlDatabase, file: Path, statement: str) -> None:
    with database.writing() as unit:
        write(unit)
    before = dump(FreshFile(file))
    with pytest.raises(sqlite3.IntegrityError):
        FreshFile(file).raw(statement)
    assert dump(FreshFile(file)) == before


def test_who_gets_no_turn_to_write_is_refused_and_the_next_one_gets_it(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT_S", 0.05)
    told = list[BaseException]()

    def other() -> None:
        try:
            with database.writing() as unit:
                write(unit)
        except Unavailable as problem:
            told.append(problem)

    before = entries(database)
    with database.writing() as unit:
        thread = Thread(target=other)
        thread.start()
        thread.join(10)
        write(unit)
    assert [str(one.fields["reason"]) for one in told] == ["no-turn-to-write"]  # type: ignore[attr-defined]
    assert len(entries(database)) == len(before) + 1
    other()
    assert len(told) == 1
    assert len(entries(database)) == len(before) + 2
