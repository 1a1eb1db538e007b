"""The gap report as a page of the supervisor's desk: what its documents say, in a form for a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from evidence.documents.gaps import Paper
from evidence.domain.access import Caller
from evidence.domain.shift_pictures import draw
from evidence.domain.shifts import Shift
from evidence.locale import text
from evidence.service.gaps.gap_reports import GapReport


@dataclass(frozen=True, slots=True)
class GapPage:
    """The report for a page: what the caller is told, the time lines, and their picture without a style."""

    told: Mapping[str, Any]
    shifts: Sequence[Shift]
    picture: str


def gap_page(report: GapReport, caller: Caller, language: str, start: int, count: int) -> GapPage:
    """Return the report for a page, with so many of its time lines."""
    paper = Paper(report, caller, language)
    shown = paper.shifts[start : start + count]
    zone, say = report.days.zone, partial(text, language)
    return GapPage(paper.told, paper.shifts, draw(shown, zone, say, is_styled=False))
