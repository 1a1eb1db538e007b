"""A read-only handle on a sealed file that speaks of storage errors, so that a bad disc is never a short
read."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from storage.durable import storing
from storage.errors import Damaged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Seekable(io.RawIOBase):
    """The raw side of something of a known length that is read anywhere and never written."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__()
        self._size, self._at = size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("seek before the start")
        self._at = base + offset
        return self._at


class _SealedFile(Seekable):
    """The raw side: seekable, and ending exactly where the file ended when it was opened."""

    def __init__(self, fd: int, key: str) -> None:
        super().__init__(os.fstat(fd).st_size)
        self._fd, self._key = fd, key

    def fileno(self) -> int:
        return self._fd

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


def own_file(original: BinaryIO) -> Path | None:
    """Return the path of the very file that is open, or None where the handle is no file of this machine."""
    try:
        descriptor = original.fileno()
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        same = os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # io.UnsupportedOperation is one
        return None
    return path if same else None
