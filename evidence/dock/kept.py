"""What a dock has kept, given out as files: each receipt as it came, the proof of its entry in the log, and
the newest checkpoint of each site's log, which contradicts a site that was put back.

A court asks for them without the card and without the service; the state folder is only read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.dock.journal import FILE, receipt_digest
from evidence.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Kept:
    """One receipt: whose file it is for, the document byte for byte, its proof where it is in hand."""

    device: str
    name: str
    recording: str
    receipt: bytes
    proof: bytes | None


def kept(state: Path, device: str | None = None) -> Iterator[Kept]:
    """Yield the receipts in a state folder, of one device or of all, by device and name.

    Raises: NotFound("state-not-found"), Unavailable("state-unusable").
    """
    query = "SELECT device, name, document, service FROM receipt WHERE ?1 IS NULL OR device = ?1"
    with _reading(state) as db:
        for of, name, receipt, service in db.execute(f"{query} ORDER BY device, name", (device,)):
            proof = db.execute(
                "SELECT document FROM proof WHERE service = ? AND receipt_sha256 = ?",
                (service, receipt_digest(receipt)),
            ).fetchone()
            recording = str(json.loads(receipt)["signed"]["recording"])
            yield Kept(of, name, recording, receipt, proof[0] if proof else None)


def kept_checkpoints(state: Path) -> Sequence[bytes]:
    """Return the newest checkpoint of each site's log, in the order of the sites' addresses.

    Raises: as `kept`.
    """
    with _reading(state) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoint'").fetchone():
            return []  # a dock of before them
        return [note for (note,) in db.execute("SELECT note FROM checkpoint ORDER BY service")]


@contextmanager
def _reading(state: Path) -> Iterator[sqlite3.Connection]:
    file = state / FILE
    if not file.is_file():
        raise NotFound("state-not-found", folder=str(state))
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as db:
            yield db
    except sqlite3.Error as problem:
        raise Unavailable("state-unusable", folder=str(state), reason=str(problem)) from problem
