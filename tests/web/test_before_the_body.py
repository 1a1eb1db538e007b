"""Who may not is told so before a byte of the body is read: neither memory nor disc is spent on strangers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.domain.rights import Action
from tests.house.test_routes import PAGES
from tests.permissions.reading import ROUTES
from tests.service_process import ServiceProcess
from tests.web.talk import OCTETS, UPLOADS, Dock, raw, read_answer

# A page that is looked at leads a stranger to the page for signing in (tests/web/test_sign_in.py).
SEEN = {route for route in PAGES if route.startswith("GET ")}
GUARDED = sorted(r for r, action in ROUTES.items() if action is not Action.READ_PUBLIC and r not in SEEN)


def head(method: str, path: str, length: int, *lines: str) -> str:
    """Write the head of a request with a body that has not been sent."""
    named = "".join(f"{line}\n" for line in lines)
    return f"{method} {path} HTTP/1.1\nHost: x\nContent-Length: {length}\n{named}\n"


@pytest.mark.parametrize("route", GUARDED)
@pytest.mark.parametrize("credential", ["", "Authorization: Bearer " + "x" * 43, "Authorization: Basic eDp4"])
def test_a_stranger_is_told_401_while_the_body_is_still_at_home(
    service: ServiceProcess, dock: Dock, route: str, credential: str
) -> None:
    method, path = route.split()
    path = path.replace("{upload_id}", dock.open(1000).rsplit("/", 1)[1]).replace("{recording_id}", "0" * 32)
    lines = ["Tus-Resumable: 1.0.0", "Content-Type: application/json", *filter(None, [credential])]
    with raw(service.port, head(method, path, 10**12, *lines)) as line:
        line.settimeout(5)
        answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 401 "), answer[:200]
    assert b"www-authenticate: Bearer" in answer.lower().replace(b"bearer", b"Bearer")


def test_a_dock_that_may_not_is_told_403_while_the_body_is_still_at_home(
    service: ServiceProcess, dock: Dock
) -> None:
    lines = (f"Authorization: Bearer {dock.token}", "Content-Type: application/json")
    with raw(service.port, head("POST", "/api/v1/docks", 10**12, *lines)) as line:
        line.settimeout(5)
        assert read_answer(line).status == 403


def test_of_a_strangers_bytes_none_is_stored_however_slowly_or_fast_they_come(
    service: ServiceProcess, dock: Dock, site: Path
) -> None:
    path = dock.open(50_000_000)
    lines = ("Tus-Resumable: 1.0.0", f"Content-Type: {OCTETS}", "Upload-Offset: 0")
    with raw(service.port, head("PATCH", path, 50_000_000, *lines)) as line:
        line.sendall(b"x")
        assert read_answer(line).status == 401
        with pushing(line, 50_000_000 - 1):
            assert dock.offset(path) == 0
    assert (site / "staging" / f"{path.rsplit('/', 1)[1]}.part").stat().st_size == 0
    assert dock.offset(path) == 0


@contextmanager
def pushing(line: socket.socket, size: int) -> Iterator[None]:
    """Go on sending although the answer is here; the service may hang up on us."""

    def push() -> None:
        try:
            for _ in range(size // 1_000_000):
                line.sendall(bytes(1_000_000))
        except OSError:
            pass

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_an_authenticated_list_may_not_be_endless(service: ServiceProcess, dock: Dock) -> None:
    lines = (f"Authorization: Bearer {dock.token}", "Content-Type: application/json")
    with raw(service.port, head("POST", "/api/v1/cards", 10**12, *lines)) as line:
        line.settimeout(5)
        assert read_answer(line).code == "too-many-bytes"
    chunked = f"POST /api/v1/cards HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n{lines[0]}\n{lines[1]}\n\n"
    with raw(service.port, chunked) as line:
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        started, status = time.monotonic(), 0
        line.settimeout(20)
        try:
            for _ in range(200):
                line.sendall(piece)
                if is_readable(line):
                    status = read_answer(line).status
                    break
        except OSError:
            status = read_answer(line).status
    assert status == 413
    assert time.monotonic() - started < 20


def is_readable(line: socket.socket) -> bool:
    """Tell whether something has come back."""
    line.setblocking(False)
    try:
        return bool(line.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        line.settimeout(20)


def test_an_upload_cannot_be_opened_with_a_token_that_comes_in_another_way(
    service: ServiceProcess, dock: Dock
) -> None:
    for path, line in (
        (f"{UPLOADS}?token={dock.token}&access_token={dock.token}&auth={dock.token}", "X-A: b"),
        (UPLOADS, f"Cookie: token={dock.token}; session={dock.token}"),
        (UPLOADS, f"X-Auth-Token: {dock.token}"),
        (UPLOADS, f"Proxy-Authorization: Bearer {dock.token}"),
        (UPLOADS, f"Authorization: Token {dock.token}"),
        (UPLOADS, f"Authorization: {dock.token}"),
    ):
        lines = ("Tus-Resumable: 1.0.0", "Upload-Length: 1", "Upload-Metadata: filename YQ==", line)
        with raw(service.port, head("POST", path, 0, *lines)) as connection:
            assert read_answer(connection).status == 401, line
