"""Long bodies arrive whole, over TCP and TLS, on both event loops, and leave the next request alone."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from evidence.web import long_bodies
from evidence.web.long_bodies import BLOCK_BYTES
from evidence.web.serving import LONG_BODY_BYTES, BoundedHeads
from tests.simulators.certificates import make_certificate

Connect = Callable[[], socket.socket]
LENGTHS = [LONG_BODY_BYTES + 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 7 * BLOCK_BYTES + 12345]


class Application:
    """Answers with what it saw of a body; it keeps all pieces, so that memory used again would show."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.first, self.ended = threading.Event(), threading.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        text = (
            b"refused" if scope["path"] == "/refuse" else await self._read(receive, scope["path"] == "/slow")
        )
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", str(len(text)).encode())]})
        await send({"type": "http.response.body", "body": text})

    async def _read(self, receive: Any, is_slow: bool) -> bytes:
        self.pieces = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.ended.set()
                return b"gone"
            self.pieces.append(message["body"])
            self.first.set()
            if is_slow:
                await asyncio.sleep(0.01)
            if not message["more_body"]:
                break
        return hashlib.sha256(b"".join(self.pieces)).hexdigest().encode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture(params=["tcp", "tls"])
def connect(
    request: pytest.FixtureRequest, application: Application, loop: str, certificate: Path
) -> Iterator[Connect]:
    is_tls = request.param == "tls"
    files = {"ssl_certfile": certificate, "ssl_keyfile": certificate.with_name("key.pem")} if is_tls else {}
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(
            uvicorn.Config(
                application, http=BoundedHeads, loop=loop, lifespan="off", log_config=None, **files
            )  # type: ignore[arg-type]
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)

        def open_line() -> socket.socket:
            line = socket.create_connection(listening.getsockname(), timeout=20)
            return (
                ssl.create_default_context(cafile=certificate).wrap_socket(line, server_hostname="127.0.0.1")
                if is_tls
                else line
            )

        yield open_line
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def head(path: str, length: int, *lines: str) -> bytes:
    return "\r\n".join(
        [f"PATCH {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *lines, "", ""]
    ).encode()


def answer(line: socket.socket) -> bytes:
    """Read one answer; return its body."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += line.recv(1)
    length = int(
        next(part for part in read.split(b"\r\n") if part.lower().startswith(b"content-length")).split()[1]
    )
    body = b""
    while len(body) < length:
        body += line.recv(length - len(body))
    return body


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("path", ["/", "/slow"])
def test_bodies_of_every_length_arrive_whole_one_after_another(
    connect: Connect, application: Application, path: str
) -> None:
    with closing(connect()) as line:
        for length in LENGTHS:
            body = random.randbytes(length)
            line.sendall(head(path, length) + body)
            assert answer(line) == digest(body)
            assert max(map(len, application.pieces)) <= BLOCK_BYTES


def test_where_many_bodies_come_at_once_each_fills_less_of_a_block(
    connect: Connect, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {object() for _ in range(199)}
    monkeypatch.setattr(long_bodies, "_under_way", others)
    body = random.randbytes(3 * BLOCK_BYTES + 5)
    with closing(connect()) as line:
        line.sendall(head("/slow", len(body)) + body)
        assert answer(line) == digest(body)
        # While its own is the 200th: six places of each, 192 MiB in all.
        assert max(map(len, application.pieces)) <= 128 << 10 < BLOCK_BYTES
    assert len(others) == 199, "it counts no longer than it comes"


@pytest.mark.parametrize(
    ("bodies", "kib"), [(0, 1024), (1, 1024), (32, 1024), (33, 960), (200, 128), (2048, 64)]
)
def test_what_bodies_fill_together_is_bounded(monkeypatch: pytest.MonkeyPatch, bodies: int, kib: int) -> None:
    monkeypatch.setattr(long_bodies, "_under_way", {object() for _ in range(bodies)})
    assert long_bodies.share_bytes() == kib << 10


def test_a_request_that_follows_in_the_same_breath_is_not_taken_for_the_body(connect: Connect) -> None:
    first, second, short = (random.randbytes(n) for n in (2 * BLOCK_BYTES + 5, BLOCK_BYTES + 7, 10))
    with closing(connect()) as line:
        parts = [first, short, second, short]
        # From one thread: two on one TLS socket of Python 3.11 may spoil it. The few answers fit on the line.
        line.sendall(b"".join(head("/", len(body)) + body for body in parts))
        assert [answer(line) for _ in parts] == [digest(body) for body in parts]


def test_a_body_that_is_refused_unread_is_thrown_away_and_the_connection_lives(connect: Connect) -> None:
    body = random.randbytes(3 * BLOCK_BYTES)
    with closing(connect()) as line:
        line.sendall(head("/refuse", 8 * BLOCK_BYTES) + bytes(BLOCK_BYTES))
        assert answer(line) == b"refused"
        line.sendall(bytes(7 * BLOCK_BYTES))
        line.sendall(head("/", len(body)) + body)
        assert answer(line) == digest(body)


def test_a_last_request_after_a_long_one_is_answered_whatever_bytes_trail_it(connect: Connect) -> None:
    body = random.randbytes(2 * BLOCK_BYTES)
    with closing(connect()) as line:
        line.sendall(head("/", len(body)) + body)
        assert answer(line) == digest(body)
        line.sendall(head("/", 3, "Connection: close") + b"abc" + b"stray")
        assert answer(line) == digest(b"abc")


def test_a_sender_that_asks_first_is_told_to_go_on(connect: Connect) -> None:
    body = random.randbytes(2 * BLOCK_BYTES)
    with closing(connect()) as line:
        line.sendall(head("/", len(body), "Expect: 100-continue"))
        assert line.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert answer(line) == digest(body)


def test_what_a_slow_line_brought_is_handed_over_before_the_block_is_full(
    connect: Connect, application: Application
) -> None:
    with closing(connect()) as line:
        line.sendall(head("/", 2 * BLOCK_BYTES) + b"drop")
        assert application.first.wait(10)
        assert b"".join(application.pieces) == b"drop"


def test_a_slow_line_uses_up_no_block_for_every_few_bytes(
    connect: Connect, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_bodies, "_HAND_OVER_S", 0.01)
    with closing(connect()) as line:
        line.sendall(head("/", 2 * BLOCK_BYTES) + b"0")
        for _ in range(20):
            time.sleep(0.03)
            line.sendall(b"0")
        time.sleep(0.1)
        assert b"".join(application.pieces) == b"0" * 21
        assert len(application.pieces) > 10
        assert all(isinstance(memoryview(piece).obj, bytes) for piece in application.pieces)


def test_what_arrived_before_the_line_broke_is_handed_over_and_then_the_break_is_told(
    connect: Connect, application: Application
) -> None:
    body = random.randbytes(3 * BLOCK_BYTES + 99)
    with closing(connect()) as line:
        line.sendall(head("/slow", 8 * BLOCK_BYTES) + body)
        time.sleep(0.5)
    assert application.ended.wait(20)
    assert b"".join(application.pieces) == body
