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

import httpx2
from starlette.types import ASGIApp, Message

Headers = list[tuple[bytes, bytes]]


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
        named = {"host": "test.example", "content-length": str(len(body)), **(headers or {})}
        status, told, whole = self.send(method, target.encode(), as_sent(named), body)
        return Answer(status, {k.decode().lower(): v.decode("latin-1") for k, v in told}, whole)

    def send(
        self, method: str, target: bytes, headers: Headers, body: bytes, **more: object
    ) -> tuple[int, Headers, bytes]:
        """Send one request as it is and return status, headers and body as they come. more: of the scope."""
        asked = self._send(method, target, headers, body, more)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def _send(
        self, method: str, target: bytes, headers: Headers, body: bytes, more: Mapping[str, object]
    ) -> tuple[int, Headers, bytes]:
        path, _, query = target.partition(b"?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("test.example", 80),
            **more,
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
        return start["status"], list(start["headers"]), whole


def as_sent(headers: Mapping[str, str]) -> Headers:
    """Return headers as they go over a line."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


class ByLine(httpx2.BaseTransport):
    """Lets a client ask an application by a line: several times as quick as Starlette's TestClient, which
    starts a thread with an event loop for each request. address: whose requests they seem to be.
    """

    def __init__(self, line: Line, address: str) -> None:
        self._line, self._address = line, address

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the answer."""
        url = request.url
        status, headers, body = self._line.send(
            request.method,
            url.raw_path,
            [(name.lower(), value) for name, value in request.headers.raw],
            request.read(),
            scheme=url.scheme,
            client=(self._address, 50000),
            server=(url.host, url.port or {"http": 80, "https": 443}[url.scheme]),
        )
        return httpx2.Response(status, headers=headers, content=body)
