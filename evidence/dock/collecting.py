"""Collecting the receipts of files whose bytes are all with the service, while others are still being sent.

Sealing takes the service a moment; nobody waits for it with idle hands. Each file is asked for no sooner than
the service said (Retry-After); one that makes trouble holds up no other, and patience has an end. Who waits
long is told so.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event

from evidence.dock import protocol
from evidence.dock.line import Line
from evidence.dock.outcome import Outcome, State, Watch
from evidence.dock.patience import Patience, asked_s, is_passing, stopped
from evidence.dock.sending import Sent, Trust
from evidence.errors import EvidenceError, Unavailable

TELL_AFTER_S, TELL_EVERY_S = 5.0, 30.0


@dataclass(slots=True)
class _Awaited:
    sent: Sent
    began: float
    ask_at: float
    give_up_at: float
    pause_s: float


class Collector:
    """Fetches and checks receipts over one line. For one thread."""

    def __init__(
        self,
        line: Line,
        trust: Trust,
        patience: Patience,
        stop: Event,
        settled: Callable[[Outcome], None],
        watch: Watch,
    ) -> None:
        self._line, self._trust, self._patience, self._stop = line, trust, patience, stop
        self._settled, self._watch = settled, watch
        self._told_at = float("-inf")
        self._awaited: deque[_Awaited] = deque()

    def collect(self, sent: SimpleQueue[Sent | None]) -> None:
        """Settle every file that comes through the queue, until None came and all are settled."""
        is_open = True
        while is_open or self._awaited:
            is_open = is_open and self._take(sent)
            if self._awaited:
                awaited = min(self._awaited, key=lambda a: a.ask_at)
                self._awaited.remove(awaited)
                self._attend(awaited)

    def _take(self, sent: SimpleQueue[Sent | None]) -> bool:
        """Take what is new, waiting for it while nothing is to be asked; False after the last."""
        while True:
            try:
                item = sent.get(timeout=self._idle_s())
            except Empty:
                return True
            if item is None:
                return False
            now = time.monotonic()
            give_up_at = now + self._patience.receipt_s
            self._awaited.append(_Awaited(item, now, now, give_up_at, self._patience.first_s))

    def _idle_s(self) -> float | None:
        if not self._awaited:
            return None
        return max(0.0, min(awaited.ask_at for awaited in self._awaited) - time.monotonic())

    def _attend(self, awaited: _Awaited) -> None:
        """Ask for one receipt when its time has come; put it back when it is not there yet."""
        sent = awaited.sent
        try:
            self._rest(awaited.ask_at - time.monotonic())
            outcome = self._ask(awaited)
        except EvidenceError as problem:
            outcome = Outcome(sent.found, State.FAILED, sent.sha256, error=problem)
        if outcome is None:
            self._awaited.append(awaited)
            self._tell()
        else:
            self._settled(outcome)

    def _ask(self, awaited: _Awaited) -> Outcome | None:
        sent = awaited.sent
        problem: EvidenceError = Unavailable("receipt-late", upload=sent.upload)
        try:
            receipt, wait = protocol.fetch_receipt(self._line, sent.upload)
            if receipt is not None:
                return self._trust.accept(sent.found, sent.sha256, receipt, State.SEALED)
        except EvidenceError as fault:
            if not is_passing(fault):
                raise
            problem, wait = fault, max(awaited.pause_s, min(asked_s(fault), self._patience.longest_s))
            awaited.pause_s = min(awaited.pause_s * 2, self._patience.longest_s)
            self._watch.waits(sent.found, problem, wait)
        now = time.monotonic()
        if now >= awaited.give_up_at:
            raise problem
        awaited.ask_at = min(now + wait, awaited.give_up_at)
        return None

    def _tell(self) -> None:
        """Say how long the first has waited, now and then."""
        now, began = time.monotonic(), min(awaited.began for awaited in self._awaited)
        if now - began >= TELL_AFTER_S and now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._watch.sealing(len(self._awaited), now - began)

    def _rest(self, seconds: float) -> None:
        if self._stop.wait(max(0.0, seconds)):
            raise stopped()
