"""A bad line between clients and a service: a TCP proxy whose manner can be changed while it carries.

Bytes are never changed. What stood when the manner changes goes on under the new one; the service may be
away, then a connection is reset, as by a host without a listener.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

from tests.simulators.weak_line import reset

MANNERS = (
    "good",
    "reset",  # each connection is reset after some bytes of the client, drawn by lot
    "mute",  # what the client sends arrives; of the answer comes nothing, and the line is reset
    "hole",  # nothing passes in either direction, and nobody is told
    "slow",  # about a megabit in a second, each piece 50 to 300 ms late
)
_PIECE, _SLOW_PIECE = 1 << 16, 16_384


class BadLine:
    """The proxy; a context manager. `port` leads to the service at `target`."""

    def __init__(self, target: int, seed: int) -> None:
        self._target, self._chance = target, random.Random(seed)
        self.manner, self.broken = "good", 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._over = threading.Event()

    def __enter__(self) -> BadLine:
        threading.Thread(target=self._accept, name="bad-line", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.manner = "good"
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the door is closed at the end
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            service = socket.create_connection(("127.0.0.1", self._target), timeout=10)
        except OSError:
            reset(client)
            return
        service.settimeout(None)
        answering = threading.Thread(target=self._answer, args=(service, client), daemon=True)
        answering.start()
        with suppress(OSError):
            self._ask(client, service)
        reset(client, service)
        answering.join()

    def _ask(self, client: socket.socket, service: socket.socket) -> None:
        left = self._chance.randrange(1, 150_000)
        while piece := client.recv(_SLOW_PIECE if self.manner == "slow" else _PIECE):
            self._delay()
            if self.manner == "reset":
                if len(piece) >= left:
                    service.sendall(piece[:left])
                    self.broken += 1
                    return
                left -= len(piece)
            service.sendall(piece)

    def _answer(self, service: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := service.recv(_PIECE):
                self._delay()
                if self.manner == "mute":
                    self.broken += 1
                    break
                client.sendall(piece)
        reset(client, service)

    def _delay(self) -> None:
        while self.manner == "hole" and not self._over.is_set():
            time.sleep(0.02)
        if self.manner == "slow":
            time.sleep(self._chance.uniform(0.05, 0.3))
