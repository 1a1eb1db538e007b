"""One file, read at chosen places and counted: every byte that a reader asks for is in `bytes_read`.

No read is longer than LONGEST_READ, whatever a header claims. Like every module of the child this one imports
next to nothing (no dataclasses, typing, re, json; posix and _operator instead of os and operator, which are
their wrappings in Python): the child's start is part of every probe.
"""

from __future__ import annotations

import posix

LONGEST_READ = 64 << 20  # an index of 64 MiB is a day of video; a longer one is a lie


class Source:
    """A file opened read-only. `size` is its length in bytes, `bytes_read` what was taken from it so far."""

    def __init__(self, path: str) -> None:
        self._fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        self.path = path
        self.size = posix.fstat(self._fd).st_size
        self.bytes_read = 0

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes at `offset`; fewer at the end of the file, at most LONGEST_READ."""
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        data = posix.pread(self._fd, min(length, LONGEST_READ, self.size - offset), offset)
        self.bytes_read += len(data)
        return data

    def close(self) -> None:
        """Give the file back."""
        posix.close(self._fd)
