"""Copying objects from one vault into another: the same key, the same bytes, a lock that is never weaker.

Rules:
1. What was promised about the bytes at their seal is promised again: bytes that differ by now are a
   `Mismatch`, and nothing is stored under their key. `keep_damaged` keeps them under "damaged/<key>": the key
   itself stays free for a sound copy, which a store with Object Lock could not take for years otherwise.
2. What an attempt that died has left is read to its last byte, its lock becomes the source's, and it is never
   written again. Its holds are the source's exactly: what was released there since is released here. That is
   why the target must hold nothing but copies of ours (Moving.verify_room). No date is ever taken back.
3. A date that the target does not take any more (S3 takes none that is past) becomes the earliest it takes.
4. An original is read once at its source. A vault on a folder would link a file of its own disc; it gets a
   copy, so that the two vaults share no bytes.
Not here: which objects (evidence/service/moving.py), their rows, any clock.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO

from storage.crashpoints import crashpoint
from storage.durable import storing, unavailable
from storage.errors import Damaged, Exists, Mismatch, Missing, StorageError, StoreUnavailable
from storage.reading import own_file
from storage.vault import Lock, Promise, Sealed, Vault

DAMAGED = "damaged/"
_GROUNDS_AT_ONCE = 800  # bytes; a bucket takes 1200 with the seal, escapes among them, the others afterwards
_BLOCK = 1 << 20
_SCRATCH = "copy-"


@dataclass(frozen=True, slots=True)
class Copied:
    """An object that stands in the target now. is_later: it is kept longer than at the source (rule 3)."""

    sealed: Sealed
    was_there: bool
    is_later: bool


class Copier:
    """Copies from one vault into another. room: a folder for copies where a file cannot be lent.

    earliest: returns the earliest date that the target takes; None for a target that takes any.
    """

    def __init__(
        self, source: Vault, target: Vault, room: Path, earliest: Callable[[], datetime] | None = None
    ) -> None:
        self.source, self.target, self._room, self._earliest = source, target, room, earliest
        self._may_lend = not target.strength().kind.startswith("folder")
        for left in room.glob(f"{_SCRATCH}*"):  # by an attempt that died
            left.unlink(missing_ok=True)

    def copy(self, found: Sealed) -> Copied:
        """Copy one object, or verify the copy that is there.

        Raises: Mismatch (the source's bytes are not what was sealed, or cannot be read), Exists (another
        object has the key), Damaged (what has arrived differs), StoreFull, StoreUnavailable.
        """
        there = self._there(found)
        was_there = there is not None
        if there is None:
            there = self._seal(found)
        sealed = self._locked_as(there, found.lock)
        later = sealed.lock.retain_until - found.lock.retain_until  # S3 keeps whole seconds
        return Copied(sealed, was_there, later >= timedelta(seconds=1))

    def other_locks(self, but: Container[str]) -> Iterator[str]:
        """Name each copy whose holds are not its original's, or whose date is earlier. but: keys without one.

        Raises: StoreUnavailable.
        """
        for found in self.source.census():
            if not isinstance(found, Sealed) or found.key in but:
                continue
            try:
                lock = self.target.stat(found.key).lock
            except (Missing, Damaged) as fault:
                yield f"{found.key} ({fault.code})"
                continue
            if lock.holds != found.lock.holds:
                yield f"{found.key} (holds)"
            if lock.retain_until < found.lock.retain_until:
                yield f"{found.key} (date)"

    def keep_damaged(self, key: str, lock: Lock) -> Sealed | None:
        """Keep what can be read of a damaged object under "damaged/<key>"; None where it cannot be read.

        Raises: StoreFull, StoreUnavailable of the target.
        """
        with self._scratch() as copy:
            try:
                with self.source.open(key) as original:
                    promise = _copy(original, copy)
            except StorageError:
                return None
            found = Sealed(DAMAGED + key, "", promise.size_bytes, lock, promise.sha256)
            there = self._there(found)
            if there is None:
                at_once = Lock(self._date(lock), _at_once(lock.holds))
                there = self.target.seal_file(found.key, Path(copy.name), promise, at_once)
        return self._locked_as(there, lock)

    def _date(self, lock: Lock) -> datetime:
        return max(lock.retain_until, self._earliest()) if self._earliest else lock.retain_until

    def _there(self, found: Sealed) -> Sealed | None:
        """Return the copy that stands in the target, verified; None where there is none, or half of one."""
        try:
            there = self.target.stat(found.key)
        except (Missing, Damaged):  # a seal that died is completed, or refused, by the next one
            return None
        return self._verified(there, found)

    def _verified(self, there: Sealed, found: Sealed) -> Sealed:
        if there.promise != found.promise:
            raise Exists(key=found.key)
        with self.target.open(there.key, there.version) as file:
            if _digest(file) != found.promise:
                raise Damaged(key=there.key, reason="read-back", promised_sha256=found.sha256)
        return there

    def _seal(self, found: Sealed) -> Sealed:
        lock = Lock(self._date(found.lock), _at_once(found.lock.holds))
        try:
            with self._lent(found) as path:
                sealed = self.target.seal_file(found.key, path, found.promise, lock)
        except StoreUnavailable as fault:
            # No network says EIO: it is the disc of the file that was lent.
            if self._may_lend and fault.fields.get("reason") == "EIO":
                raise Mismatch(promised_sha256=found.sha256, reason="unreadable") from fault
            raise
        except Exists:
            try:
                return self._verified(self.target.stat(found.key), found)
            except (Missing, Damaged):
                raise Exists(key=found.key) from None
        crashpoint("after-copy")
        return sealed

    def _locked_as(self, there: Sealed, wanted: Lock) -> Sealed:
        """Make a lock what is wanted; a later date stays. Nothing is let go before the rest is held."""
        for ground in sorted(wanted.holds - there.lock.holds):
            there = self.target.hold(there.key, ground)
        for ground in sorted(there.lock.holds - wanted.holds):
            there = self.target.release(there.key, ground)
        if there.lock.retain_until < wanted.retain_until:
            there = self.target.extend(there.key, self._date(wanted))
        return there

    @contextmanager
    def _lent(self, found: Sealed) -> Iterator[Path]:
        """Yield a file with the bytes: the source's own where it has one and the target only reads it."""
        with _from_source(found):
            opened = self.source.open(found.key, found.version)
        with opened as original:
            own = own_file(original) if self._may_lend else None
            if own is not None:
                yield own
                return
            with self._scratch() as copy:
                with _from_source(found):
                    promise = _copy(original, copy)
                if promise != found.promise:
                    raise Mismatch(promised_sha256=found.sha256, found_sha256=promise.sha256)
                yield Path(copy.name)

    @contextmanager
    def _scratch(self) -> Iterator[IO[bytes]]:
        with (
            storing(folder=self._room.name),
            tempfile.NamedTemporaryFile(dir=self._room, prefix=_SCRATCH) as file,
        ):
            yield file.file


@contextmanager
def _from_source(found: Sealed) -> Iterator[None]:
    """Say of what the source cannot give any more that it is not what was sealed."""
    try:
        yield
    except (Missing, Damaged) as fault:
        raise Mismatch(promised_sha256=found.sha256, reason=fault.code) from fault
    except StoreUnavailable as fault:
        if fault.fields.get("reason") != "EIO":
            raise
        raise Mismatch(promised_sha256=found.sha256, reason="unreadable") from fault


def _at_once(holds: frozenset[str]) -> frozenset[str]:
    """Return as many grounds as any store takes with a seal; the others are held right after it."""
    taken, size = set(), 0
    for ground in sorted(holds):
        size += 2 * len(ground.encode()) + 4
        if size > _GROUNDS_AT_ONCE:
            break
        taken.add(ground)
    return frozenset(taken)


def _copy(original: BinaryIO, copy: IO[bytes]) -> Promise:
    """Copy all bytes. Raises: what reading raises; StoreFull, StoreUnavailable("scratch") of the copy."""
    digest, size = sha256(), 0
    while block := original.read(_BLOCK):
        digest.update(block)
        size += len(block)
        _write(copy, block)
    _write(copy, b"")
    return Promise(size, digest.hexdigest())


def _write(copy: IO[bytes], block: bytes) -> None:
    try:
        copy.write(block)
        if not block:
            copy.flush()
    except OSError as fault:
        if fault.errno == errno.EIO:  # not the original's disc
            raise StoreUnavailable(reason="scratch") from fault
        raise unavailable(fault, folder="scratch") from fault


def _digest(file: BinaryIO) -> Promise:
    digest, size = sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return Promise(size, digest.hexdigest())
