"""Reading all logs back from the vault, in the order in which their entries were written.

Each root is computed anew and held against the checkpoint that lies beside it, under the keys that the log
names. What is damaged is told, and reading goes on behind it; no root can be checked from there on. Memory
holds one segment of each log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from heapq import merge
from typing import Any, NamedTuple, cast

from evidence.adapters.db.replay import Writer, entering
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.adapters.rebuilding import Scratch, Sealing
from evidence.domain.audit import Act, Family
from evidence.errors import EvidenceError, IntegrityFault, Unavailable
from evidence.ledger import notes
from evidence.ledger.canonical import read_said
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import MAX_NUMBER
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256
from evidence.ledger.segments import Kind, Piece, read_segment
from evidence.ledger.tiles import Tile, frontier_at, grow
from evidence.rebuilding.report import Report
from evidence.service.moving import Teller
from storage.errors import StorageError, StoreUnavailable
from storage.vault import Vault

_SEALS_AT_ONCE = 1000
_CUSTODY = Family.CUSTODY.value
_TAKEN_IN = {one.value for one in (Act.LOG_KEY, Act.LOG_ROTATE, Act.LOG_ROWS, Act.LOG_TIMESTAMP, Act.SEAL)}


class Arrived(NamedTuple):
    """An entry at its place in its log. said: what it says."""

    log: str
    place: int
    body: bytes
    said: dict[str, Any]


def read_object(vault: Vault, key: str) -> bytes:
    """Read a small object whole. Raises: storage errors."""
    with vault.open(key) as stored:
        return stored.read()


def _links(objects: Any) -> list[tuple[str, int]]:
    """Return ids and counters; whether they are right, the check of the logs tells.

    Raises: ValueError, KeyError, TypeError for what can be none at all.
    """
    links = [(one["id"], one["n"]) for one in objects]
    for id_, n in links:
        if type(id_) is not str or type(n) is not int:
            raise ValueError("obj")
    if type(objects) is not list:
        raise ValueError("obj")
    return links


class Keys:
    """The verifier keys of the logs, as their entries name them; checkpoints wait here for theirs."""

    def __init__(self, report: Report) -> None:
        self._keys: dict[str, list[VerifierKey]] = {}
        self._waiting: list[tuple[str, int, bytes, bytes | None]] = []
        self._report = report

    def learn(self, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Take over the keys of an entry; yield log and key of each that is new."""
        facts = said["facts"]
        for vkey in facts.get("keys", []):
            log, key = str(facts["log"]), VerifierKey.parse(str(vkey))
            if key not in self._keys.setdefault(log, []):
                self._keys[log].append(key)
                self._report.vkeys.append(str(vkey))
                yield log, str(vkey)

    def check(self, log: str, size: int, note: bytes, root: bytes | None) -> None:
        """Check a checkpoint, now or when its key is known: a new key may have signed before the entry that
        names it was stored. root: None where it cannot be computed.
        """
        if self._check(log, size, note, root, is_last_word=False):
            self._waiting.append((log, size, note, root))

    def check_waiting(self) -> None:
        """Check those whose key came later, or not at all."""
        for log, size, note, root in self._waiting:
            self._check(log, size, note, root, is_last_word=True)

    def _check(self, log: str, size: int, note: bytes, root: bytes | None, *, is_last_word: bool) -> bool:
        """Check a checkpoint; return whether it waits for its key."""
        item = Piece(log, size, Kind.CHECKPOINT).key()
        try:
            read = notes.parse(note)
            notes.verify(read, self._keys.get(log, []), NOTE_CHECKS)
            checkpoint = Checkpoint.parse(read.text)
        except EvidenceError as problem:
            if problem.code == "signer-unknown" and not is_last_word:
                return True
            self._report.fault("checkpoint-wrong", item, reason=str(problem))
            return False
        if checkpoint.size != size or not checkpoint.origin.endswith(f"/{log}"):
            self._report.fault("checkpoint-wrong", item, origin=checkpoint.origin, size=checkpoint.size)
        elif root is not None and checkpoint.root != root:
            self._report.fault("root-differs", item)
        return False


class LogReading:
    """Reads one log and writes what is published of it."""

    def __init__(
        self, log: str, pieces: dict[int, set[Kind]], vault: Vault, unit: SqlUnitOfWork, writer: Writer,
        keys: Keys, report: Report,
    ) -> None:  # fmt: skip
        self._log, self._pieces, self._vault, self._unit = log, pieces, vault, unit
        self._writer, self._keys, self._report = writer, keys, report
        self._is_whole = True  # so far: else no root can be told
        self._signed = max((size for size, kinds in pieces.items() if Kind.CHECKPOINT in kinds), default=0)
        self._last: dict[int, bytes] = {}  # of each level, the tile that grows on

    def entries(self) -> Iterator[Arrived]:
        """Yield the entries there are, in order."""
        after, last = 0, ""
        for size in sorted(self._pieces):
            entries = self._segment(after, size)
            for index, body in enumerate(entries, size - len(entries)):
                said = self._said(index, body)
                if said is not None:
                    last = said["t"]
                    yield Arrived(self._log, index, body, said)
            self._grow(after, size, entries)
            if Kind.CHECKPOINT in self._pieces[size]:
                self._checkpoint(size, last)
            after = size
        self._report.sizes[self._log] = after
        if after > self._signed:
            self._report.note("log-unsigned", self._log, signed=self._signed, size=after)

    def _segment(self, after: int, size: int) -> list[bytes]:
        key = Piece(self._log, size, Kind.ENTRIES).key()
        if Kind.ENTRIES not in self._pieces[size]:
            self._report.fault("segment-missing", key)
            return []
        self._writer.add("log_segment", self._log, size)
        try:
            raw = read_object(self._vault, key)
            return read_segment(raw, after, size)
        except StoreUnavailable:
            raise
        except IntegrityFault as problem:
            found = problem.fields.get("found", 0)
            if isinstance(found, int) and 0 < found < size - after:  # the one before it is gone
                self._report.fault("entry-missing", f"{self._log}/{after}", until=size - found)
                self._is_whole = False
                return read_segment(raw, size - found, size)
            self._report.fault("segment-wrong", key, reason=str(problem))
        except StorageError as problem:
            self._report.fault("segment-wrong", key, reason=str(problem))
        return []

    def _said(self, index: int, body: bytes) -> dict[str, Any] | None:
        try:
            said: Any = read_said(body)
            if isinstance(said["t"], str) and isinstance(said["act"], str):
                said.setdefault("facts", {})
                return cast(dict[str, Any], said)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        self._report.fault("entry-malformed", f"{self._log}/{index}")
        return None

    def _grow(self, after: int, size: int, entries: list[bytes]) -> None:
        """Grow the tiles of the tree, as far as they are signed; a root is made of the last of each level."""
        self._is_whole &= len(entries) == size - after
        if self._is_whole and size <= self._signed:
            tiles = grow(after, SHA256.leaves(entries), self._tile)
            self._unit.tree.put_tiles(self._log, tiles)
            self._last |= {tile.level: hashes for tile, hashes in tiles.items()}

    def _tile(self, tile: Tile) -> bytes:
        return self._last[tile.level]

    def _checkpoint(self, size: int, last: str) -> None:
        key = Piece(self._log, size, Kind.CHECKPOINT).key()
        try:
            note = read_object(self._vault, key)
        except StoreUnavailable:
            raise
        except StorageError as problem:
            self._report.fault("checkpoint-wrong", key, reason=str(problem))
            return
        self._writer.add("log_checkpoint", self._log, size, note, last)
        root = frontier_at(size, self._tile).root() if self._is_whole else None
        self._keys.check(self._log, size, note, root)


class Logs:
    """All logs of a vault."""

    def __init__(self, vault: Vault, unit: SqlUnitOfWork, scratch: Scratch, report: Report) -> None:
        self._vault, self._unit, self._scratch, self._report = vault, unit, scratch, report
        self._writer, self._keys = Writer(unit, self._unfit), Keys(report)
        self._seals: list[Sealing] = []
        self._serial = 0

    def restore(self, pieces: dict[str, dict[int, set[Kind]]], site_name: str, teller: Teller) -> None:
        """Write all entries, numbered by their times, and what is published of them.

        Raises: Unavailable("log-of-another-site"), StoreUnavailable.
        """
        parts = (self._vault, self._unit, self._writer, self._keys, self._report)
        readings = [LogReading(log, found, *parts).entries() for log, found in sorted(pieces.items())]
        number, is_named = 0, False
        with entering(self._unit):
            for one in merge(*readings, key=lambda one: (one.said["t"], one.log)):
                number += 1
                if not is_named and one.log == _CUSTODY:  # its first entry is the site's first
                    wanted, is_named = f"{site_name}/{one.log}", True
                    if one.said.get("log") != wanted:
                        raise Unavailable("log-of-another-site", found=one.said.get("log"), wanted=wanted)
                self._write(number, one)
                if number % 1000 == 0:
                    teller.done(0)
            self._writer.flush()
        self._scratch.put_seals(self._seals)
        self._keys.check_waiting()
        self._report.counts["entries"] = number

    def _unfit(self, table: str, row: dict[str, Any], reason: str) -> None:
        """Tell of a row that the database does not take: a counter that stands twice, a word too long."""
        if table in ("audit_entry", "audit_about"):
            self._report.fault("entry-malformed", f"{row['log']}/{row['idx']}", reason=reason)
        else:
            named = " ".join(str(row[name]) for name in ("log", "size", "serial", "vkey") if name in row)
            self._report.fault("row-not-fitting", f"{table} {named}", reason=reason)

    def _write(self, number: int, one: Arrived) -> None:
        log, index, body, said = one
        self._writer.add("audit_entry", number, log, index, said["t"], said["act"], body)
        family = log.partition("/")[0]
        try:
            for id_, n in _links(said["obj"]):
                self._writer.add("audit_about", family, id_, n, log, index)
            if log == _CUSTODY and said["act"] in _TAKEN_IN:
                self._take_in(one)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, EvidenceError):
            self._report.fault("entry-malformed", f"{one.log}/{one.place}")

    def _take_in(self, one: Arrived) -> None:
        """Take in what an entry says of keys, pieces of rows, and seals."""
        said, facts = one.said, one.said["facts"]
        if said["act"] in (Act.LOG_KEY.value, Act.LOG_ROTATE.value):
            for log, vkey in self._keys.learn(said):
                self._writer.add("log_key", vkey, log, said["t"])
        elif said["act"] == Act.LOG_ROWS.value:
            serial, sha256, lines = int(facts["serial"]), str(facts["sha256"]), int(facts["rows"])
            if serial > self._serial:
                self._serial = serial
                self._writer.add("row_piece", serial, sha256, lines, None)
        elif said["act"] == Act.LOG_TIMESTAMP.value:
            self._take_timestamp(str(facts["log"]), int(facts["size"]), facts)
        elif said["act"] == Act.SEAL.value:
            ref, id_, size = said["ref"], said["obj"][0]["id"], int(said["ref"]["size"])
            if not 0 <= size <= MAX_NUMBER:
                raise ValueError("size")
            manifest, by = str(facts["manifest_sha256"]), str(said.get("by", ""))
            self._seals.append(Sealing(id_, manifest, str(ref["sha256"]), size, by, one.place))
            if len(self._seals) == _SEALS_AT_ONCE:
                self._scratch.put_seals(self._seals)
                self._seals = []

    def _take_timestamp(self, log: str, size: int, facts: dict[str, Any]) -> None:
        key = Piece(log, size, Kind.TIMESTAMP).key()
        try:
            token = read_object(self._vault, key)
        except StoreUnavailable:
            raise
        except StorageError as problem:
            self._report.fault("timestamp-wrong", key, reason=str(problem))
            return
        if hashlib.sha256(token).hexdigest() != facts["sha256"]:
            self._report.fault("timestamp-wrong", key)
        else:
            self._writer.add("log_timestamp", log, size, token, facts["at"])
