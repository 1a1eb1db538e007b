"""Acts of one kind, of many who come at once, in one commit.

A commit waits for the disc, and they wait one after another: forty who watch would wait for forty. Whoever
comes while nobody commits does it for all who wait by then, and then wakes one of those who came meanwhile
to do the same. Each goes on when their own act is durable; what fails, fails for all of that commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass
class _Waiting(Generic[Given, Made]):
    """Somebody who waits. woken: the act is written or has failed; else it is their turn to commit."""

    given: Given
    woken: Event = field(default_factory=Event)
    made: list[Made] = field(default_factory=list)
    problem: BaseException | None = None


class Together(Generic[Given, Made]):
    """write: writes some acts in one transaction, and returns what came of each when that is durable."""

    def __init__(self, write: Callable[[Sequence[Given]], Sequence[Made]]) -> None:
        self._write = write
        self._lock = Lock()
        self._waiting: list[_Waiting[Given, Made]] = []
        self._is_busy = False

    def add(self, given: Given) -> Made:
        """Write an act, and return what came of it when it is durable. Raises: what writing raises."""
        mine = _Waiting[Given, Made](given)
        with self._lock:
            self._waiting.append(mine)
            waits, self._is_busy = self._is_busy, True
        if waits:
            mine.woken.wait()
        if not mine.made and mine.problem is None:
            self._commit()
        if mine.problem is not None:
            raise mine.problem
        return mine.made[0]

    def _commit(self) -> None:
        """Write for all who wait, whatever comes of it, and give the turn to the next."""
        with self._lock:
            these, self._waiting = self._waiting, []
        try:
            for one, made in zip(these, self._write([one.given for one in these]), strict=True):
                one.made.append(made)
        except BaseException as failed:  # noqa: BLE001  (each who waits is told; none may wait for ever)
            for one in these:
                one.problem = failed
        for one in these:
            one.woken.set()
        with self._lock:
            self._is_busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.set()
