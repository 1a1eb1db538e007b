"""What the rules must say of a camera-day: brute force from what was done to it, in whole seconds.

Nothing of the product is used here, and its numbers are written down anew from the articles: whatever differs
from what the product's rules say (rules.py) is a fault of one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from tests.simulation.population import DAY, EPOCH, HOUR, CameraDay, File, Harm, offset_s
from tests.simulation.seen import Seen, as_one

WITHIN, WARN = 24 * HOUR, 2 * HOUR  # Dazhe 2020 art. 12; the second is the pack's own
CLOCK_ERROR, LARGEST_OFFSET = 300, 300
TOLERANCE, SAME_ACTIVITY, QUARTER = 1, 1800, 900  # Dazhe 2020 art. 9
FIRST_PLAUSIBLE = int((datetime(2002, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())


def expect(one: CameraDay, files: Sequence[File], sealed: Sequence[int], days: int) -> Seen:
    """Return what must be said, once all files are stored."""
    stored = [(file, moment, state_of(one, file, moment)) for file, moment in zip(files, sealed, strict=True)]
    return Seen(
        tuple((file.number, *state) for file, _, state in stored),
        tuple(sorted(_notices(one, files, sealed))),
        tuple(sorted(_interruptions(files))),
        tuple(sorted([*_clock_jumps(files), *_clocks(one, stored)])),
        tuple((file.number, *_keeps(one, moment)) for file, moment, _ in stored),
        tuple((file.number, day) for file, moment, _ in stored for day in _due(one, moment, days)),
    )


def state_of(one: CameraDay, file: File, sealed: int, offset: int | None = None) -> tuple[str, int]:
    """Return how a stored file stands, and by how many seconds it is late. offset: in place of the measured
    one."""
    end = file.told + file.length + (offset_s(one) if offset is None else offset)
    is_plausible = FIRST_PLAUSIBLE <= end <= one.docked + CLOCK_ERROR
    late_by = sealed - (end if is_plausible else one.docked) - WITHIN
    if late_by > 0:
        return "late", late_by
    return ("on-time" if is_plausible else "end-unknown"), 0


def _notices(one: CameraDay, files: Sequence[File], sealed: Sequence[int]) -> Iterator[tuple[int, int, str]]:
    for file, moment in zip(files, sealed, strict=True):
        before, end = "", file.told + file.length + offset_s(one)
        is_plausible = FIRST_PLAUSIBLE <= end <= one.docked + CLOCK_ERROR
        due = (end if is_plausible else one.docked) + WITHIN
        for second in range(0, moment, HOUR):
            if second < one.docked:
                continue
            now = "overdue" if second > due else "due-soon" if due - second <= WARN else "pending"
            if now == "pending" and not is_plausible:
                now = "end-unknown"
            if now != before:
                yield second, file.number, now
            before = now


def _interruptions(files: Sequence[File]) -> Iterator[tuple[str, int, int]]:
    for before, after in pairwise(files):
        gap = after.begins - before.begins - before.length
        if TOLERANCE < gap <= SAME_ACTIVITY:
            yield "gap-between-files", before.number, as_one(gap)
        if after.number - before.number > 1:
            yield "missing-sequence-number", before.number, after.number - before.number - 1


def _clock_jumps(files: Sequence[File]) -> Iterator[tuple[str, int]]:
    """Yield pauses of whole quarter hours behind a file that is full: nobody tells them from a zone that was
    set while recording went on."""
    longest, largest = max(one.length for one in files), max(one.size for one in files)
    for before, after in pairwise(files):
        gap = after.begins - before.begins - before.length
        is_full = before.length * 100 >= longest * 98 or before.size * 100 >= largest * 98
        is_next = gap > SAME_ACTIVITY and after.number - before.number == 1
        if is_full and is_next and (gap + 1) % QUARTER <= 2:
            yield "clock-jump", after.number


def _clocks(one: CameraDay, stored: Sequence[tuple[File, int, tuple[str, int]]]) -> Iterator[tuple[str, int]]:
    offset = offset_s(one)
    for file, moment, (state, _) in stored:
        if one.harm is Harm.CLOCK_RESET:
            yield "clock-implausible", file.number
        if state == "end-unknown":
            yield "end-unknown", file.number
        if abs(offset) > LARGEST_OFFSET or state != state_of(one, file, moment, offset=0)[0]:
            yield "clock-offset", file.number


def _keeps(one: CameraDay, sealed: int) -> tuple[str, int]:
    if one.harm in (Harm.HELD, Harm.UNLABELLED):
        return {Harm.HELD: "hold", Harm.UNLABELLED: "unlabelled"}[one.harm], -1  # Dazhe 2020 art. 13, 12
    return "floor", sealed + _year_s((sealed + _HEAD) // DAY)  # Dazhe 2020 art. 11


_HEAD = 16 * HOUR  # from the day's beginning by UTC to EPOCH


@cache
def _year_s(day: int) -> int:
    """Return the seconds of the year that begins on a day (of UTC): the next 365, or one more where a 29
    February is among them or the first."""
    first = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)
    is_longer = any((first + timedelta(days=each)).strftime("%m%d") == "0229" for each in range(366))
    return (365 + is_longer) * DAY


def _due(one: CameraDay, sealed: int, days: int) -> Iterator[int]:
    _, until = _keeps(one, sealed)
    if until >= 0 and -(-until // DAY) <= days:
        yield -(-until // DAY)
