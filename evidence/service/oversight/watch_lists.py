"""The lists behind the tiles of the board: one look of somebody, each list by a question with a bound.

More than `MOST` lines are never fetched but one, which tells that there are more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from evidence.domain.access import Caller, Reach, denial, reach
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import Outcome
from evidence.domain.exports import State
from evidence.domain.people import PersonType
from evidence.domain.rights import Action
from evidence.policy.rules import Label
from evidence.service.cases.case_access import paths_of
from evidence.service.cases.complaints import Complaints
from evidence.service.cases.matrix import CaseCounts, counted
from evidence.service.cases.step_lines import StepLine
from evidence.service.cases.step_ports import Scope
from evidence.service.catalogue import StoredRecording
from evidence.service.court.export_access import decidable
from evidence.service.devices.unchecked import unchecked
from evidence.service.gaps.deadlines import DeadlineRow, Deadlines
from evidence.service.gaps.exemptions import Exemptions
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.gap_access import standing_of_gap
from evidence.service.gaps.reviewing import waiting_for, waiting_since
from evidence.service.gaps.unexplained import Unexplained
from evidence.service.instruments import local_day, pack_at
from evidence.service.listing import Listing
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.sampling import Sampling
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.unlabelled import unlabelled_of
from evidence.service.site import Site

MOST = 500
_KNOWN = frozenset({Label.OFFICER, Label.TIME})  # of every recording
_ASKED = frozenset({Label.CASE_NUMBER, Label.INSPECTED_PARTY})


class Watch(StrEnum):
    """What is watched; in the order of the board."""

    OVERDUE = "overdue"
    DUE_SOON = "due-soon"
    UNEXPLAINED = "unexplained"
    AWAITING = "awaiting"
    SENT_BACK = "sent-back"
    LATE = "late"
    UNLABELLED = "unlabelled"
    UNCHECKED = "unchecked"
    DENIED = "denied"
    NOTICES = "notices"
    COMPLAINTS = "complaints"
    FAULTS = "faults"
    EXEMPTIONS = "exemptions"
    SAMPLES = "samples"
    EXPORTS = "exports"


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


@dataclass(frozen=True)
class Look:
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
            Watch.UNEXPLAINED: self._unexplained,
            Watch.AWAITING: self._awaiting,
            Watch.SENT_BACK: self._sent_back,
            Watch.LATE: self._late,
            Watch.UNLABELLED: self._unlabelled,
            Watch.UNCHECKED: self._unchecked,
            Watch.DENIED: self._denied,
            Watch.NOTICES: self._notices,
            Watch.COMPLAINTS: self._complaints,
            Watch.FAULTS: self._faults,
            Watch.EXEMPTIONS: self._exemptions,
            Watch.SAMPLES: self._samples,
            Watch.EXPORTS: self._exports,
        }
        return makers[watch]()

    def moments(self, watch: Watch) -> Sequence[datetime | None]:
        """Return the moments of these lines, and read no more of them than that takes."""
        if watch is Watch.LATE:
            return [at for _, at in self._late_ones()]
        if watch is Watch.UNEXPLAINED:
            return self._unexplained_since()
        if watch is Watch.AWAITING:
            return waiting_since(self.site, self.unit, self.caller, self.now)
        if watch is Watch.UNLABELLED and self._are_sure:
            return [at for _, at in self._bare_ones()]
        return [one.at for one in self.lines(watch)]

    def _reach(self, action: Action) -> Reach:
        return reach(self.caller, action, self.site.bars())

    def _missing(self, kind: DeadlineKind) -> Sequence[Line]:
        return [
            Line(
                id_,
                row.state.due_at,
                row.device,
                row.wearer,
                row.name,
                detail={"late_by": row.state.late_by, "counted_from": row.counted_from},
            )
            for id_, row in self._awaited
            if row.state.kind is kind
        ]

    @cached_property
    def _awaited(self) -> Sequence[tuple[str, DeadlineRow]]:
        """What was announced and is not stored, the most urgent first; two tiles are made of it."""
        files = self.unit.overseen.waiting(self._reach(Action.READ_DEADLINES), self.now, MOST + 1)
        ids = {(one.origin.device, one.origin.name): one.id for one in files}
        rows = Deadlines(self.site).rows_of(files, (), self.now)
        return [(ids[row.device, row.name], row) for row in rows]

    @cached_property
    def cases(self) -> Sequence[CaseCounts]:
        """The cases of which a step ends within the days that are looked at."""
        scope = Scope(paths_of(self.caller, Action.READ_CASE_FILES), since=self.since)
        return counted(self.site, self.unit, scope, self.now)

    def _unexplained(self) -> Sequence[Line]:
        desk, missing, red = self._owed
        found = [*desk.files(self.since, missing, MOST + 1), *desk.steps(red)]
        return [
            Line(one.gap, one.at, one.device, one.wearer, one.name, one.recording_id, {"code": one.code})
            for one in sorted(found, key=lambda one: (one.at, one.gap))[: MOST + 1]
        ]

    def _unexplained_since(self) -> Sequence[datetime]:
        desk, missing, red = self._owed
        found = [*desk.moments(self.since, missing, MOST + 1), *(one.at for one in desk.steps(red))]
        return sorted(found)[: MOST + 1]

    @property
    def _owed(self) -> tuple[Unexplained, Sequence[DeadlineRow], Sequence[tuple[StoredCase, StepLine]]]:
        """Who looks for what nobody has explained; the files that never came, and the red steps."""
        desk = Unexplained(self.site, self.unit, self._reach(Action.READ_GAPS), self.now)
        overdue = [row for _, row in self._awaited if row.state.kind is DeadlineKind.OVERDUE]
        red = [(case.case, step) for case in self.cases for step in case.red if step.due >= self.since]
        return desk, [row for row in overdue if row.state.due_at >= self.since], red

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
        ids = [id_ for id_, _ in self._late_ones()]
        stored = self.unit.recordings.listed(ids)
        rows = Deadlines(self.site).rows_of((), stored.values(), self.now)
        late_by = {row.recording_id: row.state.late_by for row in rows}
        return [_sealed(stored[id_], late_by=late_by[id_]) for id_ in ids]

    def _late_ones(self) -> Sequence[tuple[str, datetime]]:
        there = self._reach(Action.READ_DEADLINES)
        return self.unit.overseen.late(there, self.now, self.since, MOST + 1)

    @property
    def _are_sure(self) -> bool:
        """Whether every version of the pack asks for the two labels that are searched by: then what is found
        without them lacks them by the rule, too (a test holds both against each other)."""
        return all(frozenset(pack.labels.labels) - _KNOWN == _ASKED for pack in self.site.policies.packs)

    def _bare_ones(self) -> Sequence[tuple[str, datetime]]:
        packs = [pack_at(self.site.policies, one) for one in (self.since, self.now)]
        names = {name for pack in packs for name in pack.labels.labels} - _KNOWN
        there, today = self._reach(Action.READ_GAPS), local_day(self.site.policies, self.now)
        return self.unit.overseen.bare(names, there, self.now, self.since, today, MOST + 1)

    def _unlabelled(self) -> Sequence[Line]:
        ids = [id_ for id_, _ in self._bare_ones()]
        stored = self.unit.recordings.listed(ids)
        found = unlabelled_of(self.site.policies, [stored[id_] for id_ in ids], self.now)
        return [_sealed(one.stored, missing=one.missing, due=one.lacks.due) for one in found if one.missing]

    def _unchecked(self) -> Sequence[Line]:
        lines = []
        for one in unchecked(self.site, self.unit, self.caller, self.now, MOST + 1):
            said = {"state": one.state.value, "faults": tuple(it.value for it in one.faults)}
            lines.append(Line(one.device.id, one.at, one.device.serial, one.holder, detail=said))
        return lines

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

    def _exemptions(self) -> Sequence[Line]:
        found = Exemptions(self.site).waiting(self.unit, self.caller, MOST + 1)
        return [Line(it.id, it.at, wearer=who.number, detail={"ground": it.ground}) for who, it in found]

    def _samples(self) -> Sequence[Line]:
        owed = [one for one in Sampling(self.site).within(self.unit, self.caller) if one.is_owed]
        names = full_names(self.unit.units.all()) if owed else {}
        lines = []
        for one in reversed(owed):
            drawn = one.sample.drawn
            at, left = (None, 0) if drawn is None else (drawn.at, drawn.quota - one.reviewed)
            lines.append(Line(one.sample.id, at, name=names.get(one.sample.unit_id), detail={"owed": left}))
        return lines

    def _exports(self) -> Sequence[Line]:
        of, not_by = decidable(self.unit, self.site, self.caller), self.caller.id
        found = self.unit.exports.page(of, State.ASKED, not_by, "", MOST + 1, Listing("number"))
        return [Line(one.id, one.asked_at, name=one.number) for one in found]


def _sealed(stored: StoredRecording, **detail: object) -> Line:
    recording, origin = stored.recording, stored.recording.origin
    place = (origin.device, origin.wearer, origin.name, recording.id)
    return Line(recording.id, recording.sealed_at, *place, detail=detail)
