"""One act per name at a time in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """Who is at which name. Between processes the caller's database keeps order."""

    def __init__(self) -> None:
        self._busy: dict[str, tuple[Lock, int]] = {}
        self._guard = Lock()

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Wait for the name's turn, and keep it while the context is open."""
        with self._guard:
            mutex, users = self._busy.get(name, (Lock(), 0))
            self._busy[name] = mutex, users + 1
        try:
            with mutex:
                yield
        finally:
            with self._guard:
                mutex, users = self._busy[name]
                if users == 1:
                    del self._busy[name]
                else:
                    self._busy[name] = mutex, users - 1
