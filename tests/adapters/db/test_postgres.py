"""What only PostgreSQL can do wrong: a server that forgets or sorts otherwise, lost connections, limits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.domain.audit import Act, Entry
from evidence.errors import Misconfigured, NoSpace, Unavailable
from evidence.service.jobs import JobName
from tests.adapters.db.engines import FreshDatabase, dump, fresh_database, open_migrated, tables
from tests.builders import SITE, START
from tests.servers.postgres import PostgresServer

OBJECT = "a" * 32


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> FreshDatabase:
    return fresh_database(request)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server whose settings a test may change."""
    with PostgresServer(tmp_path_factory.mktemp("own")) as server:
        yield server


def write(unit: SqlUnitOfWork) -> int:
    return unit.log.append(Entry(Act.INIT, "operator", (("account", OBJECT),)), START).index


def entries(database: SqlDatabase) -> list[int]:
    with database.reading() as unit:
        return [number for number, _ in unit.log.entries()]


def each_connection(database: SqlDatabase, statement: str) -> None:
    """Let every connection made from now on begin with a statement."""

    @event.listens_for(database.engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.execute(statement)

    database.close()


# A server that would forget, or that is of another kind than SQLite.


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_may_forget_a_commit_is_refused(own_server: PostgresServer, setting: str) -> None:
    fresh = FreshDatabase(own_server.new_database())
    running = open_migrated(fresh)
    before = dump(fresh)
    own_server.set(setting, "off")
    try:
        with pytest.raises(Unavailable) as refusal:
            SqlDatabase(fresh.url, SITE).migrate()
        assert (refusal.value.code, refusal.value.fields) == ("database-not-durable", {setting: "off"})
        if setting != "synchronous_commit":  # … which an open connection has fixed for itself
            with pytest.raises(Unavailable, match="database-not-durable"), running.writing() as unit:
                write(unit)
        assert dump(fresh) == before
    finally:
        own_server.set(setting, None)
    with running.writing() as unit:
        assert write(unit) == 0
    running.close()


def test_an_open_connection_stays_durable_when_the_server_is_told_to_forget(
    own_server: PostgresServer,
) -> None:
    running = open_migrated(FreshDatabase(own_server.new_database()))
    with running.engine.connect() as connection:
        own_server.set("synchronous_commit", "off")
        try:
            kept = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
        finally:
            own_server.set("synchronous_commit", None)
    running.close()
    assert kept == "on"


@pytest.mark.parametrize("value", ["local", "remote_write", "on", "remote_apply"])
def test_every_stronger_way_to_commit_is_taken(postgres_server: PostgresServer, value: str) -> None:
    url = postgres_server.new_database()
    database = open_migrated(FreshDatabase(f"{url}?options=-csynchronous_commit%3D{value}"))
    with database.writing() as unit:
        assert write(unit) == 0
    database.close()


@pytest.mark.parametrize(
    ("made", "field"),
    [
        ("ENCODING 'LATIN1' LOCALE 'C'", "server_encoding"),
        ("ENCODING 'SQL_ASCII' LOCALE 'C'", "server_encoding"),
        ("ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'en'", "collation"),
    ],
)
def test_a_database_that_stores_or_sorts_text_otherwise_is_refused(
    postgres_server: PostgresServer, made: str, field: str
) -> None:
    like = postgres_server.new_database()
    name = like.rpartition("/")[2] + "_odd"
    postgres_server.ask(f"CREATE DATABASE {name} OWNER evidence TEMPLATE template0 {made}")
    fresh = FreshDatabase(f"{like}_odd")
    with pytest.raises(Unavailable) as refusal:
        SqlDatabase(fresh.url, SITE).migrate()
    assert refusal.value.code == "database-not-durable"
    assert field in refusal.value.fields
    assert tables(fresh) == []


def test_every_connection_has_its_limits_in_time(database: SqlDatabase) -> None:
    wanted = {
        "lock_timeout": "30s",
        "statement_timeout": "2min",
        "idle_in_transaction_session_timeout": "1min",
    }
    for _ in range(2):
        with database.engine.connect() as connection:
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted}
        assert found == wanted
        database.close()


# The log.


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "INSERT INTO audit_entry VALUES (1, 'custody', 0, '', '', '') "
        "ON CONFLICT (id) DO UPDATE SET act = 'x'",
        "INSERT INTO audit_entry VALUES (9, 'custody', 0, '', '', '') "
        "ON CONFLICT (log, idx) DO UPDATE SET act = 'x'",
        "TRUNCATE audit_about",
        f"INSERT INTO audit_about VALUES ('custody', '{OBJECT}', 1, 'custody', 9) "
        "ON CONFLICT (family, object_id, n) DO UPDATE SET idx = 9",
        "MERGE INTO audit_entry USING (SELECT 1 AS one) AS new ON id = one WHEN MATCHED THEN DELETE",
    ],
)
def test_nothing_in_the_log_can_be_emptied_or_replaced(
    database: SqlDatabase, fresh: FreshDatabase, statement: str
) -> None:
    with database.writing() as unit:
        write(unit)
    before = dump(fresh)
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        fresh.raw(statement)
    assert dump(fresh) == before


# Connections that end.


def test_a_writer_whose_backend_is_killed_is_told_unavailable_and_nothing_stays(
    database: SqlDatabase, postgres_server: PostgresServer, fresh: FreshDatabase
) -> None:
    before = dump(fresh)

    def act() -> None:
        with database.writing() as unit:
            write(unit)
            unit.jobs.add(JobName.SEAL, "a", START)
            assert postgres_server.kill_backends(fresh.url) >= 1
            write(unit)

    with pytest.raises(Unavailable, match="database-unavailable") as refusal:
        act()
    assert "outcome" not in refusal.value.fields, "it had not begun to commit"
    assert dump(fresh) == before
    with database.writing() as unit:
        assert write(unit) == 0


def test_a_backend_that_was_killed_while_idle_costs_no_request(
    database: SqlDatabase, postgres_server: PostgresServer, fresh: FreshDatabase
) -> None:
    assert entries(database) == []
    for number in (1, 2):
        assert postgres_server.kill_backends(fresh.url) >= 1
        with database.writing() as unit:
            assert write(unit) == number - 1


def test_a_server_that_stops_is_unavailable_and_when_it_is_back_all_goes_on(
    own_server: PostgresServer,
) -> None:
    database = open_migrated(FreshDatabase(own_server.new_database()))
    with database.writing() as unit:
        write(unit)
    own_server.stop("immediate")
    try:
        for open_ in (database.reading, database.writing):
            with pytest.raises(Unavailable) as refusal, open_():
                pytest.fail("nobody is there")
            assert refusal.value.fields == {"reason": "no-connection"}
    finally:
        own_server.start()
    assert entries(database) == [1]
    database.close()


def test_too_many_connections_are_unavailable(database: SqlDatabase, postgres_server: PostgresServer) -> None:
    url = database.engine.url
    postgres_server.ask(f"ALTER DATABASE {url.database} CONNECTION LIMIT 1")
    with database.reading(), pytest.raises(Unavailable, match="database-unavailable"), database.reading():
        pytest.fail("there was room")
    assert entries(database) == []


# Locks and limits.


def test_a_writer_that_waits_too_long_is_told_unavailable_and_the_other_is_not_disturbed(
    database: SqlDatabase,
) -> None:
    each_connection(database, "SET lock_timeout = '100ms'")
    with database.writing() as unit:
        write(unit)
        with pytest.raises(Unavailable) as refusal, database.writing() as other:
            write(other)
        assert refusal.value.fields == {"reason": "55P03"}
        write(unit)
    assert entries(database) == [1, 2]


def test_a_writer_that_stands_still_is_put_out_and_the_next_one_gets_in(database: SqlDatabase) -> None:
    each_connection(database, "SET idle_in_transaction_session_timeout = '200ms'")
    done: list[int] = []

    def next_one() -> None:
        with database.writing() as unit:
            done.append(write(unit))

    def stand_still() -> None:
        with database.writing() as unit:
            write(unit)
            thread.start()
            thread.join()
            write(unit)

    thread = Thread(target=next_one)
    with pytest.raises(Unavailable):
        stand_still()
    assert done == [0]
    assert entries(database) == [1]


def test_a_statement_that_takes_too_long_is_unavailable(database: SqlDatabase) -> None:
    each_connection(database, "SET statement_timeout = '100ms'")
    with pytest.raises(Unavailable) as refusal, database._said_plainly(), database.engine.connect() as one:
        one.execute(text("SELECT pg_sleep(10)"))
    assert refusal.value.fields == {"reason": "57014"}


def test_a_reading_transaction_cannot_write(database: SqlDatabase, fresh: FreshDatabase) -> None:
    before = dump(fresh)
    with pytest.raises(Unavailable) as refusal, database.reading() as unit:
        write(unit)
    assert refusal.value.fields == {"reason": "25006"}
    assert dump(fresh) == before


def test_an_error_that_was_swallowed_is_not_taken_for_a_commit(
    database: SqlDatabase, fresh: FreshDatabase
) -> None:
    """The server answers COMMIT with a silent rollback once a statement has failed."""
    before = dump(fresh)

    def act() -> None:
        with database.writing() as unit:
            write(unit)
            with suppress(IntegrityError):
                unit.claims.take("device", "name", "0" * 32)  # of an upload that is not there

    with pytest.raises(Unavailable) as refusal:
        act()
    assert refusal.value.fields == {"reason": "25P02"}
    assert dump(fresh) == before


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("53100", NoSpace),
        ("53200", Unavailable),
        ("57P03", Unavailable),
        ("40001", Unavailable),
        ("40P01", Unavailable),
        ("58030", Unavailable),
        ("XX001", Unavailable),
        ("42501", Misconfigured),
        ("28P01", Misconfigured),
        ("23514", DBAPIError),
        ("22001", DBAPIError),
        ("42P01", DBAPIError),
    ],
)
def test_a_state_of_the_server_is_said_by_its_number(
    database: SqlDatabase, fresh: FreshDatabase, state: str, said: type[Exception]
) -> None:
    fresh.raw(
        "CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{state}'; END $$"
    )
    fresh.raw("CREATE TRIGGER trouble BEFORE INSERT ON job EXECUTE FUNCTION trouble()")
    before = dump(fresh)
    with pytest.raises(said) as told, database.writing() as unit:
        write(unit)
        unit.jobs.add(JobName.SEAL, "a", START)
    assert type(told.value) is said or said is DBAPIError
    if said is Unavailable:
        assert told.value.fields == {"reason": state}  # type: ignore[attr-defined]
    assert dump(fresh) == before


# Guards taken away, and tables that are elsewhere or forgotten.


def refused(database: SqlDatabase) -> dict[str, object]:
    with pytest.raises(Unavailable) as refusal, database.writing() as unit:
        write(unit)
    assert refusal.value.code == "database-not-durable"
    return dict(refusal.value.fields)


@pytest.mark.parametrize("whose", ["DATABASE {database}", "ROLE evidence IN DATABASE {database}"])
def test_a_session_whose_triggers_do_not_fire_is_refused(
    database: SqlDatabase, postgres_server: PostgresServer, fresh: FreshDatabase, whose: str
) -> None:
    before = dump(fresh)
    whose = whose.format(database=database.engine.url.database)
    postgres_server.ask(f"ALTER {whose} SET session_replication_role = replica")
    with database.writing() as unit:  # a connection of before has kept its own
        write(unit)
    database.close()
    after = dump(fresh)
    assert refused(database) == {"session_replication_role": "replica"}
    assert before != after == dump(fresh)
    postgres_server.ask(f"ALTER {whose} RESET ALL")
    with database.writing() as unit:
        assert write(unit) == 1


def test_a_session_whose_triggers_stop_firing_gets_no_lock(
    postgres_server: PostgresServer, database: SqlDatabase, fresh: FreshDatabase
) -> None:
    before = dump(fresh)
    postgres_server.ask(f"GRANT SET ON PARAMETER session_replication_role TO {database.engine.url.username}")
    each_connection(database, "SET session_replication_role = replica")
    assert refused(database) == {"session_replication_role": "replica"}
    assert dump(fresh) == before


def test_a_trigger_that_was_switched_off_is_refused(database: SqlDatabase, fresh: FreshDatabase) -> None:
    fresh.raw("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    database.close()
    before = dump(fresh)
    assert refused(database) == {"triggers_off": "audit_entry"}
    assert dump(fresh) == before


@pytest.mark.parametrize("name", ["job", "alembic_version"])
def test_a_schema_before_ours_that_holds_a_table_of_the_same_name_is_refused_and_catches_nothing(
    database: SqlDatabase, fresh: FreshDatabase, name: str
) -> None:
    assert entries(database) == []
    fresh.raw(f"CREATE SCHEMA evidence; CREATE TABLE evidence.{name} (LIKE public.{name} INCLUDING ALL)")
    with database.writing() as unit:  # a running service goes on where it was
        write(unit)
        unit.jobs.add(JobName.SEAL, "a", START)
    assert fresh.raw("SELECT count(*) FROM public.job") == [(1,)]
    assert fresh.raw(f"SELECT count(*) FROM evidence.{name}") == [(0,)]
    database.close()
    assert refused(database) == {"schemas": "evidence, public"}
    with pytest.raises(Unavailable, match="database-not-durable"):
        SqlDatabase(fresh.url, SITE).migrate()
    fresh.raw("DROP SCHEMA evidence CASCADE")
    assert entries(database) == [1]


def test_a_site_in_a_schema_of_its_own_goes_on_there_whatever_is_made_before_it(fresh: FreshDatabase) -> None:
    fresh.raw("CREATE SCHEMA evidence")
    database = open_migrated(fresh)
    with database.writing() as unit:
        write(unit)
    assert tables(fresh) == [], "nothing in public"
    fresh.raw("CREATE SCHEMA first; CREATE TABLE first.job (id text)")
    through = SqlDatabase(f"{fresh.url}?options=-csearch_path%3Dfirst,evidence", SITE)
    assert refused(through) == {"schemas": "evidence, first"}
    through.close()
    database.close()
    assert entries(database) == [1]
    database.close()


def test_a_table_that_a_crash_would_empty_is_refused(database: SqlDatabase, fresh: FreshDatabase) -> None:
    fresh.raw("ALTER TABLE job SET UNLOGGED")
    database.close()
    before = dump(fresh)
    assert refused(database) == {"unlogged": "job"}
    with pytest.raises(Unavailable, match="database-not-durable"):
        SqlDatabase(fresh.url, SITE).migrate()
    assert dump(fresh) == before
    fresh.raw("ALTER TABLE job SET LOGGED")
    assert entries(database) == []


def test_a_connection_in_clear_over_a_network_is_warned_of_once(
    own_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever address of its own this machine has, if any: to the server it is a network's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        with suppress(OSError):  # no way to there
            asked.connect(("192.0.2.99", 9))  # sends nothing
        near = str(asked.getsockname()[0])
    if near.startswith(("127.", "0.")):
        pytest.skip("this machine has no address but the loopback's")
    with (own_server.folder / "data" / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {near}/32 scram-sha-256\n")
    own_server.set("listen_addresses", "*")
    url = own_server.new_database()
    for address, said in ((url, 0), (url.replace("127.0.0.1", near), 1)):
        caplog.clear()
        database = SqlDatabase(address, SITE)
        with database.engine.connect(), database.engine.connect():
            pass
        database.close()
        told = [one for one in caplog.messages if "未加密" in one]
        assert len(told) == said
        assert all(near in one and "sslmode=verify-full" in one for one in told)
