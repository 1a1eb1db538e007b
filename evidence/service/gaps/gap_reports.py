"""The gap report that a supervisor reads first: what is missing, late, interrupted, unexplained.

The same question at the same place of the log of custody has the same answer, to the byte. So it does not say
when it was asked, but as of when it holds: the last moment at which anything that it tells has changed, by an
entry of the log, by a new day of the law's time zone, or by a deadline. What the caller may see is what they
may see now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from evidence.domain.access import Reach
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import GapState
from evidence.domain.findings import FAULTS
from evidence.domain.people import Person
from evidence.domain.shifts import Shift, Sort, day_span
from evidence.domain.steps import StepState
from evidence.domain.uploads import Upload, UploadState
from evidence.policy.rules import Duty, Pack, cite_ids
from evidence.service.catalogue import Section, StoredFinding, StoredRecording
from evidence.service.gaps.by_unit import UnitCounts, count_by_unit, units_of
from evidence.service.gaps.contradictions import against
from evidence.service.gaps.deadlines import LEAST, DeadlineRow, Deadlines
from evidence.service.gaps.gap_lines import (
    Ledger,
    Lines,
    Standing,
    StateCount,
    count_states,
    ledger_of,
    lines_within,
)
from evidence.service.gaps.gap_parts import Asked, Days, PartFilter, section_of, verify_asked
from evidence.service.gaps.gap_shifts import Drawn, draw_shifts
from evidence.service.gaps.gap_tallies import By, Owing, Tally, count_wearers, tally
from evidence.service.gaps.unrecorded import Unrecorded, stored_beside, unrecorded_within
from evidence.service.instruments import local_day, pack_at
from evidence.service.log.log_position import LogPosition, position_of
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.unlabelled import UnlabelledRecording, unlabelled_of
from evidence.service.site import Site

_PARTS = 7  # of a gap report: its first fields


@dataclass(frozen=True, slots=True)
class GapReport:
    """What a supervisor must see at once: missing, late, interrupted, unexplained."""

    faults: Sequence[StoredFinding]  # not what was sealed, at the last pass or at one before
    missing: Sequence[DeadlineRow]  # announced by a card's list, not sealed
    late: Sequence[DeadlineRow]
    interruptions: Sequence[StoredFinding]
    to_explain: Sequence[StoredFinding]  # everything else above "info"
    unlabelled: Sequence[UnlabelledRecording]
    set_aside: Sequence[Upload]  # refused or expired uploads whose bytes are kept in staging
    days: Days
    asked: Asked
    as_of: datetime
    position: LogPosition
    ledger: Ledger  # how far what must be explained is
    by_unit: Sequence[UnitCounts] = ()  # how many of these lines each unit answers for
    unit_cites: tuple[str, ...] = ()  # why it does
    pack: Pack | None = None  # that was in force then
    tallies: Mapping[By, Sequence[Tally]] = field(default_factory=dict)
    shifts: Sequence[Shift] = ()  # where a picture is asked for
    unrecorded: Sequence[Unrecorded] = ()  # steps of cases that nothing shows
    partly: Sequence[Unrecorded] = ()  # steps of which less is shown than the pack asks for
    counted: Sequence[Owing] = ()  # what the tallies count
    on_time: Sequence[DeadlineRow] = ()  # where it is asked for
    people: Mapping[str, Person] = field(default_factory=dict)  # by id: who said, who decided
    against: Mapping[str, int] = field(default_factory=dict)  # by statement that exempts: footage of its time

    @property
    def by_state(self) -> Sequence[StateCount]:
        """How many lines are in each state, and how much time was lost."""
        return count_states(self._standings, self.ledger.told(self.interruptions))

    @property
    def owed(self) -> Mapping[str, int]:
        """How many explanations each wearer owes."""
        return count_wearers(self._standings)

    @property
    def _standings(self) -> list[Standing]:
        """How far all is that must be explained: red steps of cases, too."""
        steps = (one.standing for one in self.unrecorded)
        return [*self.ledger.told(self.owing), *(one for one in steps if one is not None)]

    @property
    def told_by(self) -> frozenset[str]:
        """Who said and who decided something about these lines, by id."""
        said = [one for standing in self._standings for one in standing.history]
        judged = [found.by for one in said for found in one.verdicts]
        return frozenset(
            filter(None, (*(id_ for one in said for id_ in (one.author, one.reviewed_by)), *judged))
        )

    @property
    def owing(self) -> list[DeadlineRow | StoredFinding]:
        """The lines that must be explained."""
        return [*self.missing, *self.late, *self.interruptions, *self.to_explain]


@dataclass(frozen=True)
class GapReporting:
    """Makes a report in one transaction that sees one moment. placed: the units of recordings, as far as
    somebody has looked them up."""

    site: Site
    unit: UnitOfWork
    there: Reach
    asked: Asked
    now: datetime
    placed: Mapping[str, str | None] = field(default_factory=dict)

    def make(self, *, drawn: bool) -> GapReport:
        """Return the report with its counts, and time lines if it is to be drawn. Raises: as Reports.gaps."""
        report, shifts = self._made(None, drawn=drawn)
        return self._counted(replace(report, shifts=shifts))

    def to_count(self, recordings: Sequence[StoredRecording]) -> GapReport:
        """Return the report with what was stored in time, for counts of another kind than its own; without
        labels that are missing, and faults of before. recordings: all that it may say something of, without
        their labels. Raises: as Reports.gaps."""
        report, _ = self._made(recordings, drawn=False)
        return replace(report, counted=self._owing(report))

    def _made(
        self, of: Sequence[StoredRecording] | None, *, drawn: bool
    ) -> tuple[GapReport, Sequence[Shift]]:
        zone = ZoneInfo(self.site.policies.latest.time_zone)
        position = position_of(self.unit)
        steps = unrecorded_within(self.site, self.unit, self.there, self.asked, self.now)
        as_of = self._as_of(position, zone, steps)
        section = section_of(self.unit, self.asked, zone)
        lines = lines_within(self.site, self.unit, self.there, self.now, as_of, section, of)
        aside = self._aside()
        self._verify(lines, aside, steps)
        ledger, days = ledger_of(self.site, self.unit, lines, as_of), self._days(lines, zone)
        wearers = {one.recording.id: one.recording.origin.wearer for one in lines.recordings}
        part = PartFilter(
            self.unit, self.asked, days, ledger, wearers, section.unit_ids, self.now, self.placed
        )
        parts = lines.parts()
        bare = () if of is not None else unlabelled_of(self.site.policies, lines.recordings, as_of)
        in_time = () if of is None else (one for one in lines.rows if one.state.kind is DeadlineKind.ON_TIME)
        faults, missing, late, cut, to_explain, unlabelled, set_aside, on_time = part.of_each(
            _faults(lines), *parts, (one for one in bare if one.missing), aside, in_time
        )
        report = GapReport(
            faults,
            missing,
            late,
            cut,
            to_explain,
            unlabelled=unlabelled,
            set_aside=set_aside,
            days=days,
            asked=self.asked,
            as_of=as_of,
            position=position,
            ledger=ledger,
            unrecorded=[one for one in steps if one.line.state is not StepState.PARTLY],
            partly=[one for one in steps if one.line.state is StepState.PARTLY],
            on_time=on_time,
        )
        return report, self._shifts(lines, part) if drawn else ()

    def _as_of(self, position: LogPosition, zone: ZoneInfo, steps: Sequence[Unrecorded]) -> datetime:
        """Return when what is told changed last. Of what is missing, on the whole site, only those files are
        asked whose state can have changed after all else did."""
        moments = [day_span(self.now.astimezone(zone).date(), zone).start]
        moments += [] if position.at is None else [position.at]
        longest = max(one.upload_deadline.within for one in self.site.policies.packs) + LEAST
        missing = self.unit.cards.outstanding(section=Section(first=max(moments) - longest))
        turns = (moment for one in steps for moment in one.turns)
        moments += [one + LEAST for one in turns if one + LEAST <= self.now]
        return max([*moments, *Deadlines(self.site).turned(missing, self.now)]).astimezone(self.now.tzinfo)

    def _aside(self) -> list[Upload]:
        return [
            one
            for state in (UploadState.REFUSED, UploadState.EXPIRED)
            for one in self.unit.uploads.in_state(state, reach=self.there, at=self.now)
        ]

    def _verify(self, lines: Lines, aside: Sequence[Upload], steps: Sequence[Unrecorded]) -> None:
        """Refuse what can only be a slip; of recordings, those of other days count, too."""
        asked = self.asked
        origins = [one.origin for files in (aside, lines.outstanding) for one in files]
        origins += [one.recording.origin for one in lines.recordings]
        devices = {one.device for one in lines.found} | {one.device for one in origins}
        wearers = {one.wearer for one in origins} | {
            number for one in steps for number in one.numbers.values()
        }
        if asked.device not in {None, *devices} and self._is_known(Section(device=asked.device)):
            devices.add(str(asked.device))
        if asked.wearer not in {None, *wearers} and self._is_known(Section(wearer=asked.wearer)):
            wearers.add(str(asked.wearer))
        verify_asked(asked, devices, wearers)

    def _is_known(self, section: Section) -> bool:
        if self.unit.recordings.count(self.there, self.now, section, 1):
            return True
        return bool(self.unit.cards.outstanding(reach=self.there, at=self.now, section=section))

    def _days(self, lines: Lines, zone: ZoneInfo) -> Days:
        """Return the days of lines; what belongs to no recording may name a file of another day."""
        known = {(row.device, row.name): row.state.counted_from for row in lines.rows}
        named: dict[str, set[str]] = {}
        for one in lines.serious:
            if one.recording_id is None and (one.device, str(one.body["file"])) not in known:
                named.setdefault(one.device, set()).add(str(one.body["file"]))
        for device, names in named.items():
            mine = self.unit.recordings.names_within(device, names, self.there, self.now)
            stored = filter(None, (self.unit.recordings.by_name(device, name) for name in mine))
            rows = Deadlines(self.site).rows_of((), stored, self.now)
            known |= {(row.device, row.name): row.state.counted_from for row in rows}
        return Days(zone, known)

    def _shifts(self, lines: Lines, part: PartFilter) -> Sequence[Shift]:
        """Return the time lines, whole whatever the state; those that show the one that is asked for."""
        state, part = self.asked.state, replace(part, asked=replace(self.asked, state=None))
        parts = lines.parts()
        files = part.of(row for row in lines.rows if row.recording_id is not None)
        some = {name: part.of(mine) for name, mine in parts._asdict().items()}
        drawn = Drawn(files, parts._replace(**some), part.of(_faults(lines)))
        shifts = draw_shifts(self.site, self.unit, drawn, part.ledger, part.days)
        return [one for one in shifts if state is None or _shows(one, state)]

    def _counted(self, report: GapReport) -> GapReport:
        parts: dict[str, Any] = {one.name: getattr(report, one.name) for one in fields(report)[:_PARTS]}
        pack = pack_at(self.site.policies, report.as_of)
        _, cites = pack.duty(Duty.RESPONSIBLE_UNIT)
        counts = count_by_unit(self.unit, {**parts, "unrecorded": report.unrecorded, "partly": report.partly})
        counted = self._owing(report)
        tallies = tally(counted, full_names(self.unit.units.all()))
        told = replace(report, unit_cites=cite_ids(cites), pack=pack, against=self._against(report))
        red, partly = (stored_beside(self.unit, part) for part in (report.unrecorded, report.partly))
        told = replace(told, unrecorded=red, partly=partly)
        return replace(told, by_unit=counts, tallies=tallies, counted=counted)

    def _against(self, report: GapReport) -> Mapping[str, int]:
        standings = report.ledger.told(report.owing)
        statements = {one.exemption.id: one.exemption for one in standings if one.exemption is not None}
        return {id_: len(found) for id_, found in against(self.unit, statements.values()).items()}

    def _owing(self, report: GapReport) -> list[Owing]:
        lines = [one for one in report.owing if report.ledger.of(one) is not None]
        cut = {one.id for one in report.interruptions}
        owing = []
        for one, unit_id in zip(lines, units_of(self.unit, lines, self.placed), strict=True):
            standing: Standing | None = report.ledger.of(one)
            if standing is not None:
                is_cut = isinstance(one, StoredFinding) and one.id in cut
                owing.append(Owing(standing, is_cut, unit_id, one.device, report.days.of(one)))
        for step in report.unrecorded:
            if step.standing is not None:
                day = local_day(self.site.policies, step.line.step.span.end)
                owing.append(Owing(step.standing, False, step.line.step.owner_id, None, day))
        return owing


def _faults(lines: Lines) -> Iterable[StoredFinding]:
    return (one for one in lines.serious if one.body["code"] in FAULTS)


def _shows(shift: Shift, state: GapState) -> bool:
    return any(one.state is state and one.sort is not Sort.RECORDED for one in shift.traces)
