"""Strangers who open connections and do not finish what they begin keep nobody out for long."""

from __future__ import annotations

import hashlib
import resource
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import uvicorn

from evidence.web import bodies, serving
from tests.service_process import ServiceProcess
from tests.web import test_long_bodies
from tests.web.people_service import PeopleService
from tests.web.talk import Dock

Connect = test_long_bodies.Connect
application, certificate = test_long_bodies.application, test_long_bodies.certificate
connect, loop = test_long_bodies.connect, test_long_bodies.loop
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "
WHOLE = b"GET /refuse HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE_S = 1.0


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_S", PATIENCE_S)


def ended(line: socket.socket, within: float = 15) -> float:
    """Wait for the end of a connection; return after how long it came."""
    began = time.monotonic()
    line.settimeout(within)
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began


def is_open(line: socket.socket, for_s: float) -> bool:
    """Whether a connection says nothing and stays open for so long."""
    line.settimeout(for_s)
    try:
        return line.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def _line(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


@pytest.mark.parametrize("sent", [b"", HALF, b"\r\n", b"G"])
def test_a_head_that_is_not_whole_in_time_ends_the_connection(connect: Connect, sent: bytes) -> None:
    with closing(connect()) as line:
        line.sendall(sent)
        assert ended(line) >= PATIENCE_S / 2


def test_a_head_that_goes_on_byte_by_byte_buys_no_time(connect: Connect) -> None:
    with closing(connect()) as line:
        line.sendall(HALF)
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < began + 15:
                line.sendall(b"a")
                time.sleep(0.1)
        assert time.monotonic() < began + 15


def test_the_next_head_on_a_connection_is_bounded_from_its_first_byte(connect: Connect) -> None:
    with closing(connect()) as line:
        line.sendall(WHOLE)
        assert test_long_bodies.answer(line) == b"refused"
        assert is_open(line, 2.5 * PATIENCE_S), "idle between two requests is another matter"
        line.sendall(WHOLE + HALF)
        assert test_long_bodies.answer(line) == b"refused"
        assert ended(line) < 4  # sooner than an idle connection


@pytest.mark.parametrize("length", [1000, test_long_bodies.LENGTHS[-1]])
def test_a_body_may_take_longer_than_a_head(connect: Connect, length: int) -> None:
    body = bytes(length)
    with closing(connect()) as line:
        line.sendall(test_long_bodies.head("/", length) + body[: length // 2])
        time.sleep(2.5 * PATIENCE_S)
        line.sendall(body[length // 2 :])
        assert test_long_bodies.answer(line) == test_long_bodies.digest(body)
        line.sendall(WHOLE)
        assert test_long_bodies.answer(line) == b"refused"


def test_a_body_that_was_answered_buys_no_time_byte_by_byte(connect: Connect) -> None:
    with closing(connect()) as line:
        line.sendall(test_long_bodies.head("/refuse", 1000))
        assert test_long_bodies.answer(line) == b"refused"
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < began + 20:
                line.sendall(b"a")
                time.sleep(0.2)


def test_of_too_many_connections_the_one_that_waited_longest_goes_first(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 60)
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 5)
    with ExitStack() as held:
        busy = held.enter_context(closing(connect()))
        busy.sendall(test_long_bodies.head("/", 1000))
        time.sleep(0.3)
        strangers = []
        for _ in range(8):
            strangers.append(held.enter_context(closing(connect())))
            strangers[-1].sendall(HALF)
            time.sleep(0.05)
        for line in strangers[:4]:
            assert ended(line) < 10
        assert all(is_open(line, 0.1) for line in strangers[4:])
        busy.sendall(bytes(1000))
        assert test_long_bodies.answer(busy) == test_long_bodies.digest(bytes(1000))
        with closing(connect()) as line:
            line.sendall(WHOLE)
            assert test_long_bodies.answer(line) == b"refused"


def test_a_form_that_does_not_come_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.3)
    kind = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin"
    text = f"POST /sign-in HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: 20\r\n\r\nnumber="
    with PeopleService(tmp_path) as service, closing(_line(service.port)) as line:
        line.sendall(text.encode())
        assert line.recv(65536).startswith(b"HTTP/1.1 408 ")


@pytest.fixture
def few_descriptors(tmp_path: Path) -> Iterator[ServiceProcess]:
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is absent")
    with ServiceProcess(tmp_path / "site", prefix=("prlimit", "--nofile=512:512")) as service:
        yield service


def test_a_dock_sends_and_gets_its_receipt_while_strangers_hold_all_they_can(
    few_descriptors: ServiceProcess,
) -> None:
    dock, body = Dock(few_descriptors, few_descriptors.add_dock()), bytes(300_000)
    with ExitStack() as held:
        for _ in range(700):
            held.enter_context(closing(_line(few_descriptors.port))).sendall(HALF)
        path = dock.open(len(body))
        assert dock.patch(path, 0, body).status == 204
        assert dock.receipt(path)["sha256"] == hashlib.sha256(body).hexdigest()
    log = few_descriptors.data.parent / f"{few_descriptors.data.name}.service.log"
    assert "Too many open files" not in log.read_text()


@pytest.mark.grown
def test_a_service_asks_for_the_descriptors_it_may_have(tmp_path: Path) -> None:
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is absent")
    with ServiceProcess(tmp_path / "site", prefix=("prlimit", "--nofile=400:3000")) as service:
        assert service.process is not None
        assert resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE) == (3000, 3000)


def test_who_never_begins_tls_is_not_waited_for(
    application: test_long_bodies.Application, certificate: Path, loop: str
) -> None:
    key = certificate.with_name("key.pem")
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        config = uvicorn.Config(
            application,  # type: ignore[arg-type]
            http=serving.BoundedHeads, loop=loop, lifespan="off", log_config=None,  # type: ignore[arg-type]
            ssl_certfile=certificate, ssl_keyfile=key,
        )  # fmt: skip
        server = serving.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with closing(socket.create_connection(listening.getsockname(), timeout=20)) as line:
                assert PATIENCE_S / 2 <= ended(line) < 10
        finally:
            server.should_exit = True
            thread.join(20)
