"""Transactions of the database: all of it or nothing, and trouble of the machine said plainly.

The durable modes of its connections, its migrations and its threads: test_database.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.access import Caller, Role
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.errors import NoSpace, Unavailable
from tests.builders import START


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    database = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}")
    database.migrate()
    yield database
    database.close()


def write(unit: SqlUnitOfWork, facts: str = "") -> int:
    return unit.log.append(Entry(Act.INIT, "tester", facts={"note": facts} if facts else {}), START)


def entries(database: SqlDatabase) -> list[tuple[int, bytes]]:
    with database.reading() as unit:
        return list(unit.log.entries())


def test_what_is_committed_is_there_for_the_next(database: SqlDatabase, tmp_path: Path) -> None:
    with database.writing() as unit:
        assert write(unit) == 1
    again = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}")
    assert [number for number, _ in entries(again)] == [1]
    again.close()


def test_an_exception_leaves_nothing_of_any_repository(database: SqlDatabase) -> None:
    def act() -> None:
        with database.writing() as unit:
            write(unit)
            unit.accounts.add(Caller(new_id(), Role.DOCK, "dock"), "0" * 64, START)
            raise KeyError("in the middle")

    with pytest.raises(KeyError):
        act()
    assert entries(database) == []
    with database.reading() as unit:
        assert unit.accounts.all() == []
    with database.writing() as unit:
        assert write(unit) == 1, "no number of the log is lost to what never happened"


def test_a_broken_rule_of_a_table_is_told_as_it_is(database: SqlDatabase) -> None:
    def act() -> None:
        with database.writing() as unit:
            write(unit)
            unit.claims.take("device", "name", new_id())  # of an upload that is not there

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        act()
    assert entries(database) == []


def test_a_reader_sees_one_moment_and_does_not_stop_a_writer(database: SqlDatabase) -> None:
    with database.reading() as reader:
        assert list(reader.log.entries()) == []
        with database.writing() as unit:
            write(unit)
        assert list(reader.log.entries()) == []
    assert len(entries(database)) == 1


def test_a_writer_that_holds_too_long_makes_the_other_say_unavailable(tmp_path: Path) -> None:
    database = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}")
    database.migrate()

    @event.listens_for(database.engine, "connect")
    def impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    database.close()
    with closing(sqlite3.connect(tmp_path / "evidence.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refusal, database.writing() as unit:
            write(unit)
    assert (refusal.value.code, "locked" in str(refusal.value)) == ("database-unavailable", True)
    with database.writing() as unit:
        assert write(unit) == 1
    database.close()


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
        assert write(unit) == 2, "what is small goes on"


def test_a_file_that_is_no_database_is_unavailable_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    path.write_bytes(b"this is no database at all" * 200)
    before = path.read_bytes()
    with pytest.raises(Unavailable):
        SqlDatabase(f"sqlite:///{path}").migrate()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET body = x'00'",
        "UPDATE audit_entry SET at = '2000' WHERE id = 1",
        "UPDATE OR REPLACE audit_entry SET id = 2 WHERE id = 1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE id = 1",
        "INSERT OR REPLACE INTO audit_entry (id, log, at, act, body) VALUES (1, 'custody', '', '', x'00')",
    ],
)
def test_nothing_in_the_log_can_be_changed_or_deleted(
    database: SqlDatabase, tmp_path: Path, statement: str
) -> None:
    with database.writing() as unit:
        write(unit)
    before = entries(database)
    with closing(sqlite3.connect(tmp_path / "evidence.db")) as raw:  # not through this program
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(statement)
            raw.commit()
        raw.rollback()
    assert entries(database) == before


def test_the_numbers_of_the_log_are_never_used_again(database: SqlDatabase, tmp_path: Path) -> None:
    with database.writing() as unit:
        write(unit)
    with database.engine.connect() as connection:
        sql = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = 'audit_entry'")
        ).scalar_one()
    assert "AUTOINCREMENT" in str(sql).upper()


def test_when_all_connections_are_taken_the_next_is_told_unavailable(tmp_path: Path) -> None:
    database = SqlDatabase(f"sqlite:///{tmp_path / 'evidence.db'}")
    database.migrate()
    pool: Any = database.engine.pool
    pool._timeout = 0.05
    held = [database.engine.connect() for _ in range(64)]
    try:
        with pytest.raises(Unavailable, match="database-unavailable"), database.reading():
            pytest.fail("there was one more")
    finally:
        for connection in held:
            connection.close()
        database.close()
