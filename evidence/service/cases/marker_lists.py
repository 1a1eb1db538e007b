"""Which check-points are there and which are missing, of a recording, of a case, within reach. Read only.

1. What a stage of enforcement (执法环节) must have is the pack's rule, in force at capture; recordings of one
   activity share their check-points: the notice is given once, not in each file.
2. Where recording began anew after an interruption, the cause is spoken. A check-point says so; so does an
   explanation that points at seconds, or a report in writing (explanations.py). Which restarts have none of
   these is told, and what a detector heard there.
3. Of a recording whose stage nobody has said nobody can tell what it must have: it is listed apart.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from evidence.domain.access import Caller, Reach, may_in, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text
from evidence.domain.labels import values_of
from evidence.domain.markers import (
    Activity,
    Marker,
    MarkerState,
    Need,
    Restart,
    Shown,
    activities,
    need_of,
)
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.subjects import finding_subject
from evidence.errors import NotFound
from evidence.policy.check_points import CheckPoint, MarkerKind, check_point_of, check_points_of
from evidence.policy.rules import Label, Pack, cite_ids
from evidence.service.catalogue import StoredFinding, StoredRecording
from evidence.service.examining.restarts import interruptions, restarts_of
from evidence.service.gaps.gap_lines import Ledger, Lines, Standing, ledger_of
from evidence.service.gate import admits
from evidence.service.instruments import pack_at_capture
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class NeededMarker:
    """A check-point that a recording's activity must have. together: the recordings of the activity, as far
    as the caller may know of them.
    """

    stored: StoredRecording
    rule: CheckPoint
    need: Need
    together: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestartLine:
    """A restart, and what says why recording was interrupted before it.

    said: "check-point", "explanation", "report", "exemption", "fault"; None where nothing does. heard: what
    the detector found there. gap: its name in the gap report, where the caller may know of it.
    """

    stored: StoredRecording
    at_ms: int
    need: Need
    said: str | None
    heard: str
    gap: str | None
    state: GapState | None
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckList:
    """What must be there of some recordings. unsaid: those of which nobody has said the stage."""

    needed: Sequence[NeededMarker]
    restarts: Sequence[RestartLine]
    unsaid: Sequence[StoredRecording]

    def missing(self) -> CheckList:
        """Return what is not there."""
        return CheckList(
            [one for one in self.needed if one.need is not Need.PINNED],
            [one for one in self.restarts if one.said is None],
            self.unsaid,
        )


@dataclass(frozen=True)
class MarkerLists:
    """The desk for what must be there."""

    site: Site

    @admits(Action.READ_GAPS)
    def of_recording(self, caller: Caller, recording_id: str) -> CheckList:
        """Return what one recording must have; the look is logged. Raises: NotFound."""
        stored = admit_to_recording(self.site, caller, Action.READ_GAPS, recording_id)
        return self._listed(caller, [stored], (("recording", recording_id),))

    @admits(Action.READ_GAPS)
    def missing(self, caller: Caller) -> CheckList:
        """Return what the recordings within reach lack; the look is logged."""
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.reading() as unit:
            recordings = list(unit.recordings.all(reach=there, at=now))
        return self._listed(caller, recordings, ()).missing()

    @admits(Action.READ_CASE_FILES)
    def of_case(self, caller: Caller, case_id: str) -> CheckList:
        """Return what the recordings of a case must have, those within reach; the look is logged.

        Raises: NotFound("case-not-found").
        """
        now, there = self.site.clock.now(), reach(caller, Action.READ_GAPS, self.site.bars())
        with (
            tries_logged(self.site, caller, Action.READ_CASE_FILES, ("case", case_id)),
            self.site.database.reading() as unit,
        ):
            case = unit.cases.get(case_id) if is_id(case_id) else None
            if case is None:
                raise NotFound("case-not-found", case=case_id)
            if not may_in(caller, Action.READ_CASE_FILES, case.path, self.site.bars()):
                raise OutOfSight("case-not-found", case=case_id)
            ids = unit.cases.belonging(case_id)
            standings, known = unit.standings.some(ids, now), unit.recordings.some(ids)
            recordings = [known[one] for one in ids if there.covers(standings[one])]
        return self._listed(caller, recordings, (("case", case_id),))

    def _listed(
        self, caller: Caller, recordings: Sequence[StoredRecording], about: tuple[tuple[str, str], ...]
    ) -> CheckList:
        there, now = reach(caller, Action.READ_GAPS, self.site.bars()), self.site.clock.now()
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, about, facts={"list": "missing-markers"})
            unit.log.append(entry, now)
        with self.site.database.reading() as unit:
            return _Book(self.site, unit, recordings, there, now).list()


@dataclass(frozen=True)
class _Book:
    """Looks all of it up for some recordings, and for those beside them on the same recorders."""

    site: Site
    unit: UnitOfWork
    asked: Sequence[StoredRecording]
    there: Reach
    now: datetime

    def list(self) -> CheckList:
        needed, unsaid = list[NeededMarker](), list[StoredRecording]()
        for stored in self.asked:
            stage = _stage(stored)
            rules = check_points_of(*self._packs(stored))
            if stage is None:
                unsaid += [stored] if any(one.stages for one in rules) else []
                continue
            needed += [self._needed(stored, one) for one in rules if stage in one.stages]
        lines = [line for stored in self.asked for line in self._restarts_in(stored)]
        return CheckList(needed, lines, unsaid)

    def _needed(self, stored: StoredRecording, rule: CheckPoint) -> NeededMarker:
        together = self._activities[stored.recording.id].ids
        markers = [one for other in together for one in self._markers[other]]
        seen = tuple(one for one in together if one in self._seen)
        return NeededMarker(stored, rule, need_of(rule.kind, markers), seen)

    def _restarts_in(self, stored: StoredRecording) -> Iterable[RestartLine]:
        rule = check_point_of(MarkerKind.SPOKEN_EXPLANATION, *self._packs(stored))
        row = self._restarts.get(stored.recording.id, ()) if rule is not None else ()
        for number, one in enumerate(row):
            until = row[number + 1].at_ms if number + 1 < len(row) else None
            yield self._restart(stored, one, until, () if rule is None else cite_ids(rule.cites))

    def _restart(
        self, stored: StoredRecording, one: Restart, until: int | None, cites: tuple[str, ...]
    ) -> RestartLine:
        here = [marker for marker in self._markers[one.recording_id] if marker.is_after(one.at_ms, until)]
        need = need_of(MarkerKind.SPOKEN_EXPLANATION, here)
        finding = self._found[one.finding_id]
        standing = self._ledger.of(finding)
        said = "check-point" if need is Need.PINNED else self._said(standing)
        known = standing if standing is not None and finding.recording_id in self._seen else None
        return RestartLine(
            stored,
            one.at_ms,
            need,
            said,
            self._heard.get(stored.recording.id, {}).get(
                heard_key(MarkerKind.SPOKEN_EXPLANATION, one.at_ms), WAITING
            ),
            None if known is None else known.name,
            None if known is None else known.state,
            cites,
        )

    def _said(self, standing: Standing | None) -> str | None:
        """Return what an explanation says; nothing where it is sent back, or rests on what is taken back."""
        if standing is None or standing.state in TO_DO:
            return None
        if standing.state is GapState.EXEMPT:
            return "exemption"
        if standing.state in (GapState.FAULT_OPEN, GapState.FAULT):
            return "fault"
        last = standing.history[-1]
        spoken = last.spoken
        if spoken is not None and spoken.marker_id is not None:
            marker = self.unit.markers.get(spoken.marker_id)
            spoken = spoken if marker is not None and marker.state is MarkerState.PINNED else None
        if spoken is not None:
            return "explanation"
        return "report" if last.text is not None else None

    def _packs(self, stored: StoredRecording) -> tuple[Pack, Pack]:
        ended, seen = stored.ended_at, stored.first_seen_at
        return (
            pack_at_capture(self.site.policies, ended, seen),
            pack_at_capture(self.site.strictest, ended, seen),
        )

    @cached_property
    def _beside(self) -> Sequence[StoredRecording]:
        devices = sorted({one.recording.origin.device for one in self.asked})
        return [one for device in devices for one in self.unit.recordings.all(device)]

    @cached_property
    def _activities(self) -> Mapping[str, Activity]:
        ids = [one.recording.id for one in self._beside]
        times = self.unit.examinations.facts_of(ids, "sequence")
        shown = [_shown(one, times.get(one.recording.id)) for one in self._beside]
        same = self.site.policies.latest.continuity.same_activity
        return {id_: one for one in activities(shown, same) for id_ in one.ids}

    @cached_property
    def _markers(self) -> Mapping[str, Sequence[Marker]]:
        return self.unit.markers.of([one.recording.id for one in self._beside])

    @cached_property
    def _found(self) -> Mapping[str, StoredFinding]:
        return {one.id: one for one in interruptions(self.unit, [one.recording.id for one in self._beside])}

    @cached_property
    def _restarts(self) -> Mapping[str, Sequence[Restart]]:
        return restarts_of(self.site, self.unit, list(self._found.values()))

    @cached_property
    def _ledger(self) -> Ledger:
        found = list(self._found.values())
        subjects = {one.id: finding_subject(one.device, one.body) for one in found}
        return ledger_of(self.site, self.unit, Lines((), found, found, subjects, self._beside, ()), self.now)

    @cached_property
    def _heard(self) -> Mapping[str, Mapping[str, str]]:
        facts = self.unit.examinations.facts_of([one.recording.id for one in self.asked], "listen")
        return {id_: json.loads(text)["heard"] for id_, text in facts.items()}

    @cached_property
    def _seen(self) -> Collection[str]:
        ids = [one.recording.id for one in self._beside]
        standings = self.unit.standings.some(ids, self.now)
        return {id_ for id_ in ids if self.there.covers(standings[id_])}


def heard_key(kind: MarkerKind, at_ms: int) -> str:
    """Return under which key the facts of listening hold what was heard at a place."""
    return f"{kind.value}@{at_ms}"


def _stage(stored: StoredRecording) -> str | None:
    return values_of(stored.labels).get(Label.STAGE)


def _shown(stored: StoredRecording, times: str | None) -> Shown:
    said = {} if times is None else json.loads(times)
    start, end = said.get("start"), said.get("end")
    span = Span(from_text(start), from_text(end)) if start and end and start <= end else None
    origin = stored.recording.origin
    return Shown(stored.recording.id, origin.device, origin.wearer, span)
