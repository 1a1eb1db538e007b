"""The way of a recorder as a sketch without a map: where its satellite receiver said that it was, to scale.

North is above. Where the receiver knew no place for a while, the line is broken: nobody went there straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from statistics import median

from evidence.domain.media import Place

WIDTH, HEIGHT, EDGE = 640.0, 360.0, 36.0
_METRES = 111_320.0  # of a degree of latitude
_LEAST_M = 20.0  # that the sketch shows across: what is smaller is the receiver's error
_BROKEN = 3.0  # times the usual step in time: no place was known in between
_BAR = 0.3  # of the width, at most

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """A sketch of WIDTH × HEIGHT. lines: points of each unbroken piece, as SVG writes them. first, last:
    where it begins and ends; from_s, to_s: when. bar: the length of the scale bar; bar_m: what that is."""

    lines: tuple[str, ...]
    first: Point
    last: Point
    from_s: float
    to_s: float
    bar: float
    bar_m: float
    length_m: float
    places: int


def track_of(places: Sequence[Place]) -> Track | None:
    """Return the sketch of at least two places; None for fewer."""
    if len(places) < 2:
        return None
    metres = _flat(places)
    (left, right), (low, high) = ((min(axis), max(axis)) for axis in zip(*metres, strict=True))
    room = (WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE)
    scale = min(room[0] / max(right - left, _LEAST_M), room[1] / max(high - low, _LEAST_M))
    middle = ((left + right) / 2, (low + high) / 2)
    drawn = [
        (round(WIDTH / 2 + (x - middle[0]) * scale, 1), round(HEIGHT / 2 - (y - middle[1]) * scale, 1))
        for x, y in metres
    ]
    pieces = _pieces(places)
    bar_m = _round_length(WIDTH * _BAR / scale)
    return Track(
        tuple(" ".join(f"{x},{y}" for x, y in drawn[start:end]) for start, end in pieces),
        drawn[0],
        drawn[-1],
        places[0].at_s,
        places[-1].at_s,
        round(bar_m * scale, 1),
        bar_m,
        sum(_way(metres[start:end]) for start, end in pieces),
        len(places),
    )


def _flat(places: Sequence[Place]) -> list[Point]:
    """Return places in metres east and north of the first: exact enough for a day on foot or by car. Beyond
    the line of the date the shorter way round is meant.
    """
    first = places[0]
    east = _METRES * cos(radians(first.latitude))
    return [
        (
            ((one.longitude - first.longitude + 180) % 360 - 180) * east,
            (one.latitude - first.latitude) * _METRES,
        )
        for one in places
    ]


def _pieces(places: Sequence[Place]) -> list[tuple[int, int]]:
    """Return where each unbroken piece begins and ends, [start, end)."""
    steps = [later.at_s - one.at_s for one, later in zip(places, places[1:], strict=False)]
    longest = max(median(steps), 0.0) * _BROKEN
    starts = [0, *(place for place, step in enumerate(steps, 1) if step > longest)]
    return list(zip(starts, [*starts[1:], len(places)], strict=True))


def _way(points: Sequence[Point]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:], strict=False))


def _round_length(most: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, 50 … metres that is not longer."""
    ten = 1.0
    while ten * 10 <= most:
        ten *= 10
    return next(ten * one for one in (5, 2, 1) if ten * one <= most or one == 1)
