"""Examination between the files of one device: the way from single files to the list of all findings.

The order of the questions: who wrote the files (copies, strangers), in which rows do they stand, what do the
rows show (clocks, numbers, joints), and last what of the in-file findings is the device's habit. Files may
come in any order. Nothing here reads a file; nothing here calls footage untampered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.domain.adjacency import examine_row
from evidence.domain.copies import find_duplicates, find_repeats
from evidence.domain.counters import examine_counters
from evidence.domain.findings import Finding
from evidence.domain.profile import find_foreign, find_odd_handwriting, judge_by_habit
from evidence.domain.segments import SequenceFile, rows, segments
from evidence.domain.session_clocks import examine_clocks, learn_habit
from evidence.policy.rules import Pack

__all__ = ["SequenceFile", "examine_sequence"]


def examine_sequence(
    files: Sequence[SequenceFile], pack: Pack, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Return the final findings of all files: those of `files` judged by the device's habits, and those
    between.

    now: aware; clocks later than it are implausible. The result is in the order of the files, and within a
    file in-file findings first. Never raises for bad evidence.
    """
    pieces = segments(files)
    habit = learn_habit(pieces, pack.time_zone)
    found, copies = find_duplicates(pieces, habit, pack)
    everything = rows(pieces, now)
    originals = rows([one for one in pieces if one.number not in copies], now)
    found += find_foreign(pieces, everything, pack)
    found += find_repeats(originals, pack)
    found += examine_counters(everything, pack)
    judged: list[Finding] = []
    for row in everything:
        found += examine_clocks(row, habit, copies, pack)
        found += find_odd_handwriting(row, pack)
        for _, findings in judge_by_habit(row, habit):
            judged += findings
    for row in originals:
        found += examine_row(row, pack)
    place = {one.name: one.number for one in reversed(pieces)}
    return tuple(sorted([*judged, *found], key=lambda finding: place.get(finding.file, len(pieces))))
