"""From time stamps to facts about them: usual step, regularity, long steps, steps back.

Two ways in: runs (count, step) as an index stores them, never expanded; and points, where packets are shown
in another order than they are stored. Both work in the track's own ticks, in C loops, and turn only what is
written down into seconds. What a long step means is judged elsewhere (evidence/domain/continuity.py).
"""

from __future__ import annotations

from _operator import sub

from evidence.adapters.probing.draft import MOST_STEPS, TrackDraft

STEADY_S = 0.0015  # steps within this of the usual one count as regular (millisecond clocks round by 1 ms)
LONG_S = 0.045  # no step shorter than this is written down as long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Shown = Callable[[float], float]  # ticks on the media time line -> seconds as presented


def describe_runs(track: TrackDraft, runs: Sequence[tuple[int, int]], scale: int, shown: Shown) -> None:
    """Describe a track whose packets are shown in stored order: runs of (count >= 1, ticks to the next).

    The last packet's step is its duration. Steps back (negative ticks) are written down as such.
    """
    total = sum(count for count, _ in runs)
    weights: dict[int, int] = {}
    for count, step in runs:
        weights[step] = weights.get(step, 0) + count
    ticks = sum(step * count for step, count in weights.items())
    tail = runs[-1][1]
    weights[tail] -= 1  # the last packet has no next
    usual = _weighted_median(weights, total - 1)
    track.packets = total
    track.first_s, track.last_s, track.end_s = shown(0), shown(ticks - tail), shown(ticks)
    if total < 2:
        return
    steady = STEADY_S * scale
    track.usual_step_s = usual / scale
    track.regular = sum(n for step, n in weights.items() if abs(step - usual) <= steady) / (total - 1)
    track.first_step_s = runs[0][1] / scale
    if max(weights) > _long(usual, scale) or min(weights) < 0:
        _long_runs(track, runs, _long(usual, scale), shown)


def _long_runs(track: TrackDraft, runs: Iterable[tuple[int, int]], limit: float, shown: Shown) -> None:
    at = 0
    long: list[tuple[float, float]] = []
    for count, step in runs:
        if step > limit:
            long.extend(
                (shown(at + i * step), shown(at + (i + 1) * step)) for i in range(min(count, MOST_STEPS))
            )
        elif step < 0 and len(track.backsteps) < MOST_STEPS:
            track.backsteps.append((shown(at), shown(at + step)))
        at += count * step
    if long and track.end_s is not None and long[-1][1] >= track.end_s - 1e-9:
        long.pop()  # the duration of the last packet is no step
    track.steps = _longest(long)


def describe_points(track: TrackDraft, points: Iterable[int], tail: int, scale: float, shown: Shown) -> None:
    """Describe a track from the presentation ticks of its packets, in any order, and the last duration."""
    order = sorted(points)
    track.packets = len(order)
    if not order:
        return
    steps = list(map(sub, order[1:], order))
    track.first_s, track.last_s = shown(order[0]), shown(order[-1])
    track.end_s = shown(order[-1] + tail)
    if not steps:
        return
    weights = _weights(steps)
    usual = _weighted_median(weights, len(steps))
    within = sum(n for step, n in weights.items() if abs(step - usual) <= STEADY_S * scale)
    track.usual_step_s, track.regular = usual / scale, within / len(steps)
    track.first_step_s = steps[0] / scale
    limit = _long(usual, scale)
    if max(weights) > limit:
        track.steps = _longest(
            [(shown(order[i]), shown(order[i + 1])) for i, step in enumerate(steps) if step > limit]
        )


def describe_backsteps(track: TrackDraft, decode: Sequence[int], shown: Shown) -> None:
    """Write down where decode time goes backwards between stored neighbours."""
    if len(decode) < 2 or min(map(sub, decode[1:], decode)) >= 0:
        return
    for before, after in zip(decode, decode[1:], strict=False):
        if after < before and len(track.backsteps) < MOST_STEPS:
            track.backsteps.append((shown(before), shown(after)))


def _weights(steps: list[int]) -> dict[int, int]:
    """Return how often each step occurs; a few distinct ones, as usual, are counted in C."""
    distinct = set(steps)
    if len(distinct) <= 16:
        return {step: steps.count(step) for step in distinct}
    weights: dict[int, int] = {}
    for step in steps:
        weights[step] = weights.get(step, 0) + 1
    return weights


def _long(usual: float, scale: float) -> float:
    return max(1.8 * usual, LONG_S * scale)


def _longest(steps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(steps) <= MOST_STEPS:
        return steps
    return sorted(sorted(steps, key=lambda step: step[0] - step[1])[:MOST_STEPS])


def _weighted_median(weights: dict[int, int], total: int) -> int:
    seen = 0
    for step in sorted(weights):
        seen += weights[step]
        if seen * 2 > total:
            return step
    return 0
