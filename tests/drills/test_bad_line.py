"""The bad line of F35 does to a connection what it says, and changes no byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.drills.bad_line import BadLine

BODY = bytes(range(256)) * 400


@pytest.fixture
def heard() -> Iterator[tuple[int, list[bytes]]]:
    """A service that answers each connection with "done" when it has heard it out; what it heard."""
    door, pieces = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        with suppress(OSError):
            while True:
                link, _ = door.accept()
                with link, suppress(OSError):
                    while piece := link.recv(65536):
                        pieces.append(piece)
                        if sum(map(len, pieces)) == len(BODY):
                            link.sendall(b"done")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield door.getsockname()[1], pieces
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join(5)


def say(port: int, patience_s: float = 10.0) -> bytes | None:
    """Send the body; return the answer, None where the line broke, be it at once, or nothing came in time."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=patience_s) as link:
        link.sendall(BODY)
        return link.recv(16)
    return None


@pytest.mark.parametrize(
    ("manner", "answer", "arrives"),
    [("good", b"done", "all"), ("mute", None, "all"), ("reset", None, "some")],
)
def test_a_line_does_what_its_manner_says(
    heard: tuple[int, list[bytes]], manner: str, answer: bytes | None, arrives: str
) -> None:
    port, pieces = heard
    with BadLine(port, seed=1) as line:
        line.manner = manner
        assert (say(line.port) or None) == answer
        assert line.broken == (manner != "good")
    got = b"".join(pieces)
    assert BODY.startswith(got)
    assert (len(got) == len(BODY)) == (arrives == "all")


def test_a_hole_lets_nothing_pass_until_it_is_over(heard: tuple[int, list[bytes]]) -> None:
    port, pieces = heard
    with BadLine(port, seed=1) as line:
        line.manner = "hole"
        assert say(line.port, patience_s=0.3) is None
        assert pieces == []
        line.manner = "good"


def test_a_service_that_is_away_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with BadLine(port, seed=1) as line:
        assert not say(line.port)
