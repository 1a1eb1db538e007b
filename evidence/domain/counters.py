"""Sequence numbers in names: which are missing, where the counter starts anew or wraps.

A number is a counter only where numbers grow from file to file; what is the same in every name is not one.
Front and rear cameras may share one counter, so all channels of a device are counted together; but only near
in time: a counter that was restarted gives the same numbers again, and those do not fill an earlier hole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.segments import Row, Segment
from evidence.policy.rules import Pack, cite_ids

_MOST_MISSING = 1000  # a longer jump is no row of missing files, but another counter
_APART_S = 60.0  # how far the names of two channels may differ, and the step of the coarsest clock in names

_Span = tuple[float, float]  # from when until when a file was begun, as far as its row tells


def examine_counters(rows: Sequence[Row], pack: Pack) -> Iterator[Finding]:
    """Return missing numbers and counter resets of all rows of one device."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        named = row.segments[0].named
        groups.setdefault((named.pattern, named.device or "", named.group or ""), []).append(row)
    for group in groups.values():
        if _counts_up(group):
            for row in group:
                yield from _resets(row)
            yield from _missing(group, pack)


def _counted(row: Row) -> list[tuple[Segment, Segment]]:
    """Return the neighbours of a row that have a number."""
    counted = [one for one in row.segments if one.named.sequence is not None]
    return list(zip(counted, counted[1:], strict=False))


def _counts_up(group: Iterable[Row]) -> bool:
    """Tell whether the numbers are a counter at all."""
    return any(
        0 < _number(after) - _number(before) <= _MOST_MISSING
        for row in group
        for before, after in _counted(row)
    )


def _number(one: Segment) -> int:
    return one.named.sequence if one.named.sequence is not None else -1


def _resets(row: Row) -> Iterator[Finding]:
    for before, after in _counted(row):
        step = _number(after) - _number(before)
        if step < 0 or step > _MOST_MISSING:
            yield _reset(before, after)


def _missing(group: Sequence[Row], pack: Pack) -> Iterator[Finding]:
    """Return the numbers that no file of any channel has at that time, each told once, at the nearest
    neighbours."""
    known: dict[int, list[_Span]] = {}
    pairs: list[tuple[Segment, Segment, _Span]] = []
    for row in group:
        spans = _spans(row)
        for one in row.segments:
            known.setdefault(_number(one), []).append(spans[one.number])
        pairs += [(one, two, _both(spans[one.number], spans[two.number])) for one, two in _counted(row)]
    for before, after, span in sorted(pairs, key=lambda pair: _number(pair[1]) - _number(pair[0])):
        if 1 < _number(after) - _number(before) <= _MOST_MISSING:
            numbers = range(_number(before) + 1, _number(after))
            missing = [n for n in numbers if not any(_meet(span, other) for other in known.get(n, ()))]
            for number in missing:
                known.setdefault(number, []).append(span)
            if missing:
                yield _lost(before, after, missing, pack)


def _spans(row: Row) -> dict[int, _Span]:
    """Return when each file of a row was begun: one whose clock cannot be lies between its neighbours."""
    spans: dict[int, _Span] = {}
    latest = -math.inf
    for one, start, sound in zip(row.segments, row.starts_s, row.sound, strict=True):
        latest = start if sound else latest
        spans[one.number] = (latest, math.inf)
    soonest = math.inf
    for one, start, sound in reversed(list(zip(row.segments, row.starts_s, row.sound, strict=True))):
        soonest = start if sound else soonest
        spans[one.number] = (spans[one.number][0], soonest)
    return spans


def _both(one: _Span, two: _Span) -> _Span:
    return min(one[0], two[0]), max(one[1], two[1])


def _meet(one: _Span, two: _Span) -> bool:
    return one[0] - _APART_S <= two[1] and two[0] <= one[1] + _APART_S


def _lost(before: Segment, after: Segment, missing: Sequence[int], pack: Pack) -> Finding:
    return Finding(
        Code.MISSING_SEQUENCE_NUMBER,
        Severity.ATTENTION,
        before.name,
        start_s=_end(before),
        measured=float(len(missing)),
        limit=0.0,
        cites=cite_ids(pack.continuity.cites),
        detail={"before": before.name, "after": after.name, "missing": list(missing), "unit": "files"},
    )


def _end(one: Segment) -> float | None:
    return round(one.end_s, 3) if one.end_s is not None else None


def _reset(before: Segment, after: Segment) -> Finding:
    """A counter that wraps at its last number, starts anew at 0 or 1, or leaps on, is a device's habit."""
    digits = before.named.sequence_digits
    wraps = digits > 0 and _number(before) == 10**digits - 1 and _number(after) <= 1
    usual = wraps or _number(after) <= 1 or _number(after) > _number(before)
    return Finding(
        Code.COUNTER_RESET,
        Severity.INFO if usual else Severity.ATTENTION,
        after.name,
        measured=float(_number(after)),
        limit=float(_number(before) + 1),
        detail={"before": before.name, "after": after.name, "wrapped": wraps, "unit": "number"},
    )
