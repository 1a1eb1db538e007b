"""Putting bytes into a file that is written once and read weeks later.

Long pieces that begin at a whole page go to the disc directly (O_DIRECT), where the file system and the
memory they lie in allow it: through the cache every byte would be copied once more, and would push out what
is in use. All others go through the cache, and the kernel is told early to write them back, so that the
fdatasync that ends a request finds little left to do. Nothing is durable before that fdatasync either way.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os

from storage.durable import write_all

PAGE_BYTES = 4096
DIRECT_BYTES = 1 << 20  # shorter pieces are not worth a way of their own
_WRITEBACK_STEP = 4 << 20  # bytes between two hints
_WRITE = 2  # SYNC_FILE_RANGE_WRITE: start, do not wait
_O_DIRECT = getattr(os, "O_DIRECT", 0)
_sync_file_range = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None)
if _sync_file_range is not None:
    _sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


class Outlet:
    """Writes to one open file, at its position."""

    def __init__(self, fd: int) -> None:
        """The descriptor stays the caller's; its O_DIRECT flag is ours to change."""
        self._fd = fd
        self._may_direct, self._is_direct = bool(_O_DIRECT), False
        self._hinted: int | None = None  # the kernel was told up to here

    @property
    def is_direct(self) -> bool:
        """Tell whether the last piece went past the cache."""
        return self._is_direct

    def write(self, position: int, chunk: bytes | bytearray | memoryview) -> int:
        """Write the whole chunk at position, where the file stands; return its length. Raises: OSError."""
        is_long = len(chunk) >= DIRECT_BYTES and len(chunk) % PAGE_BYTES == position % PAGE_BYTES == 0
        self._become(is_long and self._may_direct)
        if not self._is_direct:
            return self._write_cached(position, chunk)
        try:
            return write_all(self._fd, chunk)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
        # The file system does not take it, or not from this memory. What it took before stands.
        self._may_direct = False
        self._become(direct=False)
        done = os.lseek(self._fd, 0, os.SEEK_CUR) - position
        return done + self._write_cached(position + done, memoryview(chunk)[done:])

    def _write_cached(self, position: int, chunk: bytes | bytearray | memoryview) -> int:
        done = write_all(self._fd, chunk)
        end = position + done
        if self._hinted is None or self._hinted > position:  # the first piece, or the file was cut
            self._hinted = position
        if _sync_file_range is not None and end - self._hinted >= _WRITEBACK_STEP:
            # A hint only: it never waits, and an error it meets is told by the fdatasync that follows.
            _sync_file_range(self._fd, self._hinted, end - self._hinted, _WRITE)
            self._hinted = end
        return done

    def _become(self, direct: bool) -> None:
        if direct == self._is_direct:
            return
        flags = fcntl.fcntl(self._fd, fcntl.F_GETFL)
        try:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, flags | _O_DIRECT if direct else flags & ~_O_DIRECT)
        except OSError:
            if not direct:
                raise
            self._may_direct = False  # EINVAL: not on this file system
            return
        self._is_direct = direct
