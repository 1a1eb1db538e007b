"""A stranger cannot fill memory with a request head that never ends, nor hold an upload by falling silent."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from evidence.web import pouring
from evidence.web.serving import MOST_HEAD_BYTES
from tests.service_process import ServiceProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(Path(tmp_path_factory.mktemp("heads")) / "site") as running:
        yield running


def test_a_head_without_end_is_cut_off(service: ServiceProcess) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ")
        with pytest.raises(OSError):
            while sent < 64 * MOST_HEAD_BYTES:
                sent += line.send(b"a" * 65536)
            line.settimeout(20)
            assert line.recv(1) != b"", "the service kept listening"
            raise OSError
    assert sent < 64 * MOST_HEAD_BYTES
    assert service.get("/health")[0] == 200


def test_many_requests_on_one_connection_are_all_answered(service: ServiceProcess) -> None:
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    for _ in range(300):
        line.request("GET", "/health", headers={"X-Pad": "b" * 1000})
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"state":"alive"}')


def test_what_follows_a_body_is_bounded_too(service: ServiceProcess) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as line:
        line.sendall(
            b"POST /api/v1/cards HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: "
        )
        with pytest.raises(OSError):
            while sent < 64 * MOST_HEAD_BYTES:
                sent += line.send(b"a" * 65536)
            raise AssertionError("it took everything")
    assert sent < 64 * MOST_HEAD_BYTES


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n",
        b"PATCH / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: a\r\n\r\n",
    ],
)
def test_a_request_whose_end_could_be_read_in_two_ways_is_refused_and_the_connection_closed(
    service: ServiceProcess, head: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as line:
        line.sendall(head)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    assert b" 400 " in answer
    assert b" 200 " not in answer


class _Silent:
    """A request whose sender falls silent after one piece."""

    async def stream(self) -> AsyncIterator[bytes]:
        yield b"arrived"
        await asyncio.sleep(60)
        yield b"never"


class _Kept:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.body = b""

    def take(self, *blocks: bytes) -> None:
        self.body += b"".join(blocks)


def test_a_sender_that_falls_silent_is_given_up_and_what_arrived_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pouring, "STALL_S", 0.2)
    kept, started = _Kept(), time.monotonic()
    asyncio.run(pouring.pour(_Silent(), kept))  # type: ignore[arg-type]
    assert kept.body == b"arrived"
    assert time.monotonic() - started < 20
