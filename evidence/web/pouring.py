"""Moving the body of an upload into its reception: a thread writes and hashes while the next blocks arrive.

The thread does not ask the event loop between two blocks: asked for each MiB, the loop's answer was measured
to cost half as much time as writing and hashing do. A sender that is slow or silent keeps no thread, and one
whose token was revoked meanwhile is refused: what it sent in this request is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from evidence.service.intake.reception import Reception
from evidence.web.bodies import ask_again
from evidence.web.long_bodies import share_bytes

STALL_S = 60.0  # a dock that lost its power says no farewell; after so long its upload is free again
_MOST_WAITING = 2

Blocks = list[bytes]


async def pour(request: Request, reception: Reception) -> None:
    """Move the body into the reception; return when all that arrived has been taken.

    A sender that goes away ends the body early: without a checksum, what arrived is kept by the commit.
    Raises: what `Reception.take` does; as the admission, which is asked again and again.
    """
    belt, asked = _Belt(reception.take), asyncio.get_running_loop().time()
    pieces: Blocks = []
    try:
        async with asyncio.timeout(STALL_S) as patience:
            async for piece in request.stream():
                patience.reschedule(asyncio.get_running_loop().time() + STALL_S)
                asked = await ask_again(request, asked)
                pieces.append(piece)
                if sum(map(len, pieces)) >= share_bytes():
                    await belt.put(pieces)
                    pieces = []
    except (ClientDisconnect, TimeoutError):
        pass  # the sender is gone or silent: what arrived is judged by the commit
    finally:
        await belt.finish()
    await ask_again(request, asked)
    if pieces:
        await run_in_threadpool(reception.take, *pieces)


class _Belt:
    """Carries blocks, in order, from the event loop to one thread at a time."""

    def __init__(self, take: Callable[..., None]) -> None:
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._waiting: deque[Blocks] = deque()
        self._is_moving = False  # a thread is at it; changed under the lock, as what waits is
        self._fault: BaseException | None = None
        self._room = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    async def put(self, blocks: Blocks) -> None:
        """Add blocks, when there is room. Raises: what taking earlier ones raised; then nothing is added."""
        while not self._is_added(blocks):
            await self._room.wait()

    async def finish(self) -> None:
        """Wait until everything is taken. Raises: what taking raised; what came after that is dropped."""
        if self._work is not None:
            await self._work
        if self._fault is not None:
            raise self._fault

    def _is_added(self, blocks: Blocks) -> bool:
        with self._lock:
            if self._fault is not None:
                raise self._fault
            self._room.clear()
            if len(self._waiting) >= _MOST_WAITING:
                return False
            self._waiting.append(blocks)
            if not self._is_moving:
                self._is_moving = True
                self._work = self._loop.create_task(run_in_threadpool(self._move))
            return True

    def _move(self) -> None:
        """In a thread: take what waits until nothing does."""
        while (blocks := self._next()) is not None:
            try:
                self._take(*blocks)
            except BaseException as fault:  # noqa: BLE001 (raised again by put or finish)
                with self._lock:
                    self._fault = fault
                    self._waiting.clear()
            del blocks  # the memory is free for the next block before anybody waits for it
            with contextlib.suppress(RuntimeError):  # the loop is closed: the service is going down
                self._loop.call_soon_threadsafe(self._room.set)

    def _next(self) -> Blocks | None:
        with self._lock:
            if not self._waiting:
                self._is_moving = False
                return None
            return self._waiting.popleft()
