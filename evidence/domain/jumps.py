"""Between two files of one device: a clock that goes back, loses its time, or runs ahead while the counter
goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.segments import ORIGIN, Row, Segment

_QUARTER_HOUR_S, _WIDEST_S = 900.0, 86_400.0  # zones differ by quarter hours; a day is the commonest slip
_FULL = 0.98  # recorders split files of one length, or of one size, to within this share


def raw_gap_s(row: Row, at: int) -> float:
    """Return the seconds between the end of segment `at` and the start of the next, by the row's clock."""
    return row.starts_s[at + 1] - row.starts_s[at] - (row.segments[at].length_s or 0.0)


def clock_jump(row: Row, at: int, same_s: float) -> Iterator[Finding]:
    """Report a clock that goes back, or loses its time, from one file to the next. Forward it is told where
    the counter goes on: by whole quarter hours, where recording may have run on, a zone was set; else it is
    another activity (a fact)."""
    jump = raw_gap_s(row, at)
    lost = row.sound[at] != row.sound[at + 1]
    before, after = row.segments[at], row.segments[at + 1]
    if not row.clock or not (lost or jump < 0 or _counts_on(before, after)):
        return
    is_jump = lost or jump < 0 or (_is_zone(jump, row.resolution_s) and _may_have_run_on(row, at))
    yield Finding(
        Code.CLOCK_JUMP,
        Severity.ATTENTION if is_jump else Severity.INFO,
        after.name,
        start_s=after.first_s,
        measured=round(jump, 3),
        limit=same_s,
        detail={
            **({} if is_jump else {"manner": "another-activity"}),
            **{"before": before.name, "after": after.name, "clock": row.clock},
            **{"before_shows": _shown(row, at), "after_shows": _shown(row, at + 1)},
        },
    )


def _is_zone(jump_s: float, resolution_s: float) -> bool:
    set_s = round(jump_s / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
    return abs(jump_s - set_s) <= resolution_s and abs(set_s) <= _WIDEST_S


def _may_have_run_on(row: Row, at: int) -> bool:
    """Tell whether the file before the joint may be full: as long or as large, or nearly, as the longest or
    largest of the row, or of unknown length. One that is not was ended by somebody, and the pause after it is
    one: had the clock been set in it, the pause would stand beside the whole quarter hours.
    """
    before, others = row.segments[at], row.segments
    if before.length_s is None:
        return True
    longest = max(one.length_s or 0.0 for one in others)
    largest = max(one.file.facts.size_bytes for one in others)
    return before.length_s >= _FULL * longest or before.file.facts.size_bytes >= _FULL * largest


def _counts_on(before: Segment, after: Segment) -> bool:
    numbers = before.named.sequence, after.named.sequence
    return None not in numbers and numbers[1] - numbers[0] == 1  # type: ignore[operator]


def _shown(row: Row, at: int) -> str:
    return (ORIGIN + timedelta(seconds=row.starts_s[at])).isoformat()
