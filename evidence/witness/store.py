"""What a witness remembers: of each log the size, the root and the checkpoint that it cosigned last.

One SQLite file, each change one synced transaction. A state moves by compare and swap, from the one that was
read to one that continues it, or not at all; whether it continues it is decided in between, in the same turn.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.witnessing import NOTHING_SEEN, Seen

FILE = "state.db"
_WAIT_S = 10.0  # for another process at the file, a backup perhaps
_TABLE = """
CREATE TABLE seen (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, at INTEGER NOT NULL
) STRICT
"""


class Store:
    """The state of a witness; for any number of threads."""

    def __init__(self, folder: Path) -> None:
        """Open a state that is there: a lost one must not look like a witness that has seen nothing.

        Raises: Unavailable("witness-state-unreadable").
        """
        file = folder / FILE
        try:
            self._db = _connect(file)
            self._db.execute("SELECT origin, size, root, note, at FROM seen").fetchall()
        except sqlite3.DatabaseError as problem:
            raise Unavailable("witness-state-unreadable", file=str(file), reason=str(problem)) from problem
        self._turn = Lock()

    def close(self) -> None:
        """Close the file, after the turn in hand."""
        with self._turn:
            self._db.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be alone with the state: what was moved is durable at the end, or nothing was.

        Raises: Unavailable("witness-state-unreadable") where the file cannot be written.
        """
        with self._turn:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.DatabaseError as problem:
                raise Unavailable("witness-state-unreadable", file=FILE, reason=str(problem)) from problem

    def seen(self, origin: str) -> Seen:
        """Return what was cosigned last of a log; in a turn."""
        row = self._db.execute("SELECT size, root FROM seen WHERE origin = ?", (origin,)).fetchone()
        return NOTHING_SEEN if row is None else Seen(row[0], row[1])

    def note(self, origin: str) -> bytes:
        """Return the checkpoint that was cosigned last, as its log signed it; nothing where none was."""
        with self._turn:
            row = self._db.execute("SELECT note FROM seen WHERE origin = ?", (origin,)).fetchone()
        return b"" if row is None else bytes(row[0])

    def move(self, origin: str, old: Seen, new: Seen, note: bytes, at: int) -> None:
        """Move the state of a log from `old` on; in a turn. at: seconds since 1970-01-01 UTC.

        Raises: IntegrityFault("witness-state-moved") unless it stands there.
        """
        values = (new.size, new.root, note, at, origin, old.size, old.root, new.size)
        change = (
            "UPDATE seen SET size = ?, root = ?, note = ?, at = ?"
            " WHERE origin = ? AND size = ? AND root = ? AND size <= ?"
        )
        done = self._db.execute(change, values).rowcount
        if not done and old == NOTHING_SEEN:
            first = (origin, new.size, new.root, note, at)
            done = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)", first).rowcount
        if done != 1:
            raise IntegrityFault("witness-state-moved", origin=origin, size=new.size)


def make_store(folder: Path) -> None:
    """Make the state of a new witness, which has seen nothing."""
    os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    made = _connect(folder / FILE)
    made.execute(_TABLE)
    made.close()


def _connect(file: Path) -> sqlite3.Connection:
    where = f"file:{quote(str(file.absolute()))}?mode=rw"  # never makes one
    opened = sqlite3.connect(where, _WAIT_S, isolation_level=None, check_same_thread=False, uri=True)
    # A rollback journal: the state is one file again after each change.
    opened.execute("PRAGMA journal_mode=DELETE")
    opened.execute("PRAGMA synchronous=EXTRA")
    return opened
