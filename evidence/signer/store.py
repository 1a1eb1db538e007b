"""What the signer remembers: the last tree and checkpoint of each log, its keys, and whether it stopped.

One SQLite file, each change one synced transaction. A state moves by compare and swap: from the size that was
read to a greater one, or not at all. Private keys are not in it (keys.py).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.merkle import Frontier

_TABLES = """
CREATE TABLE IF NOT EXISTS signed (
  log TEXT PRIMARY KEY, size INTEGER NOT NULL, frontier BLOB NOT NULL, note BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS key (
  label TEXT PRIMARY KEY, log TEXT NOT NULL, vkey TEXT NOT NULL, since TEXT NOT NULL, until TEXT) STRICT;
CREATE TABLE IF NOT EXISTS halt (
  id INTEGER PRIMARY KEY CHECK (id = 1), reason TEXT NOT NULL, at TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed last of a log: its tree, and the checkpoint as it was given out (empty at size 0)."""

    frontier: Frontier
    note: bytes


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key of a log. since, until: UTC text; until is None as long as the key signs."""

    label: str
    log: str
    vkey: str
    since: str
    until: str | None


class Store:
    """The state of a signer. Not for several threads at once."""

    def __init__(self, file: Path) -> None:
        """Open or make the state. Raises: Unavailable("signer-state-unreadable")."""
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
            # A rollback journal: the state is one file again after each change, and easy to keep apart.
            self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.execute("PRAGMA synchronous=EXTRA")
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as problem:
            raise Unavailable("signer-state-unreadable", file=str(file), reason=str(problem)) from problem

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def signed(self, log: str) -> Signed | None:
        """Return what was signed last, None for a log that this signer never began."""
        row = self._db.execute("SELECT size, frontier, note FROM signed WHERE log = ?", (log,)).fetchone()
        return None if row is None else Signed(Frontier.from_bytes(row[0], row[1]), row[2])

    def logs(self) -> Sequence[str]:
        """Return the logs that were begun."""
        return [row[0] for row in self._db.execute("SELECT log FROM signed ORDER BY log")]

    def begin(self, log: str, signed: Signed, key: StoredKey) -> None:
        """Begin a log, with its first key. Raises: IntegrityFault("signed-already")."""
        with self._writing():
            if self.signed(log) is not None:
                raise IntegrityFault("signed-already", log=log)
            values = (log, signed.frontier.size, signed.frontier.to_bytes(), signed.note)
            self._db.execute("INSERT INTO signed VALUES (?, ?, ?, ?)", values)
            self._add_key(key)

    def move(self, log: str, old: int, new: Signed) -> None:
        """Move the state of a log from size `old` on.

        Raises: IntegrityFault("signed-already") unless it stands there, or when it would not grow.
        """
        size = new.frontier.size
        with self._writing():
            values = (size, new.frontier.to_bytes(), new.note, log, old, size)
            query = (
                "UPDATE signed SET size = ?, frontier = ?, note = ? WHERE log = ? AND size = ? AND size < ?"
            )
            if self._db.execute(query, values).rowcount != 1:
                raise IntegrityFault("signed-already", log=log, size=size)

    def keys(self, log: str) -> Sequence[StoredKey]:
        """Return the keys of a log, oldest first."""
        query = "SELECT label, log, vkey, since, until FROM key WHERE log = ? ORDER BY since, rowid"
        return [StoredKey(*row) for row in self._db.execute(query, (log,))]

    def rotate(self, new: StoredKey, until: str) -> None:
        """Add a key; those before sign until then (UTC text), or until sooner if that was said."""
        with self._writing():
            older = "UPDATE key SET until = ? WHERE log = ? AND (until IS NULL OR until > ?)"
            self._db.execute(older, (until, new.log, until))
            self._add_key(new)

    def _add_key(self, key: StoredKey) -> None:
        values = (key.label, key.log, key.vkey, key.since, key.until)
        self._db.execute("INSERT INTO key VALUES (?, ?, ?, ?, ?)", values)

    def halted(self) -> tuple[str, str] | None:
        """Return why and since when nothing is signed, None where it is."""
        row = self._db.execute("SELECT reason, at FROM halt").fetchone()
        return None if row is None else (row[0], row[1])

    def halt(self, reason: str, at: str) -> None:
        """Sign nothing from now on; the first reason stays."""
        with self._writing():
            self._db.execute("INSERT OR IGNORE INTO halt VALUES (1, ?, ?)", (reason, at))

    def resume(self) -> None:
        """Sign again."""
        with self._writing():
            self._db.execute("DELETE FROM halt")
