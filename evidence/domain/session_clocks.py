"""The clocks of several files of one device against each other: what is a habit, and which file leaves it.

A constant difference between the time in the name and the time in the header is the device's habit (a zone, a
clock set by hand, a header that stands for the end). A file whose difference is another one was renamed,
had its header changed, or holds the content of its neighbour; two files whose contents were exchanged
contradict their names by the same amount in opposite directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from evidence.domain.clocks import local_to_utc
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.segments import Row, Segment
from evidence.policy.rules import Pack, cite_ids

_STEADY_S = 2.5  # two clocks of whole seconds, one of them perhaps of two (FAT)
_LEAST = 3  # files needed to know a habit


@dataclass(frozen=True, slots=True)
class ClockHabit:
    """Name minus header as most files of a device show it, in seconds; at_end: the header stands for the
    end."""

    difference_s: float
    at_end: bool

    def deviation_s(self, one: Segment) -> float | None:
        """Return by how much a file leaves the habit (header early: positive), None if it lacks a clock."""
        difference = _difference(one, self.at_end)
        return None if difference is None else difference - self.difference_s


def learn_habit(pieces: Sequence[Segment], zone: str) -> ClockHabit | None:
    """Learn the habit: the difference that more than half of at least three files show.

    Where there is no such majority, the place's zone (IANA) or equal clocks are taken, if any file shows
    them or if headers and names are the same times in another order. None when nothing is known.
    """
    best: tuple[int, ClockHabit] | None = None
    for at_end in (False, True):
        known = [value for one in pieces if (value := _difference(one, at_end)) is not None]
        for value in known if len(known) >= _LEAST else ():
            near = sum(abs(other - value) <= _STEADY_S for other in known)
            if near * 2 > len(known) and (best is None or near > best[0]):
                best = (near, ClockHabit(value, at_end))
    return best[1] if best else _expected_habit(pieces, zone)


def _expected_habit(pieces: Sequence[Segment], zone: str) -> ClockHabit | None:
    both = [one for one in pieces if one.named.taken_at is not None and one.header is not None]
    for one in both:
        if one.named.taken_at is not None:
            here = local_to_utc(one.named.taken_at, zone).replace(tzinfo=None)
            for usual in (
                ClockHabit((one.named.taken_at - here).total_seconds(), False),
                ClockHabit(0.0, False),
            ):
                strays = [each for each in both if abs(usual.deviation_s(each) or 0.0) > _STEADY_S]
                swapped = all(any(_belongs(a, b, usual) for b in strays if a is not b) for a in strays)
                if len(strays) < len(both) or swapped:
                    return usual
    return None


def _difference(one: Segment, at_end: bool) -> float | None:
    if one.named.taken_at is None or one.header is None:
        return None
    header = one.header
    if at_end:
        if one.length_s is None:
            return None
        header -= timedelta(seconds=one.length_s)
    return (one.named.taken_at - header).total_seconds()


def examine_clocks(row: Row, habit: ClockHabit | None, copies: set[int], pack: Pack) -> Iterator[Finding]:
    """Return clocks that cannot be, names that leave the habit, and files whose order their headers
    contradict.

    copies: numbers of segments that are copies of others (told there).
    """
    for one, sound in zip(row.segments, row.sound, strict=True):
        told = any(each.code is Code.CLOCK_IMPLAUSIBLE for each in one.file.findings)
        if row.clock and not sound and not told:
            yield _implausible(one, row.clock)
    if habit is None:
        return
    strays = {
        one.number: deviation
        for one in row.segments
        if (deviation := habit.deviation_s(one)) is not None and abs(deviation) > _STEADY_S
    }
    for one in row.segments:
        if one.number in strays and one.number not in copies:
            yield _stray(one, row, strays, habit, pack)


def _implausible(one: Segment, clock: str) -> Finding:
    time = one.named.taken_at if clock == "name" else one.header
    return Finding(
        Code.CLOCK_IMPLAUSIBLE,
        Severity.ATTENTION,
        one.name,
        measured=time.isoformat() if time else "",
        detail={"clock": clock, "unit": "time"},
    )


def _stray(one: Segment, row: Row, strays: dict[int, float], habit: ClockHabit, pack: Pack) -> Finding:
    """Tell a file that leaves the habit: by its header it belongs in the place of another stray, or
    nowhere."""
    places = [
        other.name
        for other in row.segments
        if other.number != one.number and other.number in strays and _belongs(one, other, habit)
    ]
    detail: dict[str, object] = {"habit_s": round(habit.difference_s, 3), "header_is_end": habit.at_end}
    if places:
        detail["place_of"] = places[0]
    return Finding(
        Code.ORDER_DIFFERS if places else Code.NAME_TIME_DIFFERS,
        Severity.ATTENTION,
        one.name,
        measured=round(strays[one.number], 3),
        limit=_STEADY_S,
        cites=cite_ids(pack.no_editing.cites),
        detail=detail,
    )


def _belongs(one: Segment, other: Segment, habit: ClockHabit) -> bool:
    """Tell whether the header of `one` shows the time that the name of `other` tells."""
    if one.header is None or other.named.taken_at is None:
        return False
    began = one.header - timedelta(seconds=(one.length_s or 0.0) if habit.at_end else 0.0)
    shown = (other.named.taken_at - began).total_seconds() - habit.difference_s
    return abs(shown) <= _STEADY_S


def soften_by_habit(one: Segment, finding: Finding, habit: ClockHabit | None) -> bool:
    """Tell whether an in-file finding about name and header is only the device's constant difference."""
    if finding.code is not Code.NAME_TIME_DIFFERS or habit is None:
        return False
    deviation = habit.deviation_s(one)
    return deviation is not None and abs(deviation) <= _STEADY_S
