"""Opening the database and its transactions. Refuses to run where a commit would not survive a power cut.

SQLite: WAL with synchronous=FULL, read back on every connection (measured: NORMAL loses acknowledged commits
at a power cut). A writing transaction takes the write lock at once (BEGIN IMMEDIATE), so it cannot fail half-
way
for want of it. Every commit of the whole program happens here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.pool import QueuePool

from evidence.adapters.db import schema
from evidence.adapters.db.repositories.accounts import SqlAccounts
from evidence.adapters.db.repositories.cards import SqlCards
from evidence.adapters.db.repositories.claims import SqlClaims
from evidence.adapters.db.repositories.examinations import SqlExaminations
from evidence.adapters.db.repositories.jobs import SqlJobs
from evidence.adapters.db.repositories.log import SqlLog
from evidence.adapters.db.repositories.recordings import SqlRecordings
from evidence.adapters.db.repositories.uploads import SqlUploads
from evidence.errors import NoSpace, Unavailable


class SqlUnitOfWork:
    """One transaction over all repositories."""

    def __init__(self, connection: Connection) -> None:
        self.accounts = SqlAccounts(connection)
        self.cards = SqlCards(connection)
        self.claims = SqlClaims(connection)
        self.uploads = SqlUploads(connection)
        self.recordings = SqlRecordings(connection)
        self.examinations = SqlExaminations(connection)
        self.jobs = SqlJobs(connection)
        self.log = SqlLog(connection)


class SqlDatabase:
    """A database by URL ("sqlite:////path/evidence.db")."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(
            url, poolclass=QueuePool, pool_size=8, max_overflow=56, connect_args={"timeout": 30}
        )
        event.listen(self.engine, "connect", _harden)
        event.listen(self.engine, "begin", _begin)

    def migrate(self) -> None:
        """Bring the schema to the version of this program. Raises: Unavailable when it is newer than we
        are.
        """
        with _said_plainly():
            schema.migrate(self.engine)
            self._settle()

    def _settle(self) -> None:
        """Make durable what a killed process had committed and not yet synced; before, nobody may be told
        of it.

        SQLite reads such commits back from the page cache, where a power cut would still lose them (drill
        F02, "asked"); a checkpoint syncs its log first.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def writing(self) -> Iterator[SqlUnitOfWork]:
        """Open a writing transaction; commit on leaving, roll back on an exception."""
        with self._open("IMMEDIATE") as unit:
            yield unit

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """Open a transaction that only reads."""
        with self._open("DEFERRED") as unit:
            yield unit

    @contextmanager
    def _open(self, mode: str) -> Iterator[SqlUnitOfWork]:
        with _said_plainly(), self.engine.connect() as connection:
            connection = connection.execution_options(evidence_begin=mode)
            with connection.begin():
                yield SqlUnitOfWork(connection)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _harden(dbapi_connection: Any, _record: object) -> None:
    """Set the durable modes on a new connection and read them back; refuse to run on anything weaker."""
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    cursor = dbapi_connection.cursor()
    # The driver's own autocommit must not sit between us and BEGIN IMMEDIATE.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    cursor.close()
    if str(mode).lower() != "wal" or int(synchronous) < 2:
        raise Unavailable("database-not-durable", journal_mode=mode, synchronous=synchronous)


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("evidence_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Say the driver's errors, and that no connection is free, in the terms of this program."""
    try:
        yield
    except DBAPIError as problem:
        raise _translated(problem) from problem
    except TimeoutError as problem:
        raise Unavailable("database-unavailable", reason=str(problem)) from problem


def _translated(problem: DBAPIError) -> Exception:
    text = str(problem.orig)
    if "disk is full" in text:
        return NoSpace("no-space", where="database")
    if "append-only" in text or "constraint" in text.lower():
        return problem
    return Unavailable("database-unavailable", reason=text)
