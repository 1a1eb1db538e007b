"""How uploads and gaps went in each unit, month by month: the gap report of these months, counted.

It says what the gap report says of the same days, for it is made of one. As many months are looked at, back
from this one, as hold `MOST` recordings together; what lies before is told as left out, and a unit alone
reaches further back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.rights import Action
from evidence.domain.trends import Month, months_back
from evidence.service.by_unit import units_of
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
            months = self._months(unit, there, unit_id, now)
            is_cut = len(months) < MONTHS
            if not months:
                return Trend((), (), is_cut, None)
            asked = Asked(since=months[0], until=_last_day(months[-1]), unit_id=unit_id)
            report = GapReporting(self.site, unit, there, asked, now).make(drawn=False, on_time=True)
            return self._trend(unit, report, months, is_cut, now)

    def _months(self, unit: UnitOfWork, there: Reach, unit_id: str | None, now: datetime) -> list[date]:
        """Return the months that can be looked at, oldest first."""
        zone, left = ZoneInfo(self.site.policies.latest.time_zone), MOST
        kept = list[date]()
        for first in reversed(months_back(local_day(self.site.policies, now), MONTHS)):
            asked = Asked(since=first, until=_last_day(first), unit_id=unit_id)
            left -= unit.recordings.count(there, now, section_of(unit, asked, zone), left + 1)
            if left < 0:
                break
            kept.insert(0, first)
        return kept

    def _trend(
        self, unit: UnitOfWork, report: GapReport, months: Sequence[date], is_cut: bool, now: datetime
    ) -> Trend:
        by_unit: dict[str | None, dict[date, Month]] = defaultdict(
            lambda: {one: Month(one) for one in months}
        )
        none = {one: Month(one) for one in months}
        whole = dict(none)
        for unit_id, day, more in [*_uploads(unit, report, now), *map(_owing, report.counted)]:
            for counts in (whole, by_unit[unit_id]):
                first = day.replace(day=1)
                counts[first] = _sum(counts[first], more)
        names = full_names(unit.units.all())
        units = [UnitMonths(one, names.get(one or ""), list(of.values())) for one, of in by_unit.items()]
        ordered = sorted(units, key=lambda one: (one.name is None, one.name or ""))
        return Trend(list(whole.values()), ordered, is_cut, report.as_of)


_Counted = tuple[str | None, date, Mapping[str, int | timedelta]]


def _uploads(unit: UnitOfWork, report: GapReport, now: datetime) -> Iterator[_Counted]:
    """Yield each file of which a clock tells whether it came in time."""
    overdue = [row for row in report.missing if row.state.kind is DeadlineKind.OVERDUE]
    rows = [*report.on_time, *report.late, *overdue]
    for row, where in zip(rows, units_of(unit, rows, now), strict=True):
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
