"""The lines of the gap report that must be explained, and how far each is: the ledger behind the report.

A line's subject comes from the finding as it was made, before names out of the reader's reach are left out
(neighbours.py): everybody gets the same name for the same thing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from evidence.domain.access import Reach
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import TO_DO, Exemption, Explanation, GapState, state_of
from evidence.domain.findings import FAULTS, Code, Severity
from evidence.domain.instants import from_text
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.subjects import Subject, finding_subject, late_subject, missing_subject, recognise
from evidence.service.catalogue import AnnouncedFile, Section, StoredFinding, StoredRecording
from evidence.service.examining.faults import findings_of
from evidence.service.examining.neighbours import without_strangers
from evidence.service.examining.restarts import begins_of
from evidence.service.gaps.deadlines import DeadlineRow, Deadlines
from evidence.service.instruments import pack_at
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

Line = DeadlineRow | StoredFinding
# What is missing from the time line: the codes a gap report is made of.
INTERRUPTIONS = frozenset(
    {
        Code.GAP_BETWEEN_FILES,
        Code.GAP_IN_FILE,
        Code.AUDIO_GAP,
        Code.MISSING_SEQUENCE_NUMBER,
        Code.TRUNCATED,
        Code.UNREADABLE,
        Code.EMPTY_FILE,
    }
)
_OWN_PART = INTERRUPTIONS | FAULTS | {Code.LATE}  # all others are to be explained
_MISSING = frozenset({DeadlineKind.PENDING, DeadlineKind.DUE_SOON, DeadlineKind.OVERDUE})


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a line is. name: the stable one. last: the latest explanation; history: all, oldest first."""

    name: str
    state: GapState
    wearer: str | None
    lost_ms: int | None  # of an interruption, where that is known
    history: tuple[Explanation, ...] = ()
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many lines are in a state, and how much time their interruptions took; unknown: of how many nobody
    can say how much.
    """

    state: GapState
    count: int
    lost: timedelta
    unknown: int


class Parts(NamedTuple):
    """What must be explained, by the part of the report."""

    missing: Sequence[DeadlineRow]
    late: Sequence[DeadlineRow]
    interruptions: Sequence[StoredFinding]
    to_explain: Sequence[StoredFinding]


@dataclass(frozen=True)
class Lines:
    """What is wrong within a reach. serious: findings above "info", gravest first; subjects: by finding;
    recordings, outstanding: what was looked at."""

    rows: Sequence[DeadlineRow]
    found: Sequence[StoredFinding]
    serious: Sequence[StoredFinding]
    subjects: Mapping[str, Subject]
    recordings: Sequence[StoredRecording]
    outstanding: Sequence[AnnouncedFile]
    _of_rows: dict[DeadlineRow, Subject] = field(default_factory=dict)  # each is asked for again and again

    def parts(self) -> Parts:
        """Return what must be explained."""
        others = (one for one in self.serious if one.body["code"] not in _OWN_PART)
        return Parts(
            missing=[row for row in self.rows if row.state.kind in _MISSING],
            late=[row for row in self.rows if row.state.kind is DeadlineKind.LATE],
            interruptions=list(self._interruptions()),
            to_explain=[one for one in others if one.scope_kind != "announced" or _is_gone(one)],
        )

    def subject(self, one: Line) -> Subject:
        """Return what a line says must be explained."""
        if isinstance(one, StoredFinding):
            return self.subjects[one.id]
        if one not in self._of_rows:
            self._of_rows[one] = _subject_of(one)
        return self._of_rows[one]

    def _interruptions(self) -> Iterator[StoredFinding]:
        """Yield what is missing from the time line, each loss once: that a file which was cut off has no time
        line to read is no second one."""
        cut = {(one.device, one.body["file"]) for one in self.serious if one.body["code"] == Code.TRUNCATED}
        for one in self.serious:
            told = one.body["code"] == Code.UNREADABLE and (one.device, one.body["file"]) in cut
            if one.body["code"] in INTERRUPTIONS and not told:
                yield one


def _subject_of(one: DeadlineRow) -> Subject:
    if one.state.late_by is None or one.recording_id is None:
        return missing_subject(one.device, one.name)
    return late_subject(one.device, one.name, one.state.late_by)


def lines_within(
    site: Site,
    unit: UnitOfWork,
    there: Reach,
    now: datetime,
    as_of: datetime | None = None,
    section: Section = Section(),  # noqa: B008 (frozen)
    recordings: Sequence[StoredRecording] | None = None,
) -> Lines:
    """Return what is wrong within a reach now, as deadlines stood at `as_of`. section: of which files;
    findings that belong to none are there in any case. recordings: of the section, where somebody has looked
    them up to count; faults of before are left out then."""
    of = unit.examinations.of_recordings
    if recordings is None:
        recordings, of = (
            list(unit.recordings.all(reach=there, at=now, section=section)),
            partial(findings_of, unit),
        )
    raw = [*of([one.recording.id for one in recordings]), *unit.examinations.of_none(there, now)]
    missing = unit.cards.outstanding(reach=there, at=now, section=section)
    told = without_strangers(unit, raw, there, now)
    wearers = _wearers_of(unit, filter(_is_gone, told), there, now)
    found = [
        replace(one, wearer=wearers.get((one.device, str(one.body["file"])))) if _is_gone(one) else one
        for one in told
    ]
    serious = sorted((one for one in found if one.body["severity"] != Severity.INFO), key=gravest_first)
    subjects = {
        one.id: finding_subject(one.device, one.body) for one in raw if one.body["severity"] != Severity.INFO
    }
    rows = [
        row
        for row in Deadlines(site).rows_of(missing, recordings, as_of or now)
        if row.recording_id is not None
        or section.holds(row.device, row.wearer, row.name, row.state.counted_from)
    ]
    return Lines(rows, found, serious, subjects, recordings, missing)


def _wearers_of(
    unit: UnitOfWork, gone: Iterable[StoredFinding], there: Reach, now: datetime
) -> Mapping[tuple[str, str], str]:
    """Return by recorder and name whose the files were that are not on their card any more."""
    devices = sorted({one.device for one in gone})
    files = (one for device in devices for one in unit.cards.outstanding(reach=there, at=now, device=device))
    return {(one.origin.device, one.origin.name): one.origin.wearer for one in files}


def _is_gone(one: StoredFinding) -> bool:
    """Tell whether it is about a file that was announced, and is not on the card any more."""
    return one.scope_kind == "announced" and one.body["code"] == Code.CARD_INCOMPLETE


def gravest_first(one: StoredFinding) -> tuple[int, str, float, str]:
    """Order findings: breaches first, then by file and place in time."""
    gravity = list(Severity).index(Severity(str(one.body["severity"])))
    start = one.body["start_s"]
    place = float(start) if isinstance(start, int | float) else -1.0
    return -gravity, str(one.body["file"]), place, str(one.body["code"])


@dataclass(frozen=True)
class Ledger:
    """How far each line of some lines is."""

    lines: Lines
    standings: Mapping[str, Standing]  # by the name of what was found, which drifts with examinations

    def of(self, one: object) -> Standing | None:
        """Return how far a line is; None for one of which no explanation is asked."""
        if not isinstance(one, DeadlineRow | StoredFinding):
            return None
        return self.standings.get(self.lines.subject(one).name)

    def told(self, lines: Iterable[object]) -> list[Standing]:
        """Return how far those lines are of which an explanation is asked."""
        return [standing for one in lines if (standing := self.of(one)) is not None]


def ledger_of(site: Site, unit: UnitOfWork, lines: Lines, now: datetime) -> Ledger:
    """Look up how far each line is."""
    parts = lines.parts()
    everything: list[Line] = [one for part in parts for one in part if _is_owed(one)]
    subjects = [lines.subject(one) for one in everything]
    known = [one.subject for one in unit.explanations.of_kinds({one.kind for one in subjects})]
    same = recognise(subjects, known, pack_at(site.policies, now).continuity.tolerance)
    histories = unit.explanations.of({one.name for one in same.values()})
    recordings = {one.recording.id: one for one in lines.recordings}
    exempt = _exempt(site, unit, parts.interruptions, now)
    interrupted = {lines.subject(one).name for one in parts.interruptions}
    gone = {(one.device, one.body["file"]) for one in parts.to_explain if _is_gone(one)}
    standings = {}
    for one, subject in zip(everything, subjects, strict=True):
        name = same.get(subject.name, subject).name
        history = tuple(histories.get(name, ()))
        if not history and isinstance(one, DeadlineRow) and (one.device, one.name) in gone:
            continue  # that it is gone is asked about, once
        exemption = exempt.get(one.id) if isinstance(one, StoredFinding) else None
        lost_ms = subject.place.length_ms if subject.name in interrupted else None
        wearer = _wearer(one, recordings)
        state = state_of(history, exemption is not None, wearer)
        standings[subject.name] = Standing(name, state, wearer, lost_ms, history, exemption)
    return Ledger(lines, standings)


def _is_owed(one: Line) -> bool:
    """Tell whether an explanation is asked: not of a file that may still come in time."""
    return not isinstance(one, DeadlineRow) or one.state.kind in (DeadlineKind.LATE, DeadlineKind.OVERDUE)


def _wearer(one: Line, recordings: Mapping[str, StoredRecording]) -> str | None:
    if isinstance(one, DeadlineRow):
        return one.wearer
    stored = recordings.get(one.recording_id or "")
    return one.wearer if stored is None else stored.recording.origin.wearer


def _exempt(
    site: Site, unit: UnitOfWork, lines: Iterable[StoredFinding], now: datetime
) -> Mapping[str, Exemption]:
    """Return by finding the exemption that covers its time, where a head has received one and agreed."""
    agreed = [one for one in unit.exemptions.all() if one.agrees]
    if not agreed:
        return {}
    found = [one for one in lines if one.recording_id]
    standings = unit.standings.some({str(one.recording_id) for one in found}, now)
    people = {one.person_id for one in agreed}
    exempt = {}
    for one in found:
        wearer = standings[str(one.recording_id)].person_id
        if wearer in people:
            span = _span(site, unit, one)
            covering = next((statement for statement in agreed if statement.covers(wearer, span)), None)
            if covering is not None:
                exempt[one.id] = covering
    return exempt


def _span(site: Site, unit: UnitOfWork, one: StoredFinding) -> Span | None:
    """Return when an interruption was, by the corrected clock; None where no clock says so for certain."""
    facts = unit.examinations.facts("recording", str(one.recording_id), "sequence")
    times = {} if facts is None else json.loads(facts)
    start, end = one.body["start_s"], one.body["end_s"]
    if not times.get("certain") or not times.get("start"):
        return None
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        return None
    begins = begins_of(site, unit, [str(one.recording_id)]).get(str(one.recording_id), 0)
    began = from_text(times["start"]) - timedelta(milliseconds=begins)
    return Span(began + timedelta(seconds=start), began + timedelta(seconds=end))


def count_states(standings: Collection[Standing], interruptions: Collection[Standing]) -> list[StateCount]:
    """Return for each state how many lines there are; and how much time their interruptions took."""
    counts = []
    for state in GapState:
        lost = [one.lost_ms for one in interruptions if one.state is state]
        known = [length for length in lost if length is not None]
        number = sum(one.state is state for one in standings)
        total = timedelta(milliseconds=sum(known))
        counts.append(StateCount(state, number, total, len(lost) - len(known)))
    return counts


def owed_by(site: Site, unit: UnitOfWork, person_id: str, now: datetime) -> list[str]:
    """Return the names of the lines of which an explanation is still owed about what somebody wore."""
    worn = Reach(Action.READ_GAPS, own=person_id, any_class=True)
    ledger = ledger_of(site, unit, lines_within(site, unit, worn, now), now)
    return sorted({one.name for one in ledger.standings.values() if one.state in TO_DO})
