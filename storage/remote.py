"""A read-only handle on one version in a bucket: seekable, and never a short read.

A reading goes on over one connection; a seek elsewhere opens another at that place. What breaks off midway is
StoreUnavailable, what the server ends early is Damaged.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from urllib3.response import BaseHTTPResponse

from storage.asking import asking
from storage.bucket import Bucket, give_back
from storage.errors import Damaged, Missing, StoreUnavailable
from storage.reading import Seekable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 1 << 16  # whoever reads more at once gets it past this buffer, uncopied


class _Remote(Seekable):
    """The raw side. size_bytes: what HEAD said when the handle was opened."""

    def __init__(self, bucket: Bucket, key: str, version: str, size_bytes: int) -> None:
        super().__init__(size_bytes)
        self._bucket, self._key, self._version = bucket, key, version
        self._answer: BaseHTTPResponse | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        before, now = self._at, super().seek(offset, whence)
        if now != before:
            self._hang_up()
        return now

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if not view or self._at >= self._size:
            return 0
        if self._answer is None:
            try:
                self._answer = self._bucket.get(self._key, self._version, self._at)
            except Missing as fault:  # it was there when the handle was opened
                raise StoreUnavailable(key=self._key, reason="gone-while-reading") from fault
        with asking(key=self._key):
            # As it is stored, whatever encoding an answer claims; decoding would also copy each byte twice.
            piece = self._answer.read(len(view), decode_content=False)
        if not piece:
            raise Damaged(key=self._key, reason="ends-early", at=self._at, size_bytes=self._size)
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._hang_up()
        super().close()

    def _hang_up(self) -> None:
        if self._answer is not None:
            give_back(self._answer)
            self._answer = None


def reading(bucket: Bucket, key: str, version: str, size_bytes: int) -> BinaryIO:
    """Open a version of a known length. Reading raises: StoreUnavailable, Damaged."""
    return io.BufferedReader(_Remote(bucket, key, version, size_bytes), _BUFFER)
