"""An original on the card, read once from front to back, with the digest of the bytes before an offset.

The digest follows what the service says is durable, not what was read: bytes that must be sent again are
still in memory, and after a restart the first part is read again for the digest only. A file that is not the
one that was listed any more (other size, other time, early end) is never passed off as that one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from types import TracebackType

from evidence.dock.finding import CardFault, Found, reason_of

_LOOK = 1 << 20  # bytes per read when only the digest is wanted


class Original:
    """One file of the card, open for reading. Holds at most one chunk in memory. For one thread."""

    def __init__(self, found: Found) -> None:
        """Open the file. Raises: CardFault when it cannot be opened or is not the file that was listed."""
        self.found = found
        self._whole = hashlib.sha256()  # of the first _settled bytes
        self._settled = 0
        self._ahead = (
            0,
            self._whole,
        )  # an offset further on, and the digest up to there
        self._held = memoryview(b"")  # the bytes from _settled to the position of the file
        self._buffer = memoryview(b"")  # where _held lives; used again for every chunk
        try:
            self._file = os.fdopen(_open(found.path), "rb", buffering=0)
        except OSError as problem:
            raise self._fault(problem) from problem
        try:
            self._check_unchanged()
        except CardFault:
            self._file.close()
            raise

    def chunk_at(self, offset: int, length: int) -> memoryview:
        """Return up to length bytes from offset on, at least one; 0 <= offset < size.

        Valid until the next call. Raises: CardFault when the card cannot be read or the file changed.
        """
        self._settle(offset)
        if not self._held:
            self._held = self._read(min(length, self.found.size_bytes - offset))
        if offset + len(self._held) == self.found.size_bytes:
            self._check_unchanged()  # before the last bytes go out: a changed file is never completed
        return self._held[:length]

    def digest_through(self, chunk: memoryview) -> bytes:
        """Return the SHA-256 of the file from its start to the end of this chunk, the last one asked for.

        Each byte is hashed once: when the service has the chunk, this digest becomes the settled one.
        """
        ahead = self._whole.copy()
        ahead.update(chunk)
        self._ahead = (self._settled + len(chunk), ahead)
        return ahead.digest()

    def digest_to_end(self) -> str:
        """Return the SHA-256 of the whole file in hex, reading what was not read. Raises: CardFault."""
        self._settle(self.found.size_bytes)
        self._check_unchanged()
        return self._whole.hexdigest()

    def _settle(self, offset: int) -> None:
        """Make the digest cover exactly the bytes before offset."""
        if offset < self._settled:  # the service has less than we knew: begin again
            self._whole, self._settled, self._held = hashlib.sha256(), 0, memoryview(b"")
            self._ahead = (0, self._whole)
            self._seek_start()
        kept = min(len(self._held), offset - self._settled)
        if kept and self._settled + kept == self._ahead[0]:
            self._settled, self._whole = self._ahead
            self._held = self._held[kept:]
        else:
            self._take(self._held[:kept], self._held[kept:])
        while self._settled < offset:
            self._take(self._read(min(_LOOK, offset - self._settled)), memoryview(b""))

    def _take(self, settled: memoryview, rest: memoryview) -> None:
        self._whole.update(settled)
        self._settled += len(settled)
        self._held = rest

    def _seek_start(self) -> None:
        try:
            self._file.seek(0)
        except OSError as problem:
            raise self._fault(problem) from problem

    def _read(self, length: int) -> memoryview:
        if len(self._buffer) < length:
            self._buffer = memoryview(bytearray(length))
        buffer = self._buffer[:length]
        filled = 0
        while filled < length:
            try:
                got = self._file.readinto(buffer[filled:])
            except OSError as problem:
                raise self._fault(problem) from problem
            if not got:
                raise CardFault("card-file-changed", name=self.found.name, reason="early-end")
            filled += got
        return buffer

    def _check_unchanged(self) -> None:
        try:
            facts = os.fstat(self._file.fileno())
        except OSError as problem:
            raise self._fault(problem) from problem
        now = (stat.S_ISREG(facts.st_mode), facts.st_size, facts.st_mtime_ns)
        if now != (True, self.found.size_bytes, self.found.mtime_ns):
            raise CardFault("card-file-changed", name=self.found.name, reason="size-or-time-differs")

    def _fault(self, problem: OSError) -> CardFault:
        return CardFault("card-unreadable", name=self.found.name, reason=reason_of(problem))

    def __enter__(self) -> Original:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _open(path: str) -> int:
    """Open for reading: no link is followed, a pipe put in the file's place cannot hang us, and where we may,
    not even the time of last access changes on the card."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # O_NOATIME is for the owner of the file only
        return os.open(path, flags)
