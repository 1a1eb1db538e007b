"""How much time has passed since a seal, as the log bears it out: no clock alone makes a recording free.

The log is checked every hour at most, and each check is an entry. Between two neighbours of that row a short
step is time that passed; a long one, or one backwards, is a clock that jumped or a service that was down, and
counts as nothing. So a clock that is set ahead frees nothing early, one that was behind at a seal makes no
shorter term (drill F30), and what errs keeps for longer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True)
class Lapses:
    """The checks of the log, by place and the clock's time. longest: of a step that counts."""

    checks: Sequence[tuple[int, datetime]]
    longest: timedelta
    _since: Sequence[timedelta] = field(init=False)

    def __post_init__(self) -> None:
        passed = [timedelta(0)]
        for (_, one), (_, other) in pairwise(self.checks):
            passed.append(passed[-1] + self._step(one, other))
        object.__setattr__(self, "_since", passed)

    def since(self, sealed: tuple[int, datetime], now: datetime) -> timedelta:
        """Return the time that has passed for certain since a seal. sealed: its place, its time."""
        index, at = sealed
        first = bisect_left(self.checks, index, key=lambda one: one[0])
        if first == len(self.checks):
            return self._step(at, now)
        between = self._since[len(self.checks) - 1] - self._since[first]
        return self._step(at, self.checks[first][1]) + between + self._step(self.checks[-1][1], now)

    def _step(self, one: datetime, other: datetime) -> timedelta:
        length = other - one
        return length if timedelta(0) < length <= self.longest else timedelta(0)
