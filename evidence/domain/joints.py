"""The arithmetic of joints: how much time lies between the end of one segment and the start of the next.

Clocks in names and headers are cut to whole seconds, lengths are exact to a picture. A single joint is known
only to ± one second; but segments that follow each other without a gap share one unknown fraction of a
second, and each of their clocks narrows it. So segments are taken into one run as long as some fraction
fits all their clocks; where none is left, the joint is a break, and its size lies between two bounds that
the runs on both sides have narrowed.

Plain numbers only: seconds in, seconds out. What a gap means is not said here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

_SLACK_S = 0.02  # rounding of lengths to a picture or a tick
_MOST_LOST_S = 0.5  # what a recorder may lose at every change of file and still record without a gap
_HAIR = 0.2  # n clocks leave a common size 2 / n of their step on average: a tenth of that is chance
_LOOK_BACK = 64  # joints looked at together: for the true place of a break, for a habit


@dataclass(frozen=True, slots=True)
class Joint:
    """What lies between two neighbouring segments: best_s (negative = overlap), in [low_s, high_s].

    ends_at_s: when, by the clock of the line, the segment before ends.
    is_break: that there is no gap at all (beyond the habit) cannot be, by the clocks. is_exact: told by
    content, or by a clock that runs through both segments.
    """

    best_s: float
    low_s: float
    high_s: float
    ends_at_s: float
    is_break: bool
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of n >= 1 segments: starts_s as their clock shows them (cut to resolution_s), their lengths_s,
    and for each of the n - 1 joints its exact size where it is known."""

    starts_s: Sequence[float]
    lengths_s: Sequence[float]
    resolution_s: float
    exact_s: Sequence[float | None]

    def raw(self, joint: int) -> float:
        """Return what the clocks alone say of a joint: true size ± resolution_s."""
        return self.starts_s[joint + 1] - self.starts_s[joint] - self.lengths_s[joint]


def habit_s(line: Line) -> float:
    """Return the size that the joints of this device usually have: 0 unless another leaves half the breaks.

    Needs two breaks at least: a single one is a gap before it is anybody's habit.
    """
    joints = len(line.exact_s)
    if joints < 2:
        return 0.0
    known = [size for size in line.exact_s if size is not None]
    raws = [line.raw(i) for i in range(joints)]
    likely = [_common(line, raws), median(known) if known else median(raws), median(raws)]
    best = min(
        [size for size in likely if size < _MOST_LOST_S] or [0.0], key=lambda size: len(runs(line, size))
    )
    pieces = len(runs(line, 0.0))
    return best if pieces > 2 and 2 * len(runs(line, best)) <= pieces else 0.0


def _common(line: Line, raws: Sequence[float]) -> float:
    """Return the size that all joints may have in common: between any two clocks, the sum of the joints is
    known to ± resolution. The median where no size fits them all, or one fits by a hair: then a single gap
    is the simpler reason."""
    low, high, total = -math.inf, math.inf, [0.0, *accumulate(raws[:_LOOK_BACK])]
    for i, start in enumerate(total):
        for j in range(i + 1, len(total)):
            low = max(low, (total[j] - start - line.resolution_s) / (j - i))
            high = min(high, (total[j] - start + line.resolution_s) / (j - i))
    return (low + high) / 2 if high - low >= _HAIR * line.resolution_s / len(raws) else median(raws)


def runs(line: Line, habit: float) -> list[tuple[int, int, float, float]]:
    """Cut the line into runs (first, last, low, high): segments first..last follow each other by `habit`; the
    fraction of the first one's clock lies in [low, high)."""
    found: list[tuple[int, int, float, float]] = []
    first, count = 0, len(line.starts_s)
    while first < count:
        last, low, high = _reach(line, first, habit)
        if last + 1 < count:
            last, low, high = _best_cut(line, first, last, habit, (low, high))
        found.append((first, last, low, high))
        first = last + 1
    return found


def _reach(line: Line, first: int, habit: float, stop: int | None = None) -> tuple[int, float, float]:
    """Return (last, low, high): how far a run from `first` goes until no fraction fits, at most to `stop`."""
    low, high, at = 0.0, line.resolution_s, 0.0
    for i in range(first, len(line.exact_s) if stop is None else stop):
        size = line.exact_s[i]
        if size is not None and abs(size - habit) > _SLACK_S * 5:
            return i, low, high
        at += line.lengths_s[i] + (habit if size is None else size)
        shift = line.starts_s[i + 1] - line.starts_s[first] - at
        new_low, new_high = max(low, shift), min(high, shift + line.resolution_s)
        if new_low > new_high + _SLACK_S and size is None:
            return i, low, high
        if new_low <= new_high:
            low, high = new_low, new_high
    return (len(line.exact_s) if stop is None else stop), low, high


def _best_cut(
    line: Line, first: int, last: int, habit: float, fraction: tuple[float, float]
) -> tuple[int, float, float]:
    """Return the joint at or before `last` that is most likely the break: the largest by the clocks alone,
    among those that leave the rest to run as far as a break at `last` would."""
    if line.exact_s[last] is not None:
        return last, *fraction
    far = _reach(line, last + 1, habit)[0]
    best = last
    for cut in range(last - 1, max(first, last - _LOOK_BACK) - 1, -1):
        larger = abs(line.raw(cut) - habit) > abs(line.raw(best) - habit) + _SLACK_S
        if larger and line.exact_s[cut] is None and _reach(line, cut + 1, habit)[0] >= far:
            best = cut
    if best == last:
        return last, *fraction
    return _reach(line, first, habit, best)


def measure(
    line: Line, habit: float, likely_s: Sequence[Sequence[float]], unit_s: float = 0.0
) -> list[Joint]:
    """Return every joint. likely_s: per joint, sizes that would have a reason (a whole segment missing), most
    likely first; the first that lies within the bounds is taken. Else, where content comes in units of
    unit_s > 0 (key frame intervals), the whole number of them nearest to the middle; else the middle."""
    joints: list[Joint] = []
    row = runs(line, habit)
    for number, (first, last, low, high) in enumerate(row):
        at = line.starts_s[first] + max(low, 0.0)
        for i in range(first, last + 1):
            at += line.lengths_s[i]
            if i < last:
                size = habit if line.exact_s[i] is None else line.exact_s[i]
                joints.append(_known(line.exact_s[i], at) or Joint(habit, habit, habit, at, is_break=False))
                at += size or 0.0
        if number + 1 < len(row):
            after = (
                line.starts_s[last + 1] - line.starts_s[first] - (at - line.starts_s[first] - max(low, 0.0))
            )
            bounds = (after + row[number + 1][2] - high, after + row[number + 1][3] - low)
            known = _known(line.exact_s[last], at)
            joints.append(known or _broken(at, bounds, likely_s[last], unit_s))
    return joints


def _known(size: float | None, ends_at_s: float) -> Joint | None:
    """Return the joint that content tells exactly, if it does."""
    if size is None:
        return None
    return Joint(size, size, size, ends_at_s, is_break=abs(size) > _SLACK_S * 5, is_exact=True)


def _broken(ends_at_s: float, bounds: tuple[float, float], likely: Sequence[float], unit_s: float) -> Joint:
    low, high = bounds
    middle = (low + high) / 2
    reasons = [*likely, round(middle / unit_s) * unit_s] if unit_s > 0 else likely
    for size in reasons:
        if low - _SLACK_S <= size <= high + _SLACK_S:
            return Joint(size, low, high, ends_at_s, is_break=True)
    return Joint(middle, low, high, ends_at_s, is_break=True)
