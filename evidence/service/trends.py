"""How uploads and gaps went in each unit, month by month: the gap report of these months, counted.

It says what the gap report says of the same days, for it is made of one; recordings of which that has nothing
to say are only counted. As many months are looked at, back from this one, as the `MOST` newest recordings
hold whole; what lies before is told as left out, and a unit alone reaches further back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import DeadlineKind, is_plausible_end
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.rights import Action
from evidence.domain.shifts import day_span
from evidence.domain.trends import Month, months_back
from evidence.service.by_unit import units_of
from evidence.service.catalogue import Glance
from evidence.service.gap_parts import Asked, section_of
from evidence.service.gap_reports import GapReport, GapReporting
from evidence.service.gap_tallies import Owing
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from evidence.service.units import full_names

MONTHS = 12
MOST = 5_000
_SPARE = timedelta(days=1)  # more than a recorder's clock may be ahead of the seal (CLOCK_ERROR)
_Counted = tuple[str | None, date, Mapping[str, int | timedelta]]
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
            section, since = section_of(unit, asked, self._zone), day_span(every[0], self._zone).start
            found = unit.recordings.glances(there, now, section.unit_ids, since, MOST + 1)
            months = self._months(every, found)
            if not months:
                return Trend((), (), True, None)
            plain = {one.recording_id: one for one in found if self._is_plain(one)}
            of = unit.recordings.some({one.recording_id for one in found} - plain.keys())
            asked = replace(asked, since=months[0])
            making = GapReporting(self.site, unit, there, asked, now)
            report = making.to_count(list(of.values()))
            return self._trend(unit, report, self._in_time(plain.values()), months)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.policies.latest.time_zone)

    def _months(self, every: Sequence[date], found: Sequence[Glance]) -> list[date]:
        """Return the months of which all recordings were found, oldest first: nothing is sealed long before
        it ended, so what is left out is of months before the oldest seal."""
        if len(found) <= MOST:
            return list(every)
        oldest = found[-1].sealed_at + _SPARE
        return [one for one in every if day_span(one, self._zone).start > oldest]

    def _is_plain(self, one: Glance) -> bool:
        """Tell whether a recording came in time by every rule, and nothing was found in it."""
        least = min(pack.upload_deadline.within for pack in self.site.policies.packs)
        return (
            not one.has_findings
            and one.ended_at is not None
            and is_plausible_end(one.ended_at, one.seen_at)
            and one.sealed_at <= one.ended_at + least
        )

    def _in_time(self, plain: Iterable[Glance]) -> Iterator[_Counted]:
        """Yield by unit and day how many came in time."""
        zone, ended = self._zone, Counter[tuple[str | None, date]]()
        for one in plain:
            if one.ended_at is not None:
                ended[one.unit_id, one.ended_at.astimezone(zone).date().replace(day=1)] += 1
        for (unit_id, month), count in ended.items():
            yield unit_id, month, {"judged": count, "on_time": count}

    def _trend(
        self, unit: UnitOfWork, report: GapReport, in_time: Iterable[_Counted], months: Sequence[date]
    ) -> Trend:
        by_unit: dict[str | None, dict[date, Month]] = defaultdict(
            lambda: {one: Month(one) for one in months}
        )
        whole = {one: Month(one) for one in months}
        lines = [*_uploads(unit, report), *map(_owing, report.counted)]
        for unit_id, day, more in [*(one for one in in_time if one[1] in whole), *lines]:
            for counts in (whole, by_unit[unit_id]):
                first = day.replace(day=1)
                counts[first] = _sum(counts[first], more)
        names = full_names(unit.units.all())
        units = [UnitMonths(one, names.get(one or ""), list(of.values())) for one, of in by_unit.items()]
        ordered = sorted(units, key=lambda one: (one.name is None, one.name or ""))
        return Trend(list(whole.values()), ordered, len(months) < MONTHS, report.as_of)


def _uploads(unit: UnitOfWork, report: GapReport) -> Iterator[_Counted]:
    """Yield each file of which a clock tells whether it came in time."""
    overdue = [row for row in report.missing if row.state.kind is DeadlineKind.OVERDUE]
    rows = [*report.on_time, *report.late, *overdue]
    for row, where in zip(rows, units_of(unit, rows), strict=True):
        is_on_time = row.state.kind is DeadlineKind.ON_TIME
        yield where, report.days.of(row), {"judged": 1, "on_time": int(is_on_time)}


def _owing(one: Owing) -> _Counted:
    """Return what a line that must be explained counts."""
    state, lost = one.standing.state, one.standing.lost_ms
    more: dict[str, int | timedelta] = {
        "owed": 1,
        "explained": int(state not in TO_DO),
        "accepted": int(state in _ACCEPTED),
    }
    if one.is_interruption:
        more |= {"gaps": 1, "lost": timedelta(milliseconds=lost or 0), "unknown": int(lost is None)}
    return one.unit_id, one.day, more


def _sum(month: Month, more: Mapping[str, int | timedelta]) -> Month:
    return replace(month, **{name: getattr(month, name) + value for name, value in more.items()})


def _last_day(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
