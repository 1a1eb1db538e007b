"""A PostgreSQL that stands still while its kernel answers: a frozen machine, a disc that stalls."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from evidence.adapters.db import postgres
from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.audit import Act, Entry
from evidence.errors import Unavailable
from tests.adapters.db.engines import FreshDatabase, open_migrated
from tests.builders import START
from tests.servers.postgres import PostgresServer
from tests.servers.processes import wait_until

PROMISED_S = 30  # a silent server is noticed within half a minute (docs/operations.md)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("silent")) as server:
        yield server


@pytest.fixture
def database(server: PostgresServer) -> Iterator[SqlDatabase]:
    database = open_migrated(FreshDatabase(server.new_database()))
    yield database
    database.close()


@contextmanager
def standing_still(server: PostgresServer) -> Iterator[None]:
    """Stop all processes of a server; its sockets stay open, and its kernel acknowledges what is sent."""
    keeper = int((server.folder / "keeper.pid").read_text("ascii"))
    stopped = [process for process in server.processes() if process not in (keeper, os.getpid())]
    assert len(stopped) > 5
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


def entries(database: SqlDatabase) -> list[int]:
    with database.reading() as unit:
        return [number for number, _ in unit.log.entries()]


def test_a_server_that_is_silent_is_noticed_in_time_and_work_goes_on_when_it_is_back(
    server: PostgresServer, database: SqlDatabase
) -> None:
    assert entries(database) == []
    with standing_still(server):
        for open_ in (database.reading, database.writing):
            began = time.monotonic()
            with pytest.raises(Unavailable) as told, open_():
                pytest.fail("nobody answers")
            assert time.monotonic() - began < PROMISED_S
            assert told.value.fields == {"reason": "no-connection"}
    with database.writing() as unit:
        unit.log.append(Entry(Act.INIT, "operator"), START)
    assert entries(database) == [1]


def test_a_commit_that_is_not_answered_is_told_as_open_and_another_look_tells(
    server: PostgresServer, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_S", 1)
    monkeypatch.setattr(postgres, "GRACE_S", 1)

    def act() -> None:
        with database.writing() as unit:
            unit.log.append(Entry(Act.INIT, "operator"), START)
            stack.enter_context(standing_still(server))

    with ExitStack() as stack, pytest.raises(Unavailable) as told:
        act()
    assert told.value.fields == {"reason": "no-connection", "outcome": "unknown"}
    assert wait_until(lambda: entries(database) == [1], 10), "the server had the COMMIT, and did it"


def test_a_statement_that_is_not_answered_ends_a_little_after_its_limit_and_nothing_stays(
    server: PostgresServer, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_S", 1)
    monkeypatch.setattr(postgres, "GRACE_S", 1)

    def act() -> None:
        with database.writing() as unit, standing_still(server):
            unit.log.append(Entry(Act.INIT, "operator"), START)

    began = time.monotonic()
    with pytest.raises(Unavailable) as told:
        act()
    assert 1.5 < time.monotonic() - began < 5
    assert "outcome" not in told.value.fields, "it had not begun to commit"
    assert entries(database) == []


def test_the_limits_of_this_side_are_beyond_those_of_the_server() -> None:
    assert postgres.SILENCE_S + int(postgres._LINE["connect_timeout"]) < PROMISED_S
    assert postgres.LOCK_WAIT_S < postgres.STATEMENT_S


def test_a_step_of_the_schema_may_take_longer(database: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_S", 0)
    monkeypatch.setattr(postgres, "GRACE_S", 1)
    with database.engine.connect() as connection, connection.begin():
        postgres.take_time(connection)
        connection.exec_driver_sql("SELECT pg_sleep(2)")
    with pytest.raises(Unavailable), database._said_plainly(), database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(2)")
