"""Transactions on both engines: all of it or nothing, a writer alone, one moment for a reader.

Trouble of one engine's own: test_sqlite.py, test_postgres.py. A reply that is lost: test_lost_reply.py.
"""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.rights import Kind
from evidence.errors import Unavailable
from evidence.service.jobs import JobName
from tests.adapters.db.engines import Fresh
from tests.builders import SITE, START


def write(unit: SqlUnitOfWork, note: str = "") -> int:
    return unit.log.append(Entry(Act.INIT, "operator", facts={"note": note} if note else {}), START).index


def entries(database: SqlDatabase) -> list[tuple[int, bytes]]:
    with database.reading() as unit:
        return list(unit.log.entries())


def test_what_is_committed_is_there_for_the_next(database: SqlDatabase, fresh: Fresh) -> None:
    with database.writing() as unit:
        assert write(unit) == 0
    again = SqlDatabase(fresh.url, SITE)
    assert [number for number, _ in entries(again)] == [1]
    again.close()


def test_an_exception_leaves_nothing_of_any_repository(database: SqlDatabase) -> None:
    def act() -> None:
        with database.writing() as unit:
            write(unit)
            unit.accounts.add(Caller(new_id(), Kind.DOCK, "dock"), "0" * 64, START)
            raise KeyError("in the middle")

    with pytest.raises(KeyError):
        act()
    assert entries(database) == []
    with database.reading() as unit:
        assert unit.accounts.all() == []
    with database.writing() as unit:
        assert write(unit) == 0, "no place in the log is lost to what never happened"


def test_a_broken_rule_of_a_table_is_told_as_it_is(database: SqlDatabase) -> None:
    def act() -> None:
        with database.writing() as unit:
            write(unit)
            unit.claims.take("device", "name", new_id())  # of an upload that is not there

    with pytest.raises(IntegrityError, match="(?i)foreign key"):
        act()
    assert entries(database) == []


def test_a_message_about_a_statement_shows_none_of_its_values(database: SqlDatabase) -> None:
    with pytest.raises(IntegrityError) as told, database.writing() as unit:
        unit.claims.take("SERIAL-4711", "geheim-记录.mp4", new_id())
    assert "4711" not in str(told.value)
    assert "geheim" not in str(told.value)


def test_a_reader_sees_one_moment_and_does_not_stop_a_writer(database: SqlDatabase) -> None:
    with database.reading() as reader:
        assert list(reader.log.entries()) == []
        with database.writing() as unit:
            write(unit)
            unit.jobs.add(JobName.SEAL, "a", START)
        assert list(reader.log.entries()) == []
        assert reader.jobs.counts() == {}
    assert len(entries(database)) == 1


def test_a_writer_waits_for_the_other_and_sees_what_that_one_committed(database: SqlDatabase) -> None:
    first_is_in, seen = Event(), []

    def second() -> None:
        first_is_in.wait()
        with database.writing() as unit:
            seen.append([number for number, _ in unit.log.entries()])
            seen.append([write(unit)])

    thread = Thread(target=second)
    thread.start()
    with database.writing() as unit:
        write(unit)
        first_is_in.set()
        thread.join(0.5)
        assert seen == [], "the second one is not let in"
    thread.join()
    assert seen == [[1], [1]], "number 1, then leaf 1"
    assert [number for number, _ in entries(database)] == [1, 2]


def test_when_all_connections_are_taken_the_next_is_told_unavailable(database: SqlDatabase) -> None:
    pool: Any = database.engine.pool
    pool._timeout = 0.05
    held = [database.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    try:
        with pytest.raises(Unavailable, match="database-unavailable"), database.reading():
            pytest.fail("there was one more")
    finally:
        for connection in held:
            connection.close()
