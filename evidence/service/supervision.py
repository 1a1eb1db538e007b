"""What a supervisor must see at once: what is missing, late or unexplained, how much of it, and since when.

Each tile counts what its list shows, by the same question, and each question has a bound: a board over a
million recordings costs what one over a thousand does. More than `MOST` of a kind is said as such. What lies
further back than the days that are looked at stands in the gap report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.domain.access import Caller, Reach, denial, may_in, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.devices import DeviceState, state_of
from evidence.domain.explanations import Outcome
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import Action
from evidence.domain.steps import StepState
from evidence.policy.rules import Label
from evidence.service.case_access import paths_of
from evidence.service.catalogue import StoredRecording
from evidence.service.complaints import Complaints
from evidence.service.deadlines import Deadlines
from evidence.service.denials import Denials
from evidence.service.device_reports import DeviceReports
from evidence.service.fault_files import FaultFiles
from evidence.service.gap_access import standing_of_gap
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.matrix import counted
from evidence.service.ports import UnitOfWork
from evidence.service.reviewing import waiting_for
from evidence.service.sampling import Sampling
from evidence.service.site import Site
from evidence.service.step_ports import Scope
from evidence.service.units import full_names
from evidence.service.unlabelled import unlabelled_of

MOST = 500
USUAL_DAYS = 7


class Watch(StrEnum):
    """What is watched; in the order of the board."""

    OVERDUE = "overdue"
    DUE_SOON = "due-soon"
    AWAITING = "awaiting"
    SENT_BACK = "sent-back"
    LATE = "late"
    UNLABELLED = "unlabelled"
    UNCHECKED = "unchecked"
    DENIED = "denied"
    NOTICES = "notices"
    COMPLAINTS = "complaints"
    FAULTS = "faults"
    SAMPLES = "samples"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is watched. at: since when it waits, or until when it may; None: never. detail: what
    else a list says of it."""

    id: str
    at: datetime | None
    device: str | None = None
    wearer: str | None = None
    name: str | None = None
    recording_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tile:
    """How many lines there are, `MOST` at most, and the moment of the first."""

    watch: Watch
    count: int
    is_more: bool
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """All tiles; and how many steps of cases of these days are in each state."""

    tiles: Sequence[Tile]
    matrix: Mapping[StepState, int]


@dataclass(frozen=True)
class Supervision:
    """The desk of who supervises."""

    site: Site

    @admits(Action.REVIEW_GAPS)
    def board(self, caller: Caller, days: int = USUAL_DAYS) -> Board:
        """Return what waits within the caller's reach; the look is logged."""
        now = self._log(caller, "board")
        since = now - timedelta(days=days)
        with self.site.database.reading() as unit:
            look = _Look(self.site, unit, caller, since, now)
            tiles = [_tile(one, look.lines(one)) for one in Watch]
            scope = Scope(paths_of(caller, Action.READ_CASE_FILES), since=since)
            states = Counter[StepState]()
            for case in counted(self.site, unit, scope, now):
                states.update(case.counts)
        return Board(tiles, {state: states[state] for state in StepState})

    @admits(Action.REVIEW_GAPS)
    def lines(self, caller: Caller, watch: Watch, days: int = USUAL_DAYS) -> Sequence[Line]:
        """Return the list of a tile, oldest first, with one more than `MOST` where there are more; the look
        is logged."""
        now = self._log(caller, watch.value)
        with self.site.database.reading() as unit:
            return _Look(self.site, unit, caller, now - timedelta(days=days), now).lines(watch)

    def _log(self, caller: Caller, what: str) -> datetime:
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), now)
        return now


@dataclass(frozen=True)
class _Look:
    """One look of somebody, in one transaction that sees one moment."""

    site: Site
    unit: UnitOfWork
    caller: Caller
    since: datetime
    now: datetime

    def lines(self, watch: Watch) -> Sequence[Line]:
        """Return what is watched."""
        makers: Mapping[Watch, Callable[[], Sequence[Line]]] = {
            Watch.OVERDUE: lambda: self._missing(DeadlineKind.OVERDUE),
            Watch.DUE_SOON: lambda: self._missing(DeadlineKind.DUE_SOON),
            Watch.AWAITING: self._awaiting,
            Watch.SENT_BACK: self._sent_back,
            Watch.LATE: self._late,
            Watch.UNLABELLED: self._unlabelled,
            Watch.UNCHECKED: self._unchecked,
            Watch.DENIED: self._denied,
            Watch.NOTICES: self._notices,
            Watch.COMPLAINTS: self._complaints,
            Watch.FAULTS: self._faults,
            Watch.SAMPLES: self._samples,
        }
        return makers[watch]()

    def _reach(self, action: Action) -> Reach:
        return reach(self.caller, action, self.site.bars())

    def _missing(self, kind: DeadlineKind) -> Sequence[Line]:
        files = self.unit.overseen.waiting(self._reach(Action.READ_DEADLINES), self.now, MOST + 1)
        ids = {(one.origin.device, one.origin.name): one.id for one in files}
        return [
            Line(
                ids[row.device, row.name],
                row.state.due_at,
                row.device,
                row.wearer,
                row.name,
                detail={"late_by": row.state.late_by, "counted_from": row.counted_from},
            )
            for row in Deadlines(self.site).rows_of(files, (), self.now)
            if row.state.kind is kind
        ]

    def _awaiting(self) -> Sequence[Line]:
        waiting = waiting_for(self.site, self.unit, self.caller, self.now)
        return [Line(one.explanation.id, one.explanation.at) for one in waiting]

    def _sent_back(self) -> Sequence[Line]:
        there, bars = self._reach(Action.READ_GAPS), self.site.bars()
        lines = []
        for gap, last in self.unit.overseen.explained(Outcome.SENT_BACK, there, self.now, MOST + 1):
            stands = standing_of_gap(self.unit, gap, self.now) if gap.recording_id is None else None
            if stands is None or denial(self.caller, Action.READ_GAPS, stands, bars) is None:
                said = {"reason": last.reason, "code": gap.code, "gap": gap.subject.name}
                place = (gap.device, gap.wearer, gap.file, gap.recording_id)
                lines.append(Line(last.id, last.reviewed_at, *place, detail=said))
        return lines

    def _late(self) -> Sequence[Line]:
        there = self._reach(Action.READ_DEADLINES)
        ids = self.unit.overseen.late(there, self.now, self.since, MOST + 1)
        stored = self.unit.recordings.some(ids)
        rows = Deadlines(self.site).rows_of((), stored.values(), self.now)
        late_by = {row.recording_id: row.state.late_by for row in rows}
        return [_sealed(stored[id_], late_by=late_by[id_]) for id_ in ids]

    def _unlabelled(self) -> Sequence[Line]:
        packs = [pack_at(self.site.policies, one) for one in (self.since, self.now)]
        names = {name for pack in packs for name in pack.labels.labels} - {Label.OFFICER, Label.TIME}
        there = self._reach(Action.READ_GAPS)
        ids = self.unit.overseen.bare(names, there, self.now, self.since, MOST + 1)
        stored = self.unit.recordings.some(ids)
        found = unlabelled_of(self.site.policies, [stored[id_] for id_ in ids], self.now)
        return [_sealed(one.stored, missing=one.missing, due=one.lacks.due) for one in found if one.missing]

    def _unchecked(self) -> Sequence[Line]:
        """Return the devices in use without a check that is young and in order, those never checked first."""
        rows, reports, bars = self.unit.devices, DeviceReports(self.site), self.site.bars()
        paths = {one.id: one.path for one in self.unit.units.all()}
        checks, issues, services = rows.last_checks(), rows.open_issues(), rows.open_services()
        lines = []
        for one in rows.all():
            check, issue = checks.get(one.id), issues.get(one.id)
            state = state_of(one, issue, services.get(one.id))
            is_checked, faults = reports.order(check, self.now)
            is_mine = may_in(self.caller, Action.READ_DEVICES, paths.get(one.unit_id, WHOLE), bars)
            if is_mine and not is_checked and state in (DeviceState.IN_STOCK, DeviceState.ISSUED):
                holder = None if issue is None else self.unit.people.get(issue.person_id)
                said = {"state": state.value, "faults": tuple(it.value for it in faults)}
                at = None if check is None else check.at
                number = None if holder is None else holder.number
                lines.append(Line(one.id, at, one.serial, number, detail=said))
        return sorted(lines, key=lambda line: (line.at is not None, line.at or self.now, line.device or ""))

    def _denied(self) -> Sequence[Line]:
        tried = Denials(self.site).tried(self.unit, self.caller, self.since, self.now, MOST + 1)
        return [
            Line(
                f"{one.at.isoformat()}-{place}",
                one.at,
                wearer=person.number,
                recording_id=one.recording_id,
                detail={"action": one.action, "why": one.why, "cites": one.cites},
            )
            for place, (person, one) in enumerate(tried)
            if person is not None and person.type is PersonType.AUXILIARY
        ]

    def _notices(self) -> Sequence[Line]:
        told = Denials(self.site).told(self.unit, self.caller, self.since, MOST + 1)
        numbers = {one.id: one.number for one in self.unit.people.all()} if told else {}
        return [
            Line(
                one.id,
                one.at,
                wearer=numbers.get(one.person_id or ""),
                recording_id=one.recording_id,
                detail={"kind": one.kind.value},
            )
            for one in reversed(told)
        ]

    def _complaints(self) -> Sequence[Line]:
        found = Complaints(self.site).within(self.unit, self.caller, is_open=True)
        return [
            Line(
                one.complaint.id,
                one.complaint.taken_at,
                name=one.complaint.number,
                detail={"state": one.clock.state.value, "due": one.clock.due},
            )
            for one in found
        ]

    def _faults(self) -> Sequence[Line]:
        found = FaultFiles(self.site).within(self.unit, self.caller, waiting=True)
        return [Line(one.id, one.opened_at, detail={"kind": one.kind}) for one in reversed(found)]

    def _samples(self) -> Sequence[Line]:
        owed = [one for one in Sampling(self.site).within(self.unit, self.caller) if one.is_owed]
        names = full_names(self.unit.units.all()) if owed else {}
        return [
            Line(
                one.sample.id,
                None if one.sample.drawn is None else one.sample.drawn.at,
                name=names.get(one.sample.unit_id),
                detail={
                    "owed": 0 if one.sample.drawn is None else one.sample.drawn.quota - one.reviewed,
                },
            )
            for one in reversed(owed)
        ]


def _sealed(stored: StoredRecording, **detail: object) -> Line:
    recording, origin = stored.recording, stored.recording.origin
    place = (origin.device, origin.wearer, origin.name, recording.id)
    return Line(recording.id, recording.sealed_at, *place, detail=detail)


def _tile(watch: Watch, lines: Sequence[Line]) -> Tile:
    oldest = next((one.at for one in lines if one.at is not None), None)
    return Tile(watch, min(len(lines), MOST), len(lines) > MOST, oldest)
