"""Collecting the receipts of files whose bytes are all with the service, while others are still being sent.

Sealing takes the service a moment; nobody waits for it with idle hands. Several receipts are asked for at
once. Each file is asked for no sooner than the service said (Retry-After); one that makes trouble holds up no
other, and patience has an end. Who waits long is told so.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event

from evidence.dock import protocol
from evidence.dock.line import Line
from evidence.dock.outcome import Outcome, State, Watch
from evidence.dock.patience import Patience, asked_s, is_passing, stopped
from evidence.dock.sending import Sent, Trust
from evidence.errors import EvidenceError, NotFound, Unavailable

TELL_AFTER_S, TELL_EVERY_S = 5.0, 30.0
MOST_AT_ONCE = 100  # receipts in one question
PAUSE_S = 1.0  # until what is not sealed yet is asked for again
_Answer = protocol.Receipt | EvidenceError | None


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
        self._is_many = True  # as long as the service does not say otherwise

    def collect(self, sent: SimpleQueue[Sent | None]) -> None:
        """Settle every file that comes through the queue, until None came and all are settled."""
        is_open = True
        while is_open or self._awaited:
            is_open = is_open and self._take(sent)
            if self._awaited:
                self._attend(self._next())

    def _next(self) -> list[_Awaited]:
        """Take the one whose time comes first, and those whose time has come by then."""
        ordered = sorted(self._awaited, key=lambda a: a.ask_at)
        latest = max(ordered[0].ask_at, time.monotonic())
        these = [one for one in ordered if one.ask_at <= latest][: MOST_AT_ONCE if self._is_many else 1]
        for one in these:
            self._awaited.remove(one)
        return these

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

    def _attend(self, these: list[_Awaited]) -> None:
        """Ask for receipts when their time has come; put back what is not there yet."""
        try:
            self._rest(these[0].ask_at - time.monotonic())
        except EvidenceError as problem:  # called off
            for one in these:
                self._settled(_failed(one, problem))
            return
        for awaited, (answer, wait) in zip(these, self._answers(these), strict=True):
            try:
                outcome = self._judge(awaited, answer, wait)
            except EvidenceError as problem:
                outcome = _failed(awaited, problem)
            if outcome is None:
                self._awaited.append(awaited)
                self._tell()
            else:
                self._settled(outcome)

    def _answers(self, these: list[_Awaited]) -> Iterator[tuple[_Answer, float]]:
        """Yield what the service says of each, and the seconds after which to ask again."""
        if len(these) > 1:
            said: Sequence[_Answer] = ()
            try:
                said = protocol.fetch_receipts(self._line, [one.sent.upload for one in these])
            except NotFound:  # a service of an earlier version
                self._is_many = False
            except EvidenceError as problem:
                said = [problem for _ in these]
            if said:
                yield from ((one, PAUSE_S) for one in said)
                return
        for one in these:
            try:
                yield protocol.fetch_receipt(self._line, one.sent.upload)
            except EvidenceError as problem:
                yield problem, 0.0

    def _judge(self, awaited: _Awaited, answer: _Answer, wait: float) -> Outcome | None:
        sent = awaited.sent
        problem: EvidenceError = Unavailable("receipt-late", upload=sent.upload)
        try:
            if isinstance(answer, EvidenceError):
                raise answer
            if answer is not None:
                return self._trust.accept(sent.found, sent.sha256, answer, State.SEALED)
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


def _failed(awaited: _Awaited, problem: EvidenceError) -> Outcome:
    return Outcome(awaited.sent.found, State.FAILED, awaited.sent.sha256, error=problem)
