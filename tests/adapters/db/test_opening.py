"""Which engine a URL means, and that no error and no note of the log ever shows what stands in it."""

from __future__ import annotations

import logging
import traceback
from urllib.parse import quote, urlsplit

import pytest

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.errors import EvidenceError, Invalid, Misconfigured, Unavailable
from tests.adapters.db.engines import FreshDatabase, open_migrated
from tests.builders import SITE
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port

SECRET = "pass-4711-wort"


@pytest.mark.parametrize(
    "url",
    ["", "evidence.db", "mysql://host/name", "postgresql+psycopg2://host/name", "sqlite+aiosqlite:///x"],
)
def test_an_engine_that_is_not_ours_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        SqlDatabase(url, SITE)
    assert refusal.value.code == "settings-wrong"
    assert refusal.value.fields["setting"] == "database"


def everything_said(problem: EvidenceError, caplog: pytest.LogCaptureFixture) -> str:
    """Return all that anybody could come to read of an error: itself, its causes, the log."""
    return "".join(traceback.format_exception(problem)) + repr(problem.fields) + caplog.text


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://evidence:{SECRET}@host/name",
        f"postgresql://evidence:{SECRET}",
        f"postgresql://evidence:x@{SECRET}@host/name",
        f"postgresql://evidence:x@y:{SECRET}@host:5432/name",
        f"postgresql://evidence:{SECRET}@host:port/name",
        f"postgresql://evidence@host/name?passwort={SECRET}",
        f"postgresql://evidence:{SECRET}@host/name?no_such_option=1",
    ],
)
def test_a_url_that_is_refused_is_not_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Invalid) as refusal:
        SqlDatabase(url, SITE)
    assert refusal.value.code == "settings-wrong"
    assert SECRET not in everything_said(refusal.value, caplog)


@pytest.mark.parametrize("password", [SECRET, f"@/:?#{SECRET}%", f"'\\ {SECRET}"])
def test_a_server_that_is_not_there_is_unavailable_and_the_password_is_not_shown(
    password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    database = SqlDatabase(
        f"postgresql://evidence:{quote(password, safe='')}@127.0.0.1:{free_port()}/name", SITE
    )
    with pytest.raises(Unavailable) as refusal, database.reading():
        pytest.fail("nobody is there")
    assert refusal.value.fields == {"reason": "no-connection"}
    assert "refused" in caplog.text, "the operator reads why"
    assert SECRET not in everything_said(refusal.value, caplog)


def test_a_host_that_holds_the_password_is_not_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody types it so on purpose; the driver would show the name it cannot find."""
    url = f"postgresql://evidence:{SECRET}@{SECRET}.invalid/name"
    with pytest.raises(Unavailable) as refusal, SqlDatabase(url, SITE).reading():
        pytest.fail("nobody is there")
    assert "(withheld)" in caplog.text
    assert SECRET not in str(refusal.value) + caplog.text


def test_a_wrong_password_and_a_wrong_name_are_a_wrong_setting_and_not_shown(
    postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = urlsplit(postgres_server.new_database())
    right = str(url.password)
    wrong = url._replace(netloc=url.netloc.replace(right, SECRET)).geturl()
    for address, code in (
        (wrong, "database-user-refused"),
        (url._replace(path="/no-such-database").geturl(), "database-not-there"),
    ):
        with pytest.raises(Misconfigured) as refusal:
            SqlDatabase(address, SITE).migrate()
        assert refusal.value.code == code
        for secret in (SECRET, right):
            assert secret not in everything_said(refusal.value, caplog)


def test_the_options_of_a_url_reach_the_server(postgres_server: PostgresServer) -> None:
    fresh = FreshDatabase(postgres_server.new_database() + "?application_name=dock-hall&connect_timeout=3")
    database = open_migrated(fresh)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "dock-hall"
    database.close()


def test_an_option_that_weakens_a_commit_is_refused(postgres_server: PostgresServer) -> None:
    fresh = FreshDatabase(postgres_server.new_database())
    database = SqlDatabase(fresh.url + "?options=-csynchronous_commit%3Doff", SITE)
    with pytest.raises(Unavailable) as refusal:
        database.migrate()
    assert refusal.value.code == "database-not-durable"
    assert refusal.value.fields == {"synchronous_commit": "off"}
    assert fresh.raw("SELECT * FROM pg_tables WHERE schemaname = 'public'") == []
