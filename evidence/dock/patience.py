"""How long the dock goes on trying: what is worth another try, how long to wait, and when to give up.

The measure is the time without progress, not the number of tries: a slow line is not a dead one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from evidence.errors import Conflict, EvidenceError, Unavailable

# Conflicts that the service's own offset settles, and locks that another writer lets go of.
_PASSING_CONFLICTS = {
    "busy",
    "upload-busy",
    "http-423",
    "offset-differs",
    "checksum-differs",
    "upload-complete",
}

_LASTING = ("stopped", "state-unusable", "address-wrong")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. total_s: without progress, before a file is given up; contact_s: the same for the first answer
    of the service, where a wrong address is likelier than a broken line; receipt_s: for a seal after all
    bytes are there; timeout_s: silence on a connection; proof_s: for all proofs of a docking together, which
    keep nobody from leaving: what is not there by then is fetched at the next one."""

    first_s: float = 0.1
    longest_s: float = 30.0
    total_s: float = 600.0
    contact_s: float = 10.0
    receipt_s: float = 600.0
    timeout_s: float = 60.0
    proof_s: float = 6.0  # a service publishes its log every 5 seconds


def is_passing(problem: EvidenceError) -> bool:
    """Tell whether the same request may succeed later."""
    passing = isinstance(problem, Conflict) and problem.code in _PASSING_CONFLICTS
    return passing or (isinstance(problem, Unavailable) and problem.code not in _LASTING)


def asked_s(problem: EvidenceError) -> float:
    """Return how long the service asked to be left alone, at least."""
    asked = problem.fields.get("retry_after_s")
    return float(asked) if isinstance(asked, int) else 0.0


def stopped() -> Unavailable:
    """Return the error of work that was called off by the person at the dock."""
    return Unavailable("stopped")


class Trying:
    """One worker's tries. After giving up once it has little patience left until something moves again."""

    def __init__(
        self,
        patience: Patience,
        stop: Event,
        told: Callable[[EvidenceError, float], None],
        limit_s: float | None = None,
    ) -> None:
        """told hears of each problem and the seconds until the next try; limit_s: instead of total_s."""
        self._patience, self._stop, self._told = patience, stop, told
        self._limit_s = patience.total_s if limit_s is None else limit_s
        self._spent = False
        self.progress()

    def progress(self) -> None:
        """Note that something moved."""
        self._since: float | None = None
        self._next_s = self._patience.first_s
        self._spent = False

    def again(self, problem: EvidenceError) -> None:
        """Wait before another try. Raises: problem itself when it will not pass or patience is at its end,
        Unavailable `stopped`."""
        if not is_passing(problem):
            raise problem
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        limit = min(self._patience.contact_s, self._limit_s) if self._spent else self._limit_s
        left = self._since + limit - now
        if left <= 0:
            self._since, self._next_s, self._spent = None, self._patience.first_s, True
            raise problem
        wait = max(self._next_s, asked_s(problem))
        wait = min(wait, self._patience.longest_s, left)
        self._next_s = min(self._next_s * 2, self._patience.longest_s)
        self._told(problem, wait)
        self.rest(wait)

    def rest(self, seconds: float) -> None:
        """Wait. Raises: Unavailable `stopped` when the work is called off."""
        if self._stop.wait(seconds):
            raise stopped()
