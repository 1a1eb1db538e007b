"""What the dock remembers between two cards: the pinned key of each service, the receipts it has checked, the
proofs of their entries in the log, which of these are still owed, and the newest checkpoint of that log.

One SQLite file in the state folder, written through to the disc before a call returns (synchronous = EXTRA).
Losing it loses no recording: keys are pinned again, files read again and compared. Never on a card.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from evidence.dock.finding import Found
from evidence.errors import EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger.keys import VerifierKey

FILE = "dock.sqlite3"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pin (service TEXT PRIMARY KEY, vkey TEXT NOT NULL, origin TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS receipt (
  service TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns TEXT NOT
  NULL, sha256 TEXT NOT NULL, document BLOB NOT NULL, PRIMARY KEY (service, device, name, size, mtime_ns)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof (
  service TEXT NOT NULL, receipt_sha256 TEXT NOT NULL, receipt BLOB NOT NULL, upload TEXT NOT NULL,
  document BLOB, PRIMARY KEY (service, receipt_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS proof_owed ON proof (service) WHERE document IS NULL;
CREATE TABLE IF NOT EXISTS log_key (
  service TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (service, vkey)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (
  service TEXT PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """A checked receipt whose proof is not in hand: the service gives it under the id of the upload."""

    receipt: bytes
    upload: str


def default_folder() -> Path:
    """Return where this platform keeps the state of programs."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library/Application Support"
    else:
        root = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(root) / "evidence-dock"


class Journal:
    """The journal of one service. Safe to use from several threads, and by several docks at once."""

    def __init__(self, folder: Path, service: str, card: Path) -> None:
        """Open or make the journal in folder.

        Raises: Invalid `state-on-card` when the folder lies on the card, Unavailable `state-unusable`.
        """
        if folder.resolve().is_relative_to(card.resolve()):
            raise Invalid("state-on-card", folder=str(folder))
        self._service, self._lock, self._folder = service, Lock(), folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                folder / FILE, timeout=60, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as problem:
            raise self._unusable(problem) from problem
        with self._using() as db:
            db.execute("PRAGMA synchronous = EXTRA")
            db.executescript(_SCHEMA)

    def pinned(self) -> VerifierKey | None:
        """Return the pinned key of this service. Raises: Unavailable."""
        with self._using() as db:
            row = db.execute("SELECT vkey FROM pin WHERE service = ?", (self._service,)).fetchone()
        return VerifierKey.parse(row[0]) if row else None

    def pin(self, key: VerifierKey, origin: str) -> None:
        """Pin the key of this service for good; origin tells how it came ("given", "first-use").

        Raises: IntegrityFault `key-changed` when another one is pinned, Unavailable.
        """
        with self._using() as db:
            db.execute("INSERT OR IGNORE INTO pin VALUES (?, ?, ?)", (self._service, key.text(), origin))
        pinned = self.pinned()
        if pinned != key:
            raise IntegrityFault("key-changed", pinned=pinned.text() if pinned else None, offered=key.text())

    def receipt(self, device: str, found: Found) -> tuple[str, bytes] | None:
        """Return sha256 and receipt of a file that was sealed before. Raises: Unavailable."""
        with self._using() as db:
            row = db.execute(
                "SELECT sha256, document FROM receipt"
                " WHERE service = ? AND device = ? AND name = ? AND size = ? AND mtime_ns = ?",
                (self._service, device, found.name, found.size_bytes, str(found.mtime_ns)),
            ).fetchone()
        return (row[0], row[1]) if row else None

    def keep(self, device: str, found: Found, sha256: str, document: bytes, upload: str) -> None:
        """Keep a receipt that was checked, and that its proof is owed; durable when this returns.

        Raises: Unavailable.
        """
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._service, device, found.name, found.size_bytes, str(found.mtime_ns), sha256, document),
            )
            self._owe(db, Owed(document, upload))

    def owe(self, owed: Iterable[Owed]) -> None:
        """Remember that these proofs are owed, but for those in hand. Raises: Unavailable."""
        with self._writing() as db:
            for one in owed:
                self._owe(db, one)

    def _owe(self, db: sqlite3.Connection, owed: Owed) -> None:
        # The upload is the one named last: an earlier one may have been another dock's.
        db.execute(
            "INSERT INTO proof VALUES (?, ?, ?, ?, NULL)"
            " ON CONFLICT DO UPDATE SET upload = excluded.upload WHERE upload <> excluded.upload",
            (self._service, receipt_digest(owed.receipt), owed.receipt, owed.upload),
        )

    def owed(self) -> Sequence[Owed]:
        """Return what this service owes. Raises: Unavailable."""
        with self._using() as db:
            rows = db.execute(
                "SELECT receipt, upload FROM proof WHERE service = ? AND document IS NULL", (self._service,)
            )
            return [Owed(*row) for row in rows]

    def proof(self, receipt: bytes) -> bytes | None:
        """Return the proof that belongs to a receipt, if it is in hand. Raises: Unavailable."""
        with self._using() as db:
            row = db.execute(
                "SELECT document FROM proof WHERE service = ? AND receipt_sha256 = ?",
                (self._service, receipt_digest(receipt)),
            ).fetchone()
        return row[0] if row else None

    def keep_proof(self, receipt: bytes, document: bytes | None) -> None:
        """Keep a proof that was checked; None: it is owed again. Raises: Unavailable."""
        with self._using() as db:
            db.execute(
                "UPDATE proof SET document = ? WHERE service = ? AND receipt_sha256 = ?",
                (document, self._service, receipt_digest(receipt)),
            )

    def log_keys(self) -> tuple[VerifierKey, ...]:
        """Return the keys of this service's logs that a signed list has ever named. Raises: Unavailable."""
        with self._using() as db:
            rows = db.execute("SELECT vkey FROM log_key WHERE service = ?", (self._service,)).fetchall()
        return tuple(VerifierKey.parse(row[0]) for row in rows)

    def pin_log_keys(self, keys: Iterable[VerifierKey]) -> None:
        """Pin the keys of a list whose signature was checked. Raises: Unavailable."""
        with self._writing() as db:
            for key in keys:
                db.execute("INSERT OR IGNORE INTO log_key VALUES (?, ?)", (self._service, key.text()))

    def checkpoint(self) -> bytes | None:
        """Return the newest checkpoint of the log of custody that was verified. Raises: Unavailable."""
        with self._using() as db:
            row = db.execute("SELECT note FROM checkpoint WHERE service = ?", (self._service,)).fetchone()
        return row[0] if row else None

    def keep_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a checkpoint that was verified, unless a larger one is kept: another dock may have been
        faster. Raises: Unavailable."""
        with self._using() as db:
            db.execute(
                "INSERT INTO checkpoint VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET size = excluded.size, note = excluded.note WHERE excluded.size > size",
                (self._service, size, note),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as problem:
                raise self._unusable(problem) from problem

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Make one change of several statements, all of them or none."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _unusable(self, problem: Exception) -> EvidenceError:
        return Unavailable("state-unusable", folder=str(self._folder), reason=str(problem))


def receipt_digest(document: bytes) -> str:
    """Return the SHA-256 by which a receipt's proof is found, in hex."""
    return hashlib.sha256(document).hexdigest()
