"""Between neighbouring segments: gaps, overlaps, and clocks that jump. Rules of the pack's continuity
article.

Segments nearer than `same_activity` belong together and may be `tolerance` apart. A gap is told on the time
line of the file before it: it starts where that file ends. An overlap that every joint shows is the
device's habit. Where two files carry the same key frames, or one transport stream's clock runs on from file
to file, the joint is exact; else it is as exact as the clocks allow (joints.py), and the bounds are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from evidence.domain.clocks import local_to_utc
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.instants import to_text
from evidence.domain.joints import Joint, Line, habit_s, measure
from evidence.domain.jumps import clock_jump, raw_gap_s
from evidence.domain.segments import ORIGIN, Row, Segment
from evidence.policy.rules import Pack, cite_ids

_STREAM_S = 0.5  # a transport stream's clock that goes on within this is one stream
_OVERLAP_S = 0.5  # overlaps below this are not told: clocks of whole seconds show them by chance
_SAME_S = 0.3  # overlaps this alike are one habit
_MARK_S = 0.05  # key frames shared by two files must agree on one shift
_ALIKE_KEYS_S = 0.005  # key frames come at regular steps within this
_ALIKE = 0.02  # segments whose lengths differ by less than this share have a nominal length


@dataclass(frozen=True, slots=True)
class _Pair:
    before: Segment
    after: Segment
    joint: Joint
    row: Row
    at: int


def examine_row(row: Row, pack: Pack) -> Iterator[Finding]:
    """Return gaps, overlaps and clock jumps of one row."""
    same_s = pack.continuity.same_activity.total_seconds()
    pairs: list[_Pair] = []
    first = 0
    for at in range(len(row)):
        if at + 1 == len(row) or not _together(row, at, same_s):
            pairs.extend(_pairs(row, first, at))
            first = at + 1
            if at + 1 < len(row):
                yield from clock_jump(row, at, same_s)
    for pair in pairs:
        yield from _gap(pair, pack)
    yield from _overlaps([pair for pair in pairs if pair.joint.best_s <= -_OVERLAP_S], len(pairs), pack)


def _together(row: Row, at: int, same_s: float) -> bool:
    """Tell whether the joint after `at` can be measured by the row's clock."""
    if row.sound[at] != row.sound[at + 1]:
        return False
    if not row.clock:
        return (
            0 <= raw_gap_s(row, at) + _STREAM_S <= same_s
            and row.segments[at].file.facts.container == "mpegts"
        )
    length = row.segments[at].length_s
    if length is not None and raw_gap_s(row, at) < -(length + row.resolution_s):
        return False  # the next file would begin before this one did: that is a clock, not an overlap
    return raw_gap_s(row, at) <= same_s


def _pairs(row: Row, first: int, last: int) -> list[_Pair]:
    """Measure the joints of segments first..last of the row."""
    if last <= first:
        return []
    chosen = row.segments[first : last + 1]
    nominal = _nominal(chosen)
    lengths = [_length(one, chosen, nominal) for one in chosen]
    exact = [exact_gap(a, b) for a, b in zip(chosen, chosen[1:], strict=False)]
    line = Line(row.starts_s[first : last + 1], lengths, row.resolution_s, exact)
    habit = habit_s(line)
    likely = [_likely(a, b, nominal, habit) for a, b in zip(chosen, chosen[1:], strict=False)]
    measured = measure(line, habit, likely, _key_frame_interval(chosen))
    return [
        _Pair(chosen[i], chosen[i + 1], joint, row, first + i)
        for i, joint in enumerate(measured)
        if chosen[i].length_s is not None or joint.best_s > _unsure(lengths[i])
    ]


def _key_frame_interval(chosen: tuple[Segment, ...]) -> float:
    """Return the seconds from key frame to key frame where they are regular, else 0: what is cut out of a
    recording without coding it anew is a whole number of them."""
    steps = [
        later - earlier
        for one in chosen
        for earlier, later in zip(one.file.facts.mark_times, one.file.facts.mark_times[1:], strict=False)
    ]
    if len(steps) < 3:
        return 0.0
    usual = median(steps)
    alike = sum(abs(step - usual) <= _ALIKE_KEYS_S for step in steps)
    return usual if alike * 4 > len(steps) * 3 else 0.0


def _unsure(length_s: float) -> float:
    """Seconds by which the length of a broken-off file, estimated from its size, may be wrong."""
    return max(2.0, 0.5 * length_s)


def _nominal(chosen: tuple[Segment, ...]) -> float | None:
    """Return the length that most of these segments have, or None when they have no common one."""
    lengths = [one.length_s for one in chosen if one.length_s is not None]
    if len(lengths) < 2:
        return None
    usual = median(lengths)
    alike = [length for length in lengths if abs(length - usual) <= _ALIKE * usual]
    return median(alike) if len(alike) * 2 > len(lengths) else None


def _length(one: Segment, chosen: tuple[Segment, ...], nominal: float | None) -> float:
    """Return a segment's length; of one broken off by loss of power, what its bytes are worth by its
    siblings."""
    if one.length_s is not None:
        return one.length_s
    rates = [other.file.facts.size_bytes / other.length_s for other in chosen if other.length_s]
    guess = one.file.facts.size_bytes / median(rates) if rates and median(rates) > 0 else 0.0
    return min(guess, nominal) if nominal is not None else guess


def exact_gap(before: Segment, after: Segment) -> float | None:
    """Return the gap that content tells: same key frames in both files, or one transport stream's clock."""
    shared = shift_between(before, after)
    if shared is not None and before.length_s is not None and 0 < shared <= before.length_s:
        return round(shared - before.length_s, 6)
    streams = {before.file.facts.container, after.file.facts.container}
    if streams == {"mpegts"} and before.end_s is not None and after.main is not None:
        step = after.first_s - before.end_s
        if abs(step) <= _STREAM_S:
            return round(step, 6)
    return None


def shift_between(before: Segment, after: Segment) -> float | None:
    """Return seconds from the start of `before` to that of `after` by key frames found in both, or None."""
    first, second = marks(before), marks(after)
    shifts = [first[mark] - second[mark] for mark in first.keys() & second.keys()]
    if not shifts or max(shifts) - min(shifts) > _MARK_S:
        return None
    return median(shifts)


def marks(one: Segment) -> dict[str, float]:
    """Return the key frames that occur once in a file: digest -> seconds after its start."""
    facts = one.file.facts
    found: dict[str, float] = {}
    often = {mark for mark, times in Counter(facts.content_marks).items() if times > 1}
    for mark, second in zip(facts.content_marks, facts.mark_times, strict=False):
        if mark not in often:
            found[mark] = second - one.first_s
    return found


def _likely(before: Segment, after: Segment, nominal: float | None, habit: float) -> list[float]:
    """Return gap sizes that would have a reason: segments missing by number, a shortened file, whole
    segments."""
    if nominal is None:
        return []
    short = max(0.0, nominal - (before.length_s or nominal))
    short = short if short > _ALIKE * nominal else 0.0
    numbers = before.named.sequence, after.named.sequence
    missing = numbers[1] - numbers[0] - 1 if None not in numbers else 0  # type: ignore[operator]
    whole = nominal + habit
    sizes = [habit + missing * whole, habit + missing * whole + short] if 0 < missing < 1000 else []
    if short:
        sizes.append(habit + short)
    return sizes + [habit + count * whole for count in range(1, 4)]


def _gap(pair: _Pair, pack: Pack) -> Iterator[Finding]:
    tolerance = pack.continuity.tolerance.total_seconds()
    size = pair.joint.best_s
    if size <= tolerance:
        return
    end = pair.before.end_s
    yield Finding(
        Code.GAP_BETWEEN_FILES,
        Severity.ATTENTION,
        pair.before.name,
        start_s=round(end, 3) if end is not None else None,
        end_s=round(end + size, 3) if end is not None else None,
        measured=round(size, 3),
        limit=tolerance,
        cites=cite_ids(pack.continuity.cites),
        detail=_joint_detail(pair, pack) | {"gap_s": round(size, 3)},
    )


def _joint_detail(pair: _Pair, pack: Pack) -> dict[str, object]:
    """Tell the joint: both names, the times between in UTC as the device's clock shows them, and the
    bounds."""
    detail: dict[str, object] = {
        "before": pair.before.name,
        "after": pair.after.name,
        "clock": pair.row.clock or "stream",
        "exact": pair.joint.is_exact,
        "least_s": round(pair.joint.low_s, 3),
        "most_s": round(pair.joint.high_s, 3),
    }
    if pair.row.clock:
        is_utc = pair.row.clock == "header" or pair.before.named.is_utc
        ended = local_to_utc(
            ORIGIN + timedelta(seconds=pair.joint.ends_at_s), "UTC" if is_utc else pack.time_zone
        )
        detail["from"] = to_text(ended)
        detail["until"] = to_text(ended + timedelta(seconds=pair.joint.best_s))
    return detail


def _overlaps(pairs: list[_Pair], joints: int, pack: Pack) -> Iterator[Finding]:
    """Report overlaps: a habit (info) where all joints show the same one, else to be explained."""
    sizes = [-pair.joint.best_s for pair in pairs]
    usual = median(sizes) if sizes else 0.0
    for pair, size in zip(pairs, sizes, strict=True):
        alike = sum(abs(other - usual) <= _SAME_S for other in sizes)
        is_habit = joints >= 2 and alike * 2 > joints and abs(size - usual) <= _SAME_S
        is_event = bool({pair.before.named.mode, pair.after.named.mode} & _EVENTS)
        end = pair.before.end_s or 0.0
        tolerance = pack.continuity.tolerance.total_seconds()
        small = size <= tolerance
        yield Finding(
            Code.OVERLAP,
            Severity.INFO if is_habit or is_event or small else Severity.ATTENTION,
            pair.before.name,
            start_s=round(end - size, 3),
            end_s=round(end, 3),
            measured=round(size, 3),
            limit=tolerance,
            cites=cite_ids(pack.continuity.cites),
            detail=_joint_detail(pair, pack) | {"overlap_s": round(size, 3), "habit": is_habit},
        )


_EVENTS = {
    "E",
    "EV",
    "EVT",
    "EDR",
    "M",
    "MAN",
    "PA",
    "PARK",
    "PDR",
    "P",
    "G",
    "LA",
    "#",
    "*",
}  # event, parking
