"""The body of a long request, taken from the socket in whole blocks.

uvicorn hands a body on in pieces of some 64 KiB, each copied four times on the one event loop, which is then
the narrowest place of the whole service. Here the rest of a long body is read by a protocol of its own
(asyncio.BufferedProtocol, which TLS transports serve as well) straight into blocks of 1 MiB, and the
application receives it through the same ASGI messages as before.

A block is used again only when nobody holds a view of it any more, so that whoever still writes or hashes it
never sees it change. Python itself tells: memory that is being viewed cannot be resized. Blocks begin at a
whole page, so that they can go to the disc directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
from collections import deque
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

BLOCK_BYTES = 1 << 20
_MOST_READY = 1  # blocks that wait for the application; then the sender must wait
_MOST_KEPT = 128  # blocks of this process that are kept for the next request
_LOOKS = 8  # at blocks kept, before a new one is made
# Of all bodies under way together, not filled to the last. One body is in about six places at once: the block
# that fills, one ready, one with the application, two on its belt, one being written (pouring.py).
_MOST_BYTES, _PLACES, _LEAST_BYTES = 192 << 20, 6, 64 << 10
_HAND_OVER_S = 1.0  # a slow line: what is there is handed over after so long, even if the block is not full


class LongBody(asyncio.BufferedProtocol):
    """The body of one request. From `begin` to the last byte it is the transport's protocol."""

    def __init__(
        self, cycle: RequestResponseCycle, flow: FlowControl, http: asyncio.Protocol, length: int
    ) -> None:
        """http: the protocol that gets the transport back. length: bytes, as the request's head says."""
        self._cycle, self._flow, self._http = cycle, flow, http
        self._usual, cycle.receive = cycle.receive, self.receive  # type: ignore[assignment,method-assign]
        self._missing, self._filled, self._is_told = length, 0, False
        self._ready: deque[memoryview] = deque()
        self._arrived = asyncio.Event()
        self._block: memoryview | None = None  # until a byte comes: who only announces bytes costs no memory

    @property
    def missing(self) -> int:
        """Bytes of the body that have not arrived."""
        return self._missing

    def feed(self, data: bytes) -> None:
        """Take bytes of the body that came together with the head."""
        rest = memoryview(data)
        while rest:
            space = self.get_buffer(-1)
            piece = rest[: len(space)]
            space[: len(piece)] = piece
            self._take(len(piece))
            rest = rest[len(piece) :]

    def begin(self, finished: Callable[[], None]) -> None:
        """Read the rest from the transport; finished is called after the last byte, when http has it back."""
        self._finished = finished
        _under_way.add(self)
        self._hand_transport_to(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 (a protocol's signature)
        """Return the free part of the block, never more than what is missing: the next head is not ours."""
        if self._cycle.response_complete:
            return _waste[: self._missing]
        if self._block is None:
            self._block = memoryview(_free_block())
        return self._block[
            self._filled : min(self._filled + self._missing, max(share_bytes(), self._filled + 1))
        ]

    def buffer_updated(self, nbytes: int) -> None:
        """Note that so many bytes have arrived."""
        self._take(nbytes)
        if not self._missing:
            _under_way.discard(self)
            self._hand_transport_to(self._http)
            self._finished()

    def eof_received(self) -> bool | None:
        """Leave it to http: the transport closes."""
        return self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell http, which tells the cycle; what has arrived is still handed over."""
        _under_way.discard(self)
        self._http.connection_lost(exc)
        self._arrived.set()
        if self._cycle.response_complete:
            self._throw_away()

    def pause_writing(self) -> None:
        """Leave it to http."""
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """Leave it to http."""
        self._http.resume_writing()

    async def receive(self) -> dict[str, object]:
        """The ASGI channel of this request: `http.request` with a memoryview as its body, or a disconnect."""
        cycle = self._cycle
        # Who asks holds the channel. If the cycle did too, the two would keep each other, and the blocks.
        cycle.__dict__.pop("receive", None)
        if self._is_told:
            return dict(await self._usual())
        if cycle.waiting_for_100_continue and not cycle.transport.is_closing():
            cycle.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        while not cycle.response_complete:
            if self._ready or not self._missing:
                return self._next()
            if not cycle.disconnected:
                await self._wait()
            if not self._ready and self._filled:
                self._hand_over_part()
            elif cycle.disconnected and not self._ready:
                break
        return {"type": "http.disconnect"}

    async def _wait(self) -> None:
        """Wait for a whole block, the end, or a while."""
        self._arrived.clear()
        try:
            async with asyncio.timeout(_HAND_OVER_S):
                await self._arrived.wait()
        except TimeoutError:
            pass

    def _next(self) -> dict[str, object]:
        body = self._ready.popleft() if self._ready else memoryview(b"")
        if not self._cycle.transport.is_closing():
            self._flow.resume_reading()
        self._is_told = not self._missing and not self._ready
        return {"type": "http.request", "body": body, "more_body": not self._is_told}

    def _take(self, count: int) -> None:
        self._filled += count
        self._missing -= count
        # Answered without it: the rest is thrown away, for as long as uvicorn keeps an answered connection.
        if self._cycle.response_complete:
            self._throw_away()
        elif self._filled >= share_bytes() or not self._missing:
            self._hand_over()
            if self._missing and len(self._ready) >= _MOST_READY:
                self._flow.pause_reading()

    def _hand_over(self) -> None:
        if self._block is not None:
            self._ready.append(self._block[: self._filled])
        self._block, self._filled = None, 0
        self._arrived.set()

    def _throw_away(self) -> None:
        self._ready.clear()
        self._block, self._filled = None, 0

    def _hand_over_part(self) -> None:
        """Hand over a copy of what is there: a slow line must not use up a block for every few bytes."""
        if self._block is not None:
            self._ready.append(memoryview(bytes(self._block[: self._filled])))
            self._filled = 0

    def _hand_transport_to(self, protocol: asyncio.BaseProtocol) -> None:
        """Change the protocol while nothing is read: a read under way would go to the wrong one."""
        self._flow.pause_reading()
        self._cycle.transport.set_protocol(protocol)
        self._flow.resume_reading()


_under_way: set[LongBody] = set()


def share_bytes() -> int:
    """Return how much of a block each body may fill: all of it, unless so many come at once that their blocks
    together would need more memory than they are worth. A multiple of what goes to the disc directly.
    """
    share = _MOST_BYTES // (_PLACES * max(1, len(_under_way)))
    return min(BLOCK_BYTES, max(_LEAST_BYTES, share // _LEAST_BYTES * _LEAST_BYTES))


_waste = memoryview(bytearray(64 << 10))  # where bytes go that nobody will read, of all connections
_kept: deque[mmap.mmap] = deque()  # the one that went out first stands first: the likeliest to be free


def _free_block() -> mmap.mmap:
    """Return a block that nobody looks at. Fresh memory is dear: a page fault for every 4 KiB of it."""
    for _ in range(min(_LOOKS, len(_kept))):
        block = _kept[0]
        _kept.rotate(-1)
        with contextlib.suppress(BufferError):
            block.resize(BLOCK_BYTES)
            return block
    block = mmap.mmap(-1, BLOCK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if len(_kept) < _MOST_KEPT:
        _kept.append(block)
    return block
