"""Evidence in answers: one range of bytes, nothing that a browser may run or keep, cut when the right ends.

While a long answer is on its way the caller's right is asked again, whether or not the caller reads. When it
is gone the connection breaks: what had left for the network before is not called back, and no answer that was
cut looks like a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Send

from evidence.errors import Invalid

ASKED_AGAIN_S = 2.0  # drill A06 allows five
_BLOCK = 256 << 10
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def kept_as(name: str, how: str = "attachment") -> dict[str, str]:
    """Return the header that says by which name an answer is kept (RFC 6266): whole as RFC 8187 writes it,
    and before it in plain letters for programs that do not read that. how: attachment, or inline."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", name)
    return {"Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


class EvidenceStream(StreamingResponse):
    """The bytes [start, end) of an original of this size. verify: raises when the caller may not go on.

    is_part: whether a range was asked for.
    """

    def __init__(
        self,
        file: BinaryIO,
        span: tuple[int, int],
        size: int,
        *,
        is_part: bool,
        verify: Callable[[], Awaitable[None]],
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        start, end = span
        told = {**SAFE, "Accept-Ranges": "bytes", "Content-Length": str(end - start), **headers}
        if is_part:
            told["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        super().__init__(_blocks(file, start, end), 206 if is_part else 200, told, media_type)
        self._file, self._verify = file, verify

    async def stream_response(self, send: Send) -> None:
        """Send the bytes, and ask again meanwhile. Raises: what `verify` raises."""
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(self._watch)
                await super().stream_response(send)
                both.cancel_scope.cancel()
        finally:
            self._file.close()

    async def _watch(self) -> None:
        while True:
            await anyio.sleep(ASKED_AGAIN_S)
            await self._verify()


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left and (block := file.read(min(_BLOCK, left))):
        left -= len(block)
        yield block
    if left:
        raise OSError(f"the original ended {left} bytes early")  # breaks the connection: never a short 200


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes [start, end) asked for, None for the whole: what is not one valid range of bytes is
    ignored (RFC 9110 section 14.2).

    Raises: Invalid("range-not-satisfiable").
    """
    match = re.fullmatch(r"bytes=(\d{0,19})-(\d{0,19})", header or "", re.ASCII)
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = max(0, size - int(last)) if not first else int(first)
    end = size if not first or not last else min(size, int(last) + 1)
    if start >= end:
        raise Invalid("range-not-satisfiable", size=size)
    return start, end
