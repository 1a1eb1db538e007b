"""Which lines of the gap report are asked for: by recorder, day, state, wearer, unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from evidence.domain.explanations import GapState
from evidence.domain.ids import is_id
from evidence.domain.people import is_below
from evidence.domain.shifts import day_span
from evidence.domain.spans import Span
from evidence.domain.uploads import Upload
from evidence.errors import Invalid, NotFound
from evidence.service.catalogue import Section, StoredFinding
from evidence.service.gaps.by_unit import units_of
from evidence.service.gaps.deadlines import DeadlineRow
from evidence.service.gaps.gap_lines import Ledger
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.unlabelled import UnlabelledRecording

_FIRST, _LAST = date(1, 1, 2), date(9999, 12, 30)  # of which every zone has a moment
Reported = DeadlineRow | StoredFinding | UnlabelledRecording | Upload
Line = TypeVar("Line", DeadlineRow, StoredFinding, UnlabelledRecording, Upload)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the gap report is asked for: one recorder, the days from `since` to `until`, both in;
    what is in a state; one wearer, by number; a unit and below, by id.
    """

    device: str | None = None
    since: date | None = None
    until: date | None = None
    state: GapState | None = None
    wearer: str | None = None
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """The day to which each line belongs: when recording ended, in the law's time zone; where nobody can
    say, when the server first heard of the file. What has no file of that name: when it was found."""

    zone: ZoneInfo
    known: Mapping[tuple[str, str], datetime]  # by device and name

    def of(self, one: Reported) -> date:
        """Return the day of a line."""
        device, name, otherwise = place_of(one)
        found = one.state.counted_from if isinstance(one, DeadlineRow) else self.known.get((device, name))
        return (found or otherwise).astimezone(self.zone).date()

    def are_asked(self, one: Reported, asked: Asked) -> bool:
        """Tell whether a line belongs to what is asked for."""
        day = self.of(one)
        return (
            asked.device in (None, place_of(one)[0])
            and (asked.since is None or asked.since <= day)
            and (asked.until is None or day <= asked.until)
        )


def place_of(one: Reported) -> tuple[str, str, datetime]:
    """Return device and name of a line, and a time that is always known."""
    if isinstance(one, DeadlineRow):
        return one.device, one.name, one.state.counted_from
    if isinstance(one, StoredFinding):
        return one.device, str(one.body["file"]), one.at
    if isinstance(one, Upload):
        return one.origin.device, one.origin.name, one.created_at
    origin = one.stored.recording.origin
    return origin.device, origin.name, one.stored.first_seen_at


def verify_asked(asked: Asked, devices: Collection[str], wearers: Collection[str]) -> None:
    """Refuse what can only be a slip: its answer would be that nothing is wrong."""
    if asked.device is not None and asked.device not in devices:
        raise NotFound("device-not-found", device=asked.device)
    if asked.wearer is not None and asked.wearer not in wearers:
        raise NotFound("wearer-not-found", number=asked.wearer)
    if asked.since is not None and asked.until is not None and asked.until < asked.since:
        raise Invalid("days-reversed", since=asked.since.isoformat(), until=asked.until.isoformat())


def section_of(unit: UnitOfWork, asked: Asked, zone: ZoneInfo) -> Section:
    """Return whose recordings can be asked for. Raises: NotFound("unit-not-found")."""
    units = None
    if asked.unit_id is not None:
        top = unit.units.get(asked.unit_id) if is_id(asked.unit_id) else None
        if top is None:
            raise NotFound("unit-not-found", unit=asked.unit_id)
        units = frozenset(one.id for one in unit.units.all() if is_below(one.path, top.path))
    return Section(units, asked.device, asked.wearer, *span_of(asked, zone))


def span_of(asked: Asked, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return when the days that are asked for begin, and when they are over; none where no end is said."""
    since, until = _edge(asked.since, zone), _edge(asked.until, zone)
    return None if since is None else since.start, None if until is None else until.end


def _edge(day: date | None, zone: ZoneInfo) -> Span | None:
    """Return a day as a span; none at the ends of the calendar, beyond which there is nothing."""
    return day_span(day, zone) if day is not None and _FIRST < day < _LAST else None


@dataclass(frozen=True)
class PartFilter:
    """Takes from the lines of a part those that are asked for."""

    unit: UnitOfWork
    asked: Asked
    days: Days
    ledger: Ledger
    wearers: Mapping[str, str]  # by recording
    unit_ids: frozenset[str] | None
    now: datetime
    placed: Mapping[str, str | None] = field(default_factory=dict)  # the units of recordings, where known

    def of(self, lines: Iterable[Line]) -> list[Line]:
        """Return the lines that are asked for."""
        (kept,) = self.of_each(lines)
        return kept

    def of_each(self, *parts: Iterable[Any]) -> list[list[Any]]:
        """Return of each part the lines that are asked for; whose they are is looked up for all at once."""
        kept = [[one for one in lines if self._is_asked(one)] for lines in parts]
        if self.unit_ids is None:
            return kept
        places = iter(units_of(self.unit, [one for lines in kept for one in lines], self.placed))
        return [[one for one in lines if next(places) in self.unit_ids] for lines in kept]

    def _is_asked(self, one: Line) -> bool:
        standing, asked = self.ledger.of(one), self.asked
        return (
            self.days.are_asked(one, asked)
            and (asked.state is None or (standing is not None and standing.state is asked.state))
            and asked.wearer in (None, self._wearer(one))
        )

    def _wearer(self, one: Line) -> str | None:
        if isinstance(one, DeadlineRow):
            return one.wearer
        if isinstance(one, StoredFinding):
            return self.wearers.get(one.recording_id or "", one.wearer)
        return (one if isinstance(one, Upload) else one.stored.recording).origin.wearer
