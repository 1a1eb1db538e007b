"""A read-only handle on a sealed file that speaks of storage errors, so that a bad disc is never a short
read."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from storage.durable import storing
from storage.errors import Damaged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _SealedFile(io.RawIOBase):
    """The raw side: seekable, and ending exactly where the file ended when it was opened."""

    def __init__(self, fd: int, key: str) -> None:
        super().__init__()
        self._fd, self._key, self._at = fd, key, 0
        self._size = os.fstat(fd).st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("seek before the start")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        with storing(key=self._key):
            count = os.preadv(self._fd, [buffer], self._at)
        if count == 0 and self._at < self._size and memoryview(buffer).nbytes:
            raise Damaged(key=self._key, reason="ends-early", at=self._at, size_bytes=self._size)
        self._at += count
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()


def reading(fd: int, key: str) -> BinaryIO:
    """Wrap the open file, which the handle closes. Reading raises: StoreUnavailable, Damaged."""
    return io.BufferedReader(_SealedFile(fd, key), 1 << 18)
