"""Holding one log against itself, the vault and the signer: everything is computed anew, nothing is believed.

Rows, segments in the vault, tiles, checkpoints in both places and what the signer signed last must say the
same. Each entry must be of this log, with the counters that stand beside it. A fault names the item; looking
goes on behind it, so that one altered entry hides no other. Memory does not grow with the log (a hash for
each 256 entries).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from evidence.domain.audit import Family
from evidence.domain.instants import from_text
from evidence.domain.told import says_enough
from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.entries import read_entry
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, Frontier, root_of
from evidence.ledger.segments import Kind, Piece, read_segment
from evidence.ledger.tiles import WIDTH, Tile, tile_at
from evidence.service.log.key_checks import key_faults, named_keys
from evidence.service.log.log_faults import Fault, raise_if_away, told
from evidence.service.log.log_ports import Counter, NoteChecks
from evidence.service.log.personal_checks import PersonalCheck
from evidence.service.ports import UnitOfWork
from storage.errors import Damaged, Missing, StorageError, Withheld
from storage.vault import Debris, Sealed, Vault

CLOCK_MAY_STEP = timedelta(seconds=60)


@dataclass(frozen=True)
class LogCheck:
    """The check of one log in one transaction that reads."""

    log: str
    origin: str
    unit: UnitOfWork
    vault: Vault
    checks: NoteChecks
    listed: Sequence[Sealed | Debris]  # what lay below `log/` in the vault before the transaction began

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong as far as the log is published. Raises: StoreUnavailable."""
        published = self.unit.tree.published(self.log)[0]
        pieces, foreign = self._pieces(published)
        yield from foreign
        roots = {0: SHA256.empty}
        yield from told(f"{self.log} segments", self._segments(published, pieces, roots))
        yield from told(f"{self.log} keys", key_faults(self.log, self.unit))
        yield from told(f"{self.log} checkpoints", self._checkpoints(pieces, roots))
        yield from told(f"{self.log} entries", self._entries())
        yield from told(f"{self.log} tiles", self._tiles(published))

    def _pieces(self, published: int) -> tuple[set[Piece], list[Fault]]:
        """Return what the vault holds of what is published, and what does not belong there.

        Later pieces are being published this moment, or somebody else's: `newer_faults` tells.
        """
        pieces, faults = set[Piece](), []
        planned = {0, *self.unit.tree.planned(self.log, 0)}
        for one in self.listed:
            if not one.key.startswith(f"log/{self.log}/"):
                continue
            piece = piece_of(one.key)
            is_ours = piece is not None and (piece.size > published or piece.size in planned)
            if not isinstance(one, Sealed):
                # A lock comes before its object: one of ours is being sealed this moment, or told as missing.
                if not is_ours or one.kind != "lock-without-object":
                    faults.append(Fault("log-piece-damaged", one.key, {"reason": one.kind}))
                continue
            faults += [Fault("log-piece-damaged", one.key, {"reason": alarm}) for alarm in one.alarms]
            if piece is None or not is_ours:
                faults.append(Fault("log-piece-unknown", one.key))
            elif piece.size <= published:
                pieces.add(piece)
        return pieces, faults

    def _segments(self, published: int, pieces: set[Piece], roots: dict[int, bytes]) -> Iterator[Fault]:
        """Compare the segments with the rows, entry by entry; keep the root at each segment's end.

        The roots are those of the vault, for what was signed was signed over it; of the rows, where the
        vault's segment is gone.
        """
        tree = Frontier()
        ends = [end for end in self.unit.tree.planned(self.log, 0) if end <= published]
        for after, end in pairwise([0, *ends]):
            piece = Piece(self.log, end, Kind.ENTRIES)
            rows = list(self._rows(after, end))
            sealed: Sequence[bytes | None] = rows
            if piece not in pieces and not self._is_there(piece):
                yield Fault("segment-missing", piece.key())
            else:
                try:
                    sealed = read_segment(self._read(piece), after, end)
                except (IntegrityFault, StorageError) as problem:
                    raise_if_away(problem)
                    yield Fault("segment-wrong", piece.key(), {"reason": str(problem)})
            for index, (row, there) in enumerate(zip(rows, sealed, strict=True), after):
                if row is None:
                    yield Fault("entry-missing", f"{self.log}/{index}")
                elif row != there:
                    digests = {"row": _sha256(row), "sealed": _sha256(there or b"")}
                    yield Fault("entry-altered", f"{self.log}/{index}", digests)
                tree.append(SHA256.leaf(there or b""))
            roots[end] = tree.root()

    def _rows(self, start: int, end: int) -> Iterator[bytes | None]:
        """Yield the stored entries; None where one is missing."""
        for index, body in self.unit.tree.numbered(self.log, start, end):
            while start < index:
                yield None
                start += 1
            yield body
            start += 1
        while start < end:
            yield None
            start += 1

    def _is_there(self, piece: Piece) -> bool:
        """Look again for a piece that was not listed: it may have been published meanwhile."""
        try:
            self.vault.stat(piece.key())
        except Missing:
            return False
        except (Damaged, Withheld):
            return True  # which reading it will tell
        return True

    def _read(self, piece: Piece) -> bytes:
        sealed = self.vault.stat(piece.key())
        with self.vault.open(piece.key(), sealed.version) as stored:
            return stored.read()

    def _checkpoints(self, pieces: set[Piece], roots: Mapping[int, bytes]) -> Iterator[Fault]:
        """Check each checkpoint's signature and root; those of the vault and of the rows are the same."""
        keys = named_keys(self.log, self.unit)
        here = dict(self.unit.tree.checkpoints(self.log))
        there = {piece.size for piece in pieces if piece.kind is Kind.CHECKPOINT}
        for size in sorted({*here, *there}):
            piece = Piece(self.log, size, Kind.CHECKPOINT)
            if size not in there and not self._is_there(piece):
                yield Fault("checkpoint-missing", piece.key())
                continue
            try:
                note = self._read(piece)
                self._verify(note, keys, size, roots)
            except (EvidenceError, StorageError) as problem:
                raise_if_away(problem)
                yield Fault("checkpoint-wrong", piece.key(), {"reason": str(problem)})
                continue
            if here.get(size) != note:
                yield Fault("checkpoint-altered", f"log_checkpoint {self.log} {size}")

    def _verify(
        self, note: bytes, keys: Sequence[VerifierKey], size: int, roots: Mapping[int, bytes]
    ) -> None:
        read = notes.parse(note)
        notes.verify(read, keys, self.checks)
        checkpoint = Checkpoint.parse(read.text)
        if (checkpoint.origin, checkpoint.size) != (self.origin, size):
            raise IntegrityFault("checkpoint-differs", origin=checkpoint.origin, size=checkpoint.size)
        if checkpoint.root != roots.get(size):
            raise IntegrityFault("root-differs", log=self.log, size=size)

    def _entries(self) -> Iterator[Fault]:
        """Check each row by itself: its form, its log, its counters, its time."""
        last, expected, personal = "", 0, PersonalCheck(self.log, self.unit)
        counters = _Counters(self.unit.log.counters(self.log))
        for index, act, at, body in self.unit.tree.labelled(self.log):
            item = f"{self.log}/{index}"
            while expected < index:
                yield Fault("entry-missing", f"{self.log}/{expected}")
                expected += 1
            expected += 1
            try:
                entry = read_entry(body)
            except IntegrityFault as problem:
                yield Fault("entry-malformed", item, dict(problem.fields))
                continue
            if (entry["log"], entry["act"], entry["t"]) != (self.origin, act, at):  # the columns are asked by
                yield Fault("entry-altered", item, {"log": entry["log"], "act": act, "at": at})
            if not says_enough(entry):
                yield Fault("entry-malformed", item, {"reason": "facts"})
            beside = counters.at(index)
            for one in entry["obj"]:
                yield from self._counted(beside, one, item)
            for object_id, n in sorted(beside.keys() - {(one["id"], one["n"]) for one in entry["obj"]}):
                yield Fault("counter-wrong", item, {"object": object_id, "n": n})
            yield from personal.faults(index, entry)
            if last and _went_back(last, entry["t"]):
                yield Fault("clock-went-back", item, {"before": last, "t": entry["t"]})
            last = max(last, entry["t"])
        yield from personal.left_over()
        for counter in counters.left_over():
            item = f"{self.log}/{counter.index}"
            yield Fault("counter-wrong", item, {"object": counter.object_id, "n": counter.n})

    def _counted(
        self, beside: Mapping[tuple[str, int], Counter], one: Mapping[str, object], item: str
    ) -> Iterator[Fault]:
        """The counters beside an entry say where it stands, and where the one before it does."""
        object_id, n = str(one["id"]), int(str(one["n"]))
        counter = beside.get((object_id, n))
        if counter is None:
            yield Fault("counter-wrong", item, {"object": object_id, "n": n})
        if n > 1:
            site = self.origin.removesuffix(self.log)
            said = (str(one.get("prev_log", self.origin)).removeprefix(site), one["prev"])
            family = Family(self.log.partition("/")[0])
            found = counter.before if counter else self.unit.log.place(family, object_id, n - 1)
            if found != said:
                yield Fault("counter-wrong", item, {"object": object_id, "n": n - 1})

    def _tiles(self, size: int) -> Iterator[Fault]:
        """Make all tiles of a size anew from the rows, level by level, and compare."""
        leaves = (SHA256.leaf(body) for _, body in self.unit.tree.numbered(self.log, 0, size))
        stored, level, row = self.unit.tree.tile(self.log), 0, list[bytes]()
        above: list[bytes] = []

        def compared(level: int, index: int, hashes: Sequence[bytes]) -> Iterator[Fault]:
            tile = tile_at(level, index, size)
            try:
                is_right = stored(tile) == b"".join(hashes)
            except IntegrityFault:
                is_right = False
            if not is_right:
                yield Fault("tile-wrong", f"{self.log}/{Tile(level, index).path()}")
            if len(hashes) == WIDTH:
                above.append(root_of(hashes))

        index = 0
        for leaf in leaves:
            row.append(leaf)
            if len(row) == WIDTH:
                yield from compared(0, index, row)
                index, row = index + 1, []
        if row and len(row) == size % WIDTH:  # else an entry is missing, which is said elsewhere
            yield from compared(0, index, row)
        while above:
            level, hashes = level + 1, above[:]
            above.clear()
            for at in range(0, len(hashes), WIDTH):
                yield from compared(level, at // WIDTH, hashes[at : at + WIDTH])


class _Counters:
    """The counters of a log, taken in step with its entries."""

    def __init__(self, counters: Iterator[Counter]) -> None:
        self._counters = counters
        self._next = next(counters, None)
        self._passed: list[Counter] = []

    def at(self, index: int) -> Mapping[tuple[str, int], Counter]:
        """Return those of one entry, by object and number; indices only grow."""
        found: dict[tuple[str, int], Counter] = {}
        while (one := self._next) is not None and one.index <= index:
            if one.index == index:
                found[one.object_id, one.n] = one
            else:
                self._passed.append(one)
            self._next = next(self._counters, None)
        return found

    def left_over(self) -> Iterator[Counter]:
        """Yield, behind the last entry, the counters that point to none that could be read."""
        yield from self._passed
        if self._next is not None:
            yield self._next
        yield from self._counters


def piece_of(key: str) -> Piece | None:
    """Return the piece that a key of the vault names, None for a key that is none of a log's."""
    try:
        return Piece.parse(key)
    except Invalid:
        return None


def _went_back(before: str, now: str) -> bool:
    return now < before and from_text(before) - from_text(now) > CLOCK_MAY_STEP


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
