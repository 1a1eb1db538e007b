"""SQLite: the database in one file, for a site of one process or a few on one machine.

WAL with synchronous=FULL, read back on every connection (measured: NORMAL loses acknowledged commits at a
power cut). A writing transaction takes the write lock at once (BEGIN IMMEDIATE), so it cannot fail halfway
for want of it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from evidence.adapters.db.doors import enter
from evidence.errors import NoSpace, Unavailable

LOCK_WAIT_S = 30
KEPT_OPEN, MOST_OPEN = 40, 64
_PAUSE_S = 0.05
_KNOCK_S = 0.001


class Sqlite:
    """See opening.Machine."""

    def __init__(self, address: URL) -> None:
        self._turn, self._folder = Lock(), Path(str(address.database)).parent
        self.engine = create_engine(
            address,
            poolclass=QueuePool,
            # As many stay open as the service has threads for requests: what goes beyond is closed when it is
            # given back, and to open one anew costs more than most requests. The last one used comes first.
            pool_size=KEPT_OPEN,
            max_overflow=MOST_OPEN - KEPT_OPEN,
            pool_use_lifo=True,
            hide_parameters=True,  # names of people and files have no place in a message
            connect_args={"timeout": LOCK_WAIT_S},
        )
        event.listen(self.engine, "connect", harden)
        event.listen(self.engine, "begin", _begin)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn to write, among the threads of this process and then among the processes of
        this machine. SQLite alone lets those who wait sleep and ask again, up to a tenth of a second each
        time, and whoever asks at the right moment is next. Raises: Unavailable.
        """
        until = time.monotonic() + LOCK_WAIT_S
        if not self._turn.acquire(timeout=LOCK_WAIT_S):
            raise Unavailable("database-unavailable", reason="no-turn-to-write")
        try:
            with _first(self._folder, until):
                yield
        finally:
            self._turn.release()

    def settle(self) -> None:
        """Sync the log of the database.

        SQLite reads commits of a killed process back from the page cache, where a power cut would still lose
        them (drill F02, "asked"); a checkpoint syncs its log first.
        """
        with closing(self.engine.raw_connection()) as connection:
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error as problem:  # the driver's own: told as all its errors
                raise DBAPIError("PRAGMA wal_checkpoint", None, problem) from problem

    def said(self, problem: DBAPIError) -> Exception:
        """Say a driver's error in the terms of this program."""
        text = str(problem.orig)
        if "disk is full" in text:
            return NoSpace("no-space", where="database")
        if "append-only" in text or "constraint" in text.lower():
            return problem
        return Unavailable("database-unavailable", reason=text)


@contextmanager
def _first(folder: Path, until: float) -> Iterator[None]:
    """Be the first of those processes that wait at the folder of the database. Not at the file itself: to
    close that anywhere in a process would drop the locks that SQLite has on it. Raises: Unavailable.
    """
    try:
        door = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as problem:
        raise Unavailable("database-unavailable", reason=str(problem)) from problem
    try:
        enter(door, until, _KNOCK_S, "no-turn-to-write")
        yield
    finally:
        os.close(door)


def harden(dbapi_connection: Any, _record: object) -> None:
    """Set the durable modes on a new connection and read them back; refuse to run on anything weaker."""
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    cursor = dbapi_connection.cursor()
    # The driver's own autocommit must not sit between us and BEGIN IMMEDIATE.
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    cursor.close()
    if str(mode).lower() != "wal" or int(synchronous) < 2:
        raise Unavailable("database-not-durable", journal_mode=mode, synchronous=synchronous)


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a database to WAL, which it then stays in. Of several that open a new file at the same moment,
    SQLite refuses all but one at once, whatever the time to wait: the others ask again.
    """
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            is_busy = problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_S)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes = options.get("evidence_writes", True)
    if options.get("evidence_fills", False):
        # What is new goes straight into the file, and not into a log first: nothing old but an empty schema
        # has to be kept for a rollback. EXTRA: the end of the journal is the commit, and must be durable too.
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.exec_driver_sql("PRAGMA synchronous=EXTRA")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
