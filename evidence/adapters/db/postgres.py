"""PostgreSQL: the database on a server, for a site of several processes or machines.

One writer at a time, as on SQLite: a writing transaction first takes an advisory lock, in READ COMMITTED, so
that each of its later statements sees all commits before it (in REPEATABLE READ the picture would be taken
before the wait). A reading transaction is REPEATABLE READ READ ONLY: one picture. Limits in time: nobody who
was stopped may hold the site for ever. A server that may forget a commit, or sorts and stores text otherwise
than SQLite, is refused on every new connection (decision 10); so is one where triggers do not fire, or where
tables are kept in memory or found in two places.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from evidence.adapters.db.tables import metadata
from evidence.errors import Invalid, Misconfigured, NoSpace, Unavailable
from evidence.locale import say

log = logging.getLogger("evidence.database")

WRITER = 0x65766964  # the advisory lock of the one writer ("evid"); nothing else of ours takes advisory locks
POOL, OVERFLOW = 4, 12  # 16 connections to a process: six processes fit under the usual limit of 100
LOCK_WAIT_S, STATEMENT_S, IDLE_S = 30, 120, 60
# The server keeps these limits itself; one that stands still (a frozen machine, a stalled disc) keeps
# none, while its kernel goes on answering. So they are timed here too: what begins a transaction by the first
# number, each statement by its limit and the second.
SILENCE_S, GRACE_S = 10, 10
_LOOK_S = 0.1  # psycopg's own: how often a wait looks whether it was interrupted

# A dead line is noticed within half a minute. The URL may say otherwise.
_LINE = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "fallback_application_name": "evidence",
}
# synchronous_commit is set to what it is, so that a server told to forget less later does not reach us.
_PREPARE = f"""
SELECT set_config('lock_timeout', '{LOCK_WAIT_S}s', false),
       set_config('statement_timeout', '{STATEMENT_S}s', false),
       set_config('idle_in_transaction_session_timeout', '{IDLE_S}s', false),
       set_config('synchronous_commit', current_setting('synchronous_commit'), false)
"""
_ASK = """
SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('session_replication_role'), current_setting('server_encoding'),
       coalesce(to_jsonb(mine) ->> 'datlocprovider', 'c'), mine.datcollate
FROM pg_database AS mine WHERE mine.datname = current_database()
"""
_KEEPS = ("fsync", "full_page_writes", "synchronous_commit", "session_replication_role")
_WEAK = ("off", "replica")  # the latter: no trigger fires
# Everything that bears the name of a table of ours where a statement would look for it. Of two of one name
# the first would take every row: a copy of the tables that somebody has put beside them, say.
_FIND = """
SELECT place.nspname, thing.relname, thing.relpersistence,
       EXISTS (SELECT FROM pg_trigger
               WHERE tgrelid = thing.oid AND NOT tgisinternal AND tgenabled IN ('D', 'R'))
FROM pg_class AS thing JOIN pg_namespace AS place ON place.oid = thing.relnamespace
WHERE thing.relname = ANY(%s) AND place.nspname = ANY(current_schemas(false))
ORDER BY 1, 2
"""
_STAY = "SELECT set_config('search_path', quote_ident(coalesce(%s, current_schema())), false)"
# The promises are asked for again with each lock: fsync can be switched off under an open connection.
_BE_ALONE = f"""
SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('session_replication_role')
FROM pg_advisory_xact_lock({WRITER})
"""  # noqa: S608 (a number of ours)
_BY_CODE_POINT = ("C", "POSIX", "C.UTF-8", "C.utf8")
# Classes of SQLSTATE that are the machine's trouble: connection, state of the transaction, rollback forced,
# resources, state of an object (locks), operator, system, internal.
_MACHINE = ("08", "25", "40", "53", "55", "57", "58", "XX")
_DISK_FULL, _NOT_PERMITTED, _FAILED_TRANSACTION = "53100", "42501", "25P02"
# What no wait mends, by class of SQLSTATE: sign-in, no such database, no right.
_WRONG = {"28": "database-user-refused", "3D": "database-not-there", "42": "database-rights-missing"}
# A connection that is refused has no SQLSTATE in libpq; its text is the server's, in the server's language.
_WRONG_TEXTS = {
    "database-not-there": re.compile(r'FATAL:  database ".*" does not exist|致命错误:  数据库 ".*" 不存在'),
    "database-user-refused": re.compile(
        r"FATAL:  \S+ authentication failed for user"
        r'|FATAL:  role ".*" (does not exist|is not permitted to log in)|FATAL:  no pg_hba\.conf entry'
        "|FATAL:  pg_hba.conf rejects|no password supplied"
        '|致命错误:  用户 ".*" Password 认证失败|致命错误:  角色 ".*" 不存在'
    ),
    "database-not-trusted": re.compile(
        "certificate verify failed|server certificate for|root certificate file|does not support SSL"
    ),
}


class Postgres:
    """See opening.Machine."""

    def __init__(self, address: URL) -> None:
        given = dict(address.query)
        line = {name: value for name, value in _LINE.items() if name not in given}
        _verify_options(given)
        self._is_warned = False
        self._secrets = _secrets(address)
        self.engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            poolclass=QueuePool,
            pool_size=POOL,
            max_overflow=OVERFLOW,
            pool_pre_ping=True,  # a backend that was ended while idle costs no request
            hide_parameters=True,  # names of people and files have no place in a message
            connect_args={**line, "client_encoding": "UTF8"},
        )
        event.listen(self.engine, "do_connect", _connect)
        event.listen(self.engine, "connect", harden)
        event.listen(self.engine, "connect", self._warn_of_an_open_line)
        event.listen(self.engine, "begin", _begin)
        event.listen(self.engine, "commit", _verify_whole)

    def turn(self) -> AbstractContextManager[None]:
        """See opening.Machine: the server itself lets its writers wait in a row."""
        return nullcontext()

    def settle(self) -> None:
        """Do nothing: a server that recovers has synced everything before it lets anybody in."""

    def said(self, problem: DBAPIError) -> Exception:
        """Say a driver's error in the terms of this program, by its SQLSTATE; by its text only why no
        connection can be made.
        """
        state = getattr(problem.orig, "sqlstate", None)
        if state == _DISK_FULL:
            return NoSpace("no-space", where="database")
        if state is None and isinstance(problem.orig, psycopg.OperationalError | psycopg.InterfaceError):
            text = str(problem.orig)
            log.warning("no connection to the database: %s", self._clean(text))
            for code, words in _WRONG_TEXTS.items():
                if words.search(text):
                    return Misconfigured(code, setting="database")
            return Unavailable("database-unavailable", reason="no-connection")
        if state == _NOT_PERMITTED or (state is not None and state[:2] in ("28", "3D")):
            return Misconfigured(_WRONG[state[:2]], setting="database", reason=state)
        if state is not None and state[:2] in _MACHINE:
            return Unavailable("database-unavailable", reason=state)
        return problem

    def _warn_of_an_open_line(self, connection: Any, _record: object) -> None:
        """Say once that names and rows go over a network in clear. Allowed: it may be one's own."""
        address = connection.pgconn.hostaddr.decode()  # empty for a socket of this machine
        is_near = not address or ip_address(address).is_loopback
        if self._is_warned or is_near or connection.pgconn.ssl_in_use:
            return
        self._is_warned = True
        log.warning("%s", say("cli.database-in-clear", address=address))

    def _clean(self, text: str) -> str:
        """Return a text of the driver for the operator's log, or nothing of it if a secret stands in it."""
        return "(withheld)" if any(secret in text for secret in self._secrets) else " ".join(text.split())


class TimedConnection(psycopg.Connection[Any]):
    """A connection that waits for no answer longer than the server may take for it, and is closed then.

    may_take_time: no limit for the statements of the transaction in hand.
    """

    may_take_time = False

    def wait(self, gen: PQGen[RV], interval: float = _LOOK_S, timeout: float | None = None) -> RV:
        """Run to its end what psycopg waits for. Raises: psycopg.OperationalError: the server is silent."""
        if self.info.transaction_status == TransactionStatus.IDLE:
            self.may_take_time, limit = False, float(SILENCE_S)
        else:
            limit = math.inf if self.may_take_time else float(STATEMENT_S + GRACE_S)
        try:
            return super().wait(gen, interval, limit if timeout is None else min(limit, timeout))
        except psycopg.errors._WaitTimeout:
            self.close()  # an answer that comes after all must not be taken for that to a later question
            raise psycopg.OperationalError(f"no answer for {limit:.0f} seconds") from None


def take_time(connection: Connection) -> None:
    """Lift the limit on statements for the transaction in hand; a server that goes silent is then waited for
    by whoever watches.
    """
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    driver: Any = connection.connection.dbapi_connection
    driver.may_take_time = True


def _connect(_dialect: object, _record: object, words: Sequence[str], options: dict[str, Any]) -> Any:
    return TimedConnection.connect(*words, **options)


def harden(dbapi_connection: Any, _record: object) -> None:
    """Set the limits on a new connection and ask what the server promises; refuse to run on anything weaker.

    Raises: Unavailable("database-not-durable").
    """
    dbapi_connection.autocommit = True  # we say BEGIN ourselves
    try:
        dbapi_connection.execute(_PREPARE)
        *keeps, encoding, provider, collation = dbapi_connection.execute(_ASK).fetchone()
        _verify_promises(dict(zip(_KEEPS, keeps, strict=True)))
        if encoding != "UTF8":
            raise Unavailable("database-not-durable", server_encoding=encoding)
        # Another order can change with the C library, and then unique names are no longer unique.
        if provider != "b" and (provider != "c" or collation not in _BY_CODE_POINT):
            raise Unavailable("database-not-durable", collation=collation, provider=provider)
        _stay_with_our_tables(dbapi_connection)
    except BaseException:
        dbapi_connection.close()
        raise


def _stay_with_our_tables(dbapi_connection: Any) -> None:
    """Let a connection look for tables only in the schema that holds ours, or will hold them."""
    found = dbapi_connection.execute(_FIND, ([*metadata.tables, "alembic_version"],)).fetchall()
    schemas = sorted({schema for schema, *_ in found})
    wrong = {
        "schemas": schemas if len(schemas) > 1 else [],
        "triggers_off": [name for _, name, _, is_off in found if is_off],
        "unlogged": [name for _, name, persistence, _ in found if persistence != "p"],
    }
    if any(wrong.values()):
        fields = {name: ", ".join(values) for name, values in wrong.items() if values}
        raise Unavailable("database-not-durable", **fields)
    dbapi_connection.execute(_STAY, (schemas[0] if schemas else None,))


def _verify_promises(settings: dict[str, str]) -> None:
    weak = {name: value for name, value in settings.items() if value in _WEAK}
    if weak:
        raise Unavailable("database-not-durable", **weak)


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("evidence_writes", True):
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    _verify_promises(dict(zip(_KEEPS, connection.exec_driver_sql(_BE_ALONE).one(), strict=True)))


def _verify_whole(connection: Connection) -> None:
    """Refuse to commit when a statement failed and its error was swallowed: the server would answer such a
    COMMIT with a rollback, and no driver calls that an error.
    """
    driver: Any = connection.connection.dbapi_connection
    if driver.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INERROR):
        raise Unavailable("database-unavailable", reason=_FAILED_TRANSACTION)


def _verify_options(given: dict[str, Any]) -> None:
    """Refuse an option that the driver does not know now, and not with the first request."""
    for name, value in given.items():
        try:
            make_conninfo("", **{name: value if isinstance(value, str) else ""})
        except psycopg.ProgrammingError:  # its text may hold a value
            raise Invalid(
                "settings-wrong", setting="database", reason="option-unknown", option=name
            ) from None


def _secrets(address: URL) -> tuple[str, ...]:
    """Return what must never be shown, in every form in which it could stand in a text."""
    options = [address.query.get(name) for name in ("password", "sslpassword")]
    plain = [text for text in (address.password, *options) if isinstance(text, str) and text]
    return tuple(form for text in plain for form in (text, quote(text), quote(text, safe="")))
