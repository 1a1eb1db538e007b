"""A weak line between a dock and a service: a TCP proxy that breaks connections as told. Bytes are never
changed."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class WeakLine:
    """The plan of the breaks: each connection takes the next entry; when none is left, lines hold.

    breaks_after: bytes of the dock that pass before the line is reset. mutes_after: bytes of the dock after
    which what the service answers is lost, and the line is reset instead. hold: bytes of the dock, over all
    connections, after which nothing more passes until `go_on`; `held` is set when it comes to that.
    """

    url: str = ""
    breaks_after: deque[int] = field(default_factory=deque)
    mutes_after: deque[int] = field(default_factory=deque)
    hold: int | None = None
    held: threading.Event = field(default_factory=threading.Event)
    broken: int = 0
    _sent: int = 0
    _gone_on: threading.Event = field(default_factory=threading.Event)

    def go_on(self) -> None:
        """Let everything pass again."""
        self._gone_on.set()

    def _wait_on_hold(self, piece: bytes) -> None:
        self._sent += len(piece)
        if self.hold is not None and self._sent > self.hold:
            self.held.set()
            self._gone_on.wait()

    def carry(self, dock: socket.socket, service: socket.socket) -> None:
        """Carry one connection in both directions until it ends or is broken as planned."""
        limit = self.breaks_after.popleft() if self.breaks_after else None
        mute = self.mutes_after.popleft() if self.mutes_after and limit is None else None
        passed = 0

        def back() -> None:
            with suppress(OSError):
                while piece := service.recv(1 << 16):
                    if mute is not None and passed >= mute:
                        break
                    dock.sendall(piece)
            reset(dock, service)

        answering = threading.Thread(target=back, daemon=True)
        answering.start()
        with suppress(OSError):
            while piece := dock.recv(1 << 16):
                self._wait_on_hold(piece)
                if limit is not None and passed + len(piece) > limit:
                    service.sendall(piece[: limit - passed])
                    break
                service.sendall(piece)
                passed += len(piece)
        if limit is not None or mute is not None:
            self.broken += 1
        reset(dock, service)
        answering.join()


def reset(*ends: socket.socket) -> None:
    """Break connections off, as a line does that goes down: whoever waits at the other end is told."""
    for end in ends:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def weak_line(url: str) -> Iterator[WeakLine]:
    """Stand between a dock and the service at url (plain HTTP on this machine) while the context is open."""
    target = urlsplit(url)
    line = WeakLine()
    with socket.create_server(("127.0.0.1", 0)) as door:
        line.url = f"http://127.0.0.1:{door.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):  # the door is closed at the end
                while True:
                    dock, _ = door.accept()
                    service = socket.create_connection((target.hostname, target.port))
                    threading.Thread(target=line.carry, args=(dock, service), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield line
        finally:
            line.go_on()
            door.shutdown(socket.SHUT_RDWR)
    accepting.join(timeout=5)
