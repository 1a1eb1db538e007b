"""The same content twice: one file under two names, or stretches of one file in another.

Bytes are compared by SHA-256, content by key frames (digests of coded pictures), which a copy into another
container leaves as they are. Neighbours that overlap share key frames by habit: that is an overlap
(adjacency.py), not a repetition. A single shared key frame proves nothing: black pictures are often coded
alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from evidence.domain.adjacency import exact_gap, marks
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.segments import Row, Segment
from evidence.domain.session_clocks import ClockHabit
from evidence.policy.rules import Pack, cite_ids

_LEAST_MARKS = 2


def find_duplicates(
    pieces: Sequence[Segment], habit: ClockHabit | None, pack: Pack
) -> tuple[list[Finding], set[int]]:
    """Return findings for files that are byte copies of others, and the numbers of those copies.

    Of equal files the one whose header fits its name is taken for the original, else the first.
    """
    groups: dict[tuple[str, int], list[Segment]] = defaultdict(list)
    for one in pieces:
        if one.file.sha256 is not None and one.file.facts.size_bytes > 0:
            groups[one.file.sha256, one.file.facts.size_bytes].append(one)
    found: list[Finding] = []
    copies: set[int] = set()
    for group in groups.values():
        original = min(group, key=lambda one: (abs(_deviation(one, habit) or 0.0), one.number))
        for one in group:
            if one is not original:
                copies.add(one.number)
                found.append(_duplicate(one, original, habit, pack))
    return found, copies


def _deviation(one: Segment, habit: ClockHabit | None) -> float | None:
    return habit.deviation_s(one) if habit else None


def _duplicate(one: Segment, original: Segment, habit: ClockHabit | None, pack: Pack) -> Finding:
    """Tell a copy; the very same file given twice (same name) is only a fact."""
    detail: dict[str, object] = {"same_as": original.name, "unit": "sha256"}
    deviation = _deviation(one, habit)
    if deviation is not None:
        detail["name_minus_header_s"] = round(deviation, 3)
    return Finding(
        Code.DUPLICATE_FILE,
        Severity.INFO if one.name == original.name else Severity.ATTENTION,
        one.name,
        measured=one.file.sha256,
        cites=cite_ids(pack.no_editing.cites),
        detail=detail,
    )


def find_repeats(rows: Sequence[Row], pack: Pack) -> Iterator[Finding]:
    """Return stretches of content that appear in two files which do not simply overlap."""
    pieces = [one for row in rows for one in row.segments]
    neighbours = {
        (a.number, b.number) for row in rows for a, b in zip(row.segments, row.segments[1:], strict=False)
    }
    holders: dict[str, list[Segment]] = defaultdict(list)
    for one in pieces:
        for mark in marks(one):
            holders[mark].append(one)
    shared: dict[tuple[int, int], list[str]] = defaultdict(list)
    for mark, having in holders.items():
        for a, b in combinations(having[:8], 2):
            shared[a.number, b.number].append(mark)
    by_number = {one.number: one for one in pieces}
    for (first, second), common in shared.items():
        a, b = by_number[first], by_number[second]
        overlaps = (first, second) in neighbours and exact_gap(a, b) is not None
        if len(common) >= _LEAST_MARKS and not overlaps:
            yield _repeat(b, a, common, pack)


def _repeat(one: Segment, other: Segment, common: list[str], pack: Pack) -> Finding:
    here = sorted(marks(one)[mark] + one.first_s for mark in common)
    there = sorted(marks(other)[mark] + other.first_s for mark in common)
    return Finding(
        Code.REPEATED_CONTENT,
        Severity.ATTENTION,
        one.name,
        start_s=round(here[0], 3),
        end_s=round(here[-1], 3),
        measured=float(len(common)),
        limit=float(_LEAST_MARKS),
        cites=cite_ids(pack.no_editing.cites),
        detail={
            "same_as": other.name,
            "there_start_s": round(there[0], 3),
            "there_end_s": round(there[-1], 3),
            "unit": "key frames",
        },
    )
