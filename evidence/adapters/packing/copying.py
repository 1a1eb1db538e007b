"""One pass over a file: read, digested three ways, and written, each in a thread of its own.

SM3 is the slowest of the three, so a copy is about as fast as SM3 alone. All of them leave the interpreter's
lock. What waits between the threads is bounded: some blocks, however long the file.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.hazmat.primitives import hashes

from evidence.bundle.bagit import Digested

BLOCK = 4 << 20
_DEPTH = 4  # blocks that may wait for one thread
_SYNC_EACH = 64 << 20  # so that the last fsync of a long file has little left to do
_LANES = ("sha256", "sha512", "sm3", "disc")


class Sums:
    """The three digests of one run of bytes, as it goes."""

    def __init__(self) -> None:
        self._sha256, self._sha512 = hashlib.sha256(), hashlib.sha512()
        self._sm3 = hashes.Hash(hashes.SM3())  # noqa: S303 (GB/T 32905, beside SHA-256)
        self.size_bytes = 0

    def update(self, block: bytes) -> None:
        """Take the next bytes, here and now."""
        for digest in self.acts(block):
            digest()

    def acts(self, block: bytes) -> list[Callable[[], None]]:
        """Return what is to be done with the next bytes, in the order of the lanes."""
        self.size_bytes += len(block)
        return [partial(one.update, block) for one in (self._sha256, self._sha512, self._sm3)]

    def told(self, path: str) -> Digested:
        """Return the digests of all bytes taken, as those of this path; nothing can be taken any more."""
        sm3 = self._sm3.finalize().hex()
        return Digested(path, self.size_bytes, self._sha256.hexdigest(), self._sha512.hexdigest(), sm3)


class _Lane:
    """A thread that does one thing after the other, not far behind whoever gives them."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[object]] = deque()

    def give(self, act: Callable[[], object]) -> None:
        """Have it done; waits where too much is waiting. Raises: what an earlier act raised."""
        self._waiting.append(self._thread.submit(act))
        while len(self._waiting) > _DEPTH:
            self._waiting.popleft().result()

    def settle(self) -> None:
        """Wait until all is done. Raises: what an act raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def drop(self) -> None:
        """Drop what has not begun, and wait for the rest, whatever it raises."""
        for one in self._waiting:
            one.cancel()
        wait(self._waiting)
        self._waiting.clear()

    def close(self) -> None:
        """End the thread, as `drop` does."""
        self.drop()
        self._thread.shutdown()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run of a source's bytes goes: a new file, its path in the bag, how many bytes."""

    file: Path
    path: str
    size_bytes: int


class Copier:
    """Copies and digests, one file after the other. Used in a `with`."""

    def __init__(self) -> None:
        self._lanes = [_Lane() for _ in _LANES]
        self._disc = self._lanes[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.close()

    def copy(self, source: BinaryIO, targets: Sequence[Target]) -> tuple[Digested, list[Digested]]:
        """Copy a source into one or more new files, one behind the other; return the whole and each of them.

        What is in the source beyond the targets is told by the size of the whole, and not written.
        Raises: OSError, and what reading the source raises.
        """
        whole = Sums()
        parts = [(one, whole if len(targets) == 1 else Sums()) for one in targets]
        for target, sums in parts:
            self._fill(source, target, [sums] if sums is whole else [whole, sums])
        whole.size_bytes += len(source.read(1))
        for lane in self._lanes:
            lane.settle()
        of_parts = [] if len(targets) == 1 else [sums.told(target.path) for target, sums in parts]
        told = whole.told(targets[0].path)
        return told, of_parts or [told]

    def _fill(self, source: BinaryIO, target: Target, sums: Sequence[Sums]) -> None:
        """Write up to the target's size. Its bytes are durable then, its name is not."""
        with target.file.open("xb", buffering=0) as out:
            try:
                self._pour(source, target.size_bytes, out.fileno(), sums)
                os.fsync(out.fileno())
            finally:
                self._disc.drop()  # nothing may write to this number once it is closed

    def _pour(self, source: BinaryIO, left: int, fd: int, sums: Sequence[Sums]) -> None:
        unsynced = 0
        while left and (block := source.read(min(BLOCK, left))):
            left -= len(block)
            unsynced += len(block)
            for one in sums:
                for lane, act in zip(self._lanes, one.acts(block), strict=False):
                    lane.give(act)
            self._disc.give(partial(_write, fd, block))
            if unsynced >= _SYNC_EACH:
                self._disc.give(partial(os.fdatasync, fd))
                unsynced = 0
        self._disc.settle()


def put(file: Path, path: str, body: bytes) -> Digested:
    """Write a small new file, not yet durable; return its digests. Raises: OSError."""
    with file.open("xb", buffering=0) as out:
        _write(out.fileno(), body)
    sums = Sums()
    sums.update(body)
    return sums.told(path)


def digest(file: Path) -> Digested:
    """Read a file back and return its digests. Raises: OSError."""
    sums = Sums()
    lanes = [_Lane() for _ in _LANES[:-1]]
    try:
        with file.open("rb", buffering=0) as source:
            while block := source.read(BLOCK):
                for lane, act in zip(lanes, sums.acts(block), strict=True):
                    lane.give(act)
            for lane in lanes:
                lane.settle()
    finally:
        for lane in lanes:
            lane.close()
    return sums.told(file.name)


def _write(fd: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(fd, view) :]
