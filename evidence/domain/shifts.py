"""What one recorder recorded on one day, and what is missing of it, as a time line to be drawn.

A day is a day of the law's time zone; what passes midnight stands on both days. What has no certain place in
time is drawn where it would have ended, or beside the time line, never left out. The picture:
shift_pictures.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from evidence.domain.explanations import GapState
from evidence.domain.instants import to_text
from evidence.domain.spans import Span


class Sort(StrEnum):
    """What stands on a time line."""

    RECORDED = "recorded"
    LATE = "late"  # recorded, and came late
    GAP = "gap"  # nothing was recorded, or it was lost
    MISSING = "missing"  # a card's list names it, and it is not sealed
    FAULT = "fault"  # not what was sealed
    OTHER = "other"  # something else that must be explained


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing on a time line. span: when, None where only a moment is known; at: that moment, None where
    not even that is. state: how far it is explained, None where no explanation is asked. is_certain: by a
    clock that nothing contradicts."""

    sort: Sort
    device: str
    wearer: str | None
    day: date  # on which it is counted
    span: Span | None = None
    at: datetime | None = None
    state: GapState | None = None
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """The time line of one recorder on one day, in the order of time; wearers: those who wore it."""

    device: str
    day: date
    wearers: tuple[str, ...]
    traces: tuple[Trace, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, late, to be explained or in doubt."""
        return all(one.sort is Sort.RECORDED and one.is_certain for one in self.traces)

    def count(self, sort: Sort) -> int:
        """Return how many there are of a kind; each counts on its own day only."""
        return sum(one.sort is sort and one.day == self.day for one in self.traces)


def shifts_of(traces: Iterable[Trace], zone: ZoneInfo) -> list[Shift]:
    """Return the time lines, by day and recorder."""
    groups: dict[tuple[date, str], list[Trace]] = {}
    for one in traces:
        for day, piece in _by_day(one, zone):
            groups.setdefault((day, one.device), []).append(piece)
    return [
        Shift(
            device,
            day,
            tuple(sorted({one.wearer for one in mine if one.wearer})),
            tuple(sorted(mine, key=_in_time)),
        )
        for (day, device), mine in sorted(groups.items())
    ]


def day_span(day: date, zone: ZoneInfo) -> Span:
    """Return when a day of a time zone begins and ends."""
    start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return Span(start, end)


def _by_day(one: Trace, zone: ZoneInfo) -> Iterator[tuple[date, Trace]]:
    """Yield the pieces of a trace by day; what has no length stands on the day it counts on."""
    if one.span is None:
        yield one.day, one
        return
    day, last = (moment.astimezone(zone).date() for moment in (one.span.start, one.span.end))
    while day <= last:
        whole = day_span(day, zone)
        start, end = max(one.span.start, whole.start), min(one.span.end, whole.end)
        if start < end or one.span.start == one.span.end:
            yield day, replace(one, span=Span(start, end))
        day += timedelta(days=1)


def _in_time(one: Trace) -> tuple[bool, str, str]:
    begins = one.span.start if one.span else one.at
    return begins is None, "" if begins is None else to_text(begins), one.sort.value
