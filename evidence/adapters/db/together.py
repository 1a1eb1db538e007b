"""Entries of which nothing else is written, of many who come at once, in one commit.

A commit waits for the disc, and they wait one after another: forty who watch would wait for forty. Whoever
comes while nobody commits does it for all who wait by then, and then wakes one of those who came meanwhile
to do the same. Each goes on when their own entry is durable; what fails, fails for all of that commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock

from evidence.domain.audit import Entry

Write = Callable[[Sequence[Entry], datetime], object]


@dataclass
class _Waiting:
    """Somebody who waits. woken: the entry is written or has failed; else it is their turn to commit."""

    entry: Entry
    at: datetime
    woken: Event = field(default_factory=Event)
    is_over: bool = False
    problem: BaseException | None = None


class Together:
    """write: writes entries of one moment in a transaction of its own, and returns when that is durable."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = Lock()
        self._waiting: list[_Waiting] = []
        self._is_busy = False

    def add(self, entry: Entry, at: datetime) -> None:
        """Write an entry, and return when it is durable. Raises: what writing raises."""
        mine = _Waiting(entry, at)
        with self._lock:
            self._waiting.append(mine)
            waits, self._is_busy = self._is_busy, True
        if waits:
            mine.woken.wait()
        if not mine.is_over:
            self._commit()
        if mine.problem is not None:
            raise mine.problem

    def _commit(self) -> None:
        """Write for all who wait, whatever comes of it, and give the turn to the next."""
        with self._lock:
            these, self._waiting = self._waiting, []
        problem: BaseException | None = None
        try:
            self._write([one.entry for one in these], max(one.at for one in these))
        except BaseException as failed:  # noqa: BLE001  (each who waits is told; none may wait for ever)
            problem = failed
        for one in these:
            one.is_over, one.problem = True, problem
            one.woken.set()
        with self._lock:
            self._is_busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.set()
