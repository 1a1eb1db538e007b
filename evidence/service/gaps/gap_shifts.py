"""The lines of a gap report as time lines, one for each recorder and day, beside what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.deadlines import DeadlineKind
from evidence.domain.instants import from_text
from evidence.domain.shifts import Shift, Sort, Trace, shifts_of
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.service.catalogue import StoredFinding
from evidence.service.examining.restarts import begins_of
from evidence.service.gaps.deadlines import DeadlineRow
from evidence.service.gaps.gap_lines import Ledger, Parts
from evidence.service.gaps.gap_parts import Days
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_SHIFTS = 400  # in one picture: nobody reads more
_LONGEST = timedelta(days=2)  # of a recording or gap: a longer one is a wrong clock, and no bar


@dataclass(frozen=True, slots=True)
class _Times:
    """When a recording began and ended, as its last examination says, and by a clock that is certain."""

    start: datetime | None
    end: datetime | None
    is_certain: bool
    begins: timedelta = timedelta()  # the place on the file's own time line at which it begins

    def span(self, start_s: object = None, end_s: object = None) -> Span | None:
        """Return when it was; with seconds on its own time line, when those were."""
        if self.start is None or self.end is None:
            return None
        begin, end = self.start, self.end
        if isinstance(start_s, int | float) and isinstance(end_s, int | float):
            begin, end = (self.start - self.begins + timedelta(seconds=place) for place in (start_s, end_s))
        return Span(begin, end) if begin <= end <= begin + _LONGEST else None


_NOWHERE = _Times(None, None, is_certain=False)


@dataclass(frozen=True)
class Drawn:
    """What is to be drawn: the files that are asked for, what must be explained of them, and their faults."""

    files: Sequence[DeadlineRow]
    parts: Parts
    faults: Sequence[StoredFinding]


def draw_shifts(site: Site, unit: UnitOfWork, drawn: Drawn, ledger: Ledger, days: Days) -> Sequence[Shift]:
    """Return the time lines, by day and recorder. Raises: Invalid("too-many-shifts")."""
    ids = {row.recording_id for row in drawn.files if row.recording_id is not None}
    found = unit.examinations.facts_of(ids, "sequence")
    placed = (one for one in (*drawn.parts.interruptions, *drawn.parts.to_explain) if _has_place(one))
    begins = begins_of(site, unit, {str(one.recording_id) for one in placed})
    times = {one: _read(text, begins.get(one, 0)) for one, text in found.items()}
    wearers = {row.recording_id: row.wearer for row in drawn.files if row.recording_id is not None}
    shifts = shifts_of(_traces(drawn, ledger, days, times, wearers), days.zone)
    if len(shifts) > MOST_SHIFTS:
        raise Invalid("too-many-shifts", found=len(shifts), most=MOST_SHIFTS)
    return shifts


def _read(text: str, begins_ms: int) -> _Times:
    told = json.loads(text)
    start, end = (from_text(told[key]) if told.get(key) else None for key in ("start", "end"))
    return _Times(start, end, bool(told.get("certain")), timedelta(milliseconds=begins_ms))


def _traces(
    drawn: Drawn, ledger: Ledger, days: Days, times: Mapping[str, _Times], wearers: Mapping[str, str]
) -> Iterator[Trace]:
    for row in drawn.files:
        yield _file(row, ledger, days, times.get(row.recording_id or "", _NOWHERE))
    for row in drawn.parts.missing:
        standing, certain = ledger.of(row), row.state.end_certain
        at = row.state.counted_from
        state = None if standing is None else standing.state
        yield Trace(Sort.MISSING, row.device, row.wearer, days.of(row), None, at, state, certain)
    found: Iterable[tuple[Sort, Sequence[StoredFinding]]] = (
        (Sort.GAP, drawn.parts.interruptions),
        (Sort.OTHER, drawn.parts.to_explain),
        (Sort.FAULT, drawn.faults),
    )
    for sort, findings in found:
        for one in findings:
            when = times.get(one.recording_id or "", _NOWHERE)
            standing = ledger.of(one)
            state = None if standing is None else standing.state
            span = when.span(one.body["start_s"], one.body["end_s"]) if _has_place(one) else None
            wearer = wearers.get(one.recording_id or "")
            yield Trace(sort, one.device, wearer, days.of(one), span, when.end, state, when.is_certain)


def _file(row: DeadlineRow, ledger: Ledger, days: Days, when: _Times) -> Trace:
    is_late = row.state.kind is DeadlineKind.LATE
    standing = ledger.of(row) if is_late else None
    at = when.end or row.state.counted_from
    return Trace(
        Sort.LATE if is_late else Sort.RECORDED,
        row.device,
        row.wearer,
        days.of(row),
        when.span(),
        at,
        None if standing is None else standing.state,
        when.is_certain and row.state.end_certain,
    )


def _has_place(one: StoredFinding) -> bool:
    return all(isinstance(one.body[key], int | float) for key in ("start_s", "end_s"))
