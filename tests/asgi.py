"""An application asked in this process, without a socket: for tests that ask thousands of times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Line:
    """A line to an application, with an event loop in a thread of its own.

    One task lives as long as the loop: where each request had a loop's run to itself, the threads that work
    for it would end with it, and thousands would be started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._loop = app, asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._over.wait(),), daemon=True)
        self._thread.start()

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request and wait for the whole answer."""
        asked = self._ask(method, target, headers or {}, body)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        named = {"host": "test.example", "content-length": str(len(body)), **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": ("127.0.0.1", 1),
            "server": ("test.example", 80),
        }
        sent, given = list[Message](), False
        over = asyncio.Event()

        async def receive() -> Message:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": body, "more_body": False}
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        except Exception:
            if not sent:  # an error beyond the handlers has its answer already
                raise
        over.set()
        start = next(message for message in sent if message["type"] == "http.response.start")
        whole = b"".join(
            message.get("body", b"") for message in sent if message["type"] == "http.response.body"
        )
        return Answer(
            start["status"], {k.decode().lower(): v.decode("latin-1") for k, v in start["headers"]}, whole
        )
