"""How uploads and gaps went in each unit, month by month: the gap report of these months, counted.

It says what the gap report says of the same days: recordings of which that has nothing to say are only
counted, others are judged by the notes of their lines (noted.py), and all else by that report itself. As many
months are looked at, back from this one, as hold `MOST` recordings together; what lies before is told as left
out, and a unit alone reaches further back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.instants import day_in
from evidence.domain.rights import Action
from evidence.domain.shifts import day_span
from evidence.domain.spans import Span
from evidence.domain.subjects import late_subject
from evidence.domain.trends import Month, months_back
from evidence.service.catalogue import NotedRecording
from evidence.service.gaps.by_unit import units_of
from evidence.service.gaps.gap_parts import Asked, section_of
from evidence.service.gaps.gap_reports import GapReport, GapReporting
from evidence.service.gaps.gap_tallies import Owing
from evidence.service.gaps.noted import NotedLines
from evidence.service.gaps.trend_ports import Plain
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MONTHS = 12
MOST = 5_000
_Counted = tuple[str | None, date, Mapping[str, int]]
_COUNTS = ("on_time", "judged", "gaps", "unknown", "owed", "explained", "accepted")
_ACCEPTED = (GapState.ACCEPTED, GapState.EXEMPT)


@dataclass(frozen=True, slots=True)
class UnitMonths:
    """A unit's months, oldest first; unit_id None: what nobody knows the unit of. name: of the unit."""

    unit_id: str | None
    name: str | None
    months: Sequence[Month]


@dataclass(frozen=True, slots=True)
class Trend:
    """All months together, and of each unit by name. is_cut: earlier months hold more than is looked at."""

    months: Sequence[Month]
    units: Sequence[UnitMonths]
    is_cut: bool
    as_of: datetime | None  # None: nothing was looked at


@dataclass(frozen=True)
class Trends:
    """The desk for trends."""

    site: Site

    @admits(Action.REVIEW_GAPS)
    def by_month(self, caller: Caller, unit_id: str | None = None) -> Trend:
        """Return the trend of what the caller's gap report holds, or of a unit and below; the look is logged.

        Raises: NotFound("unit-not-found").
        """
        now = self.site.clock.now()
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": "trends"})
        with self.site.database.writing() as unit:
            unit.log.append(entry, now)
        there = reach(caller, Action.READ_GAPS, self.site.bars())
        with self.site.database.reading() as unit:
            every = months_back(local_day(self.site.policies, now), MONTHS)
            asked = Asked(since=every[0], until=_last_day(every[-1]), unit_id=unit_id)
            units = section_of(unit, asked, self._zone).unit_ids
            held = self._held(unit, there, now, units, every)
            if not held:
                return Trend((), (), True, None)
            months = list(held)
            span = Span(self._span(months[0]).start, self._span(months[-1]).end)
            others = unit.punctuality.others(there, now, units, span, self._least)
            placed = {one.id: one.unit_id for one in others}
            making = GapReporting(self.site, unit, there, replace(asked, since=months[0]), now, placed)
            noted = NotedLines(self.site, unit, now)
            report, sure = _reported(making, others, noted.sure(others))
            counted = [
                *_in_time(held),
                *_uploads(unit, report, placed),
                *map(_owing, report.counted),
                *_noted(replace(noted, now=report.as_of), sure, self._zone),
            ]
            return _trend(unit, counted, held, report.as_of)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.policies.latest.time_zone)

    @property
    def _least(self) -> timedelta:
        """The shortest time that any version of the pack gives: what took no longer is in time by all."""
        return min(pack.upload_deadline.within for pack in self.site.policies.packs)

    def _span(self, month: date) -> Span:
        return Span(day_span(month, self._zone).start, day_span(_last_day(month), self._zone).end)

    def _held(
        self,
        unit: UnitOfWork,
        there: Reach,
        now: datetime,
        units: frozenset[str] | None,
        every: Sequence[date],
    ) -> Mapping[date, Mapping[Plain, int]]:
        """Return how many recordings of each sort the newest months have that hold `MOST` together, the
        oldest month first."""
        newest = list(reversed(every))
        spans = [self._span(one) for one in newest]
        counts = unit.punctuality.counts(there, now, units, spans, self._least, MOST)
        return dict(reversed(list(zip(newest, counts, strict=False))))


def _reported(
    making: GapReporting, others: Sequence[NotedRecording], sure: list[NotedRecording]
) -> tuple[GapReport, Sequence[NotedRecording]]:
    """Return the report of all but what is sure by its note; and that, without what a finding of no recording
    may be about as well: which of both is explained, only both together tell."""
    while True:
        alone = {one.id for one in sure}
        stored = making.unit.recordings.listed([one.id for one in others if one.id not in alone])
        report = making.to_count(list(stored.values()))
        shared = _shared(report)
        left = [one for one in sure if not any(line.kind in shared for line in one.lines or ())]
        if len(left) == len(sure):
            return report, sure
        sure = left


def _shared(report: GapReport) -> set[str]:
    """Return the kinds of what was found that belongs to no recording; and of a late upload under its name,
    of which nothing is asked where the file is gone from its card."""
    found = [one for one in report.ledger.lines.serious if one.recording_id is None]
    late = (late_subject(one.device, str(one.body["file"]), timedelta()) for one in found)
    return {one.kind for one in (*(report.ledger.lines.subjects[it.id] for it in found), *late)}


def _trend(
    unit: UnitOfWork,
    counted: Iterable[_Counted],
    held: Mapping[date, Mapping[Plain, int]],
    as_of: datetime,
) -> Trend:
    counts: dict[str | None, Counter[tuple[date, str]]] = defaultdict(Counter)
    for unit_id, day, more in counted:
        month = day.replace(day=1)
        for name, value in more.items():
            counts[unit_id][month, name] += value
    whole = Counter[tuple[date, str]]()
    for one in counts.values():
        whole.update(one)
    names = full_names(unit.units.all())
    units = [UnitMonths(one, names.get(one or ""), _months(held, mine)) for one, mine in counts.items()]
    ordered = sorted(units, key=lambda one: (one.name is None, one.name or ""))
    return Trend(_months(held, whole), ordered, len(held) < MONTHS, as_of)


def _in_time(held: Mapping[date, Mapping[Plain, int]]) -> Iterator[_Counted]:
    """Yield by unit and month how many came in time for certain."""
    for month, counts in held.items():
        for (unit_id, is_plain), count in counts.items():
            if is_plain:
                yield unit_id, month, {"judged": count, "on_time": count}


def _months(held: Iterable[date], counts: Mapping[tuple[date, str], int]) -> list[Month]:
    """Return months with their counts."""
    found = []
    for one in held:
        lost = timedelta(milliseconds=counts[one, "lost_ms"])
        numbers: dict[str, Any] = {name: counts[one, name] for name in _COUNTS}
        found.append(replace(Month(one, lost=lost), **numbers))
    return found


def _uploads(unit: UnitOfWork, report: GapReport, placed: Mapping[str, str | None]) -> Iterator[_Counted]:
    """Yield each file of which a clock tells whether it came in time."""
    overdue = [row for row in report.missing if row.state.kind is DeadlineKind.OVERDUE]
    rows = [*report.on_time, *report.late, *overdue]
    for row, where in zip(rows, units_of(unit, rows, placed), strict=True):
        is_on_time = row.state.kind is DeadlineKind.ON_TIME
        yield where, report.days.of(row), {"judged": 1, "on_time": int(is_on_time)}


def _noted(noted: NotedLines, sure: Sequence[NotedRecording], zone: ZoneInfo) -> Iterator[_Counted]:
    """Yield what is sure by its note: each recording, and each line of it."""
    for one in sure:
        is_on_time = noted.late_by(one) is None
        yield one.unit_id, day_in(zone, one.counted_from), {"judged": 1, "on_time": int(is_on_time)}
    for line in noted.judged(sure):
        day = day_in(zone, line.recording.counted_from)
        yield line.recording.unit_id, day, _owed(line.state, line.is_interruption, line.lost_ms)


def _owing(one: Owing) -> _Counted:
    """Return what a line that must be explained counts."""
    return one.unit_id, one.day, _owed(one.standing.state, one.is_interruption, one.standing.lost_ms)


def _owed(state: GapState, is_interruption: bool, lost: int | None) -> Mapping[str, int]:
    more = {
        "owed": 1,
        "explained": int(state not in TO_DO),
        "accepted": int(state in _ACCEPTED),
    }
    if is_interruption:
        more |= {"gaps": 1, "lost_ms": lost or 0, "unknown": int(lost is None)}
    return more


def _last_day(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
