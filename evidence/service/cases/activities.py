"""Activities: records of another system matched to recordings by wearer and time, which get their labels.

A row finds what its wearer recorded meanwhile, within the caller's reach: by the span of a recording where it
is known for certain (examination), else by its end. Nothing is guessed: a recording that two rows would label
differently is a fault of both. Labels are given by the same use case as by hand (labelling.py), so a second
import of the same rows changes nothing. With a fault nothing is done at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, reach
from evidence.domain.activities import ACTIVITIES, LABELS, Activity, read_activity
from evidence.domain.audit import Act, Entry
from evidence.domain.labels import values_of, verify_by_pack
from evidence.domain.rights import Action
from evidence.domain.sheets import Fault, Reason, read_headings, read_rows
from evidence.domain.spans import Span
from evidence.errors import Invalid, NotFound
from evidence.policy.rules import Label
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import pack_at_capture
from evidence.service.keeping.keeping import settle_terms
from evidence.service.oversight.admission import admit_to_recordings
from evidence.service.oversight.commanding import LONGEST, span_of
from evidence.service.oversight.refusals import tries_logged
from evidence.service.people.sheet_ports import SheetFiles
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.labelling import give_labels, read_labels, verify_officers
from evidence.service.site import Site

MOST_RECORDINGS = 2000  # of one import: it is one transaction


@dataclass(frozen=True, slots=True)
class Matched:
    """A row that can be taken, with the recordings that it labels; none: nothing was recorded meanwhile."""

    activity: Activity
    recordings: tuple[StoredRecording, ...]


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """What an import did, or would do. changes: recordings that are, or would be, labelled otherwise; before:
    by recording, what stood in the place of what its row says. unknown_cases: numbers that rows say and no
    case is registered under.
    """

    matched: Sequence[Matched]
    unmatched: Sequence[Activity]
    faults: Sequence[Fault]
    changes: Sequence[str]
    before: Mapping[str, Mapping[str, str]]
    unknown_cases: frozenset[str]
    applied: bool


@dataclass(frozen=True)
class Activities:
    """The desk for records of activities."""

    site: Site
    files: SheetFiles

    @admits(Action.LABEL)
    def import_table(self, caller: Caller, content: bytes, *, apply: bool = False) -> MatchOutcome:
        """Take a table of activities (docs/formats/activities-table.md); a dry run unless told otherwise. The
        look is logged, and what changes.

        Raises: Invalid for no table at all, or "sheet-too-large" where it finds too much;
        Conflict("under-transfer"), Refused("serious-event", "own-recording"); storage errors: as labelling.
        """
        rows, faults = self._read(content)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "activities"}), now)
        with self.site.database.reading() as unit:
            matching = _Matching(self.site, unit, self._known(unit, caller, rows, now))
            matching.match(rows)
            unknown = _unknown_cases(unit, rows)
        faults = sorted([*faults, *matching.faults], key=lambda one: one.row)
        admit_to_recordings(self.site, caller, Action.LABEL, list(matching.said))
        changes: Sequence[str] = matching.changes()
        stood: Mapping[str, StoredRecording] = matching.stood
        if apply and not faults:
            about = (("recording", one) for one in matching.said)
            with (
                tries_logged(self.site, caller, Action.LABEL, *about),
                self.site.database.writing() as unit,
            ):
                stood = unit.recordings.some(list(matching.said))
                changes, owed = give_labels(unit, self.site, caller, matching.said)
            settle_terms(self.site, owed)
        found = [one for one in matching.found if one.recordings]
        missed = [one.activity for one in matching.found if not one.recordings]
        before = _before(matching.said, stood, changes)
        return MatchOutcome(found, missed, faults, changes, before, unknown, apply and not faults)

    def _read(self, content: bytes) -> tuple[Sequence[Activity], Sequence[Fault]]:
        sheet = self.files.read(content)
        columns, faults = read_headings(sheet, self.files.headings(ACTIVITIES), "wearer")
        if faults:
            return [], faults
        rows, bad = read_rows(sheet, columns, ACTIVITIES, {})
        zone, broken = ZoneInfo(self.site.policies.latest.time_zone), {fault.row for fault in bad}
        read = [read_activity(number, said, zone) for number, said in rows if number not in broken]
        taken = [_in_form(one) if isinstance(one, Activity) else one for one in read]
        return (
            [one for one in taken if isinstance(one, Activity)],
            [*bad, *(one for one in taken if isinstance(one, Fault))],
        )

    def _known(
        self, unit: UnitOfWork, caller: Caller, rows: Iterable[Activity], now: datetime
    ) -> Mapping[str, Sequence[StoredRecording]]:
        """Return the recordings within reach of the wearers that rows name, by number."""
        there, wearers = reach(caller, Action.LABEL, self.site.bars()), {one.wearer for one in rows}
        known = defaultdict[str, list[StoredRecording]](list)
        for stored in unit.recordings.all(reach=there, at=now) if wearers else ():
            if stored.recording.origin.wearer in wearers:
                known[stored.recording.origin.wearer].append(stored)
        return known


@dataclass
class _Matching:
    """Rows and recordings, brought together; said: the labels of each recording that rows find."""

    site: Site
    unit: UnitOfWork
    known: Mapping[str, Sequence[StoredRecording]]
    found: list[Matched] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    said: dict[str, Mapping[str, str]] = field(default_factory=dict)
    stood: dict[str, StoredRecording] = field(default_factory=dict)
    _by: dict[str, Activity] = field(default_factory=dict)
    _spans: dict[str, Span | None] = field(default_factory=dict)

    def match(self, rows: Iterable[Activity]) -> None:
        """Find the recordings of each row. Raises: Invalid("sheet-too-large")."""
        for row in rows:
            shown = tuple(one for one in self.known.get(row.wearer, ()) if self._is_shown(row, one))
            fault = self._fault(row, shown)
            if fault is not None:
                self.faults.append(fault)
                continue
            self.found.append(Matched(row, shown))
            for stored in shown:
                self._by.setdefault(stored.recording.id, row)
                self.stood[stored.recording.id] = stored
                self.said[stored.recording.id] = row.labels
            if len(self.said) > MOST_RECORDINGS:
                raise Invalid("sheet-too-large", limit=MOST_RECORDINGS)

    def changes(self) -> list[str]:
        """Return the recordings that what was found would label otherwise than now."""
        now = {one: values_of(self.stood[one].labels) for one in self.said}
        return [one for one, labels in self.said.items() if labels.items() - now[one].items()]

    def _is_shown(self, row: Activity, stored: StoredRecording) -> bool:
        ended_at, id_ = stored.ended_at, stored.recording.id
        if ended_at is None or not row.span.start <= ended_at <= row.span.end + LONGEST:
            return False
        if id_ not in self._spans:
            self._spans[id_] = span_of(self.unit, id_)
        return row.shows(self._spans[id_], ended_at)

    def _fault(self, row: Activity, shown: Iterable[StoredRecording]) -> Fault | None:
        try:
            verify_officers(self.unit, row.labels.get(Label.OFFICER, "").split())
            for stored in shown:
                pack = pack_at_capture(self.site.policies, stored.ended_at, stored.first_seen_at)
                verify_by_pack(row.labels, {**values_of(stored.labels), **row.labels}, pack)
                before = self._by.get(stored.recording.id)
                if before is not None and before.labels != row.labels:
                    return Fault(row.row, "from", Reason.AMBIGUOUS, f"{before.row}")
        except NotFound as problem:
            return Fault(row.row, "officer", Reason.NOT_YOURS, str(problem.fields["number"]))
        except Invalid as problem:
            return _label_fault(row, problem)
        return None


def _before(
    said: Mapping[str, Mapping[str, str]], stood: Mapping[str, StoredRecording], changes: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return what stood in the place of what rows say, of recordings that change."""
    found = {}
    for one in changes:
        was = values_of(stood[one].labels)
        found[one] = {name: was[name] for name, text in said[one].items() if was.get(name, text) != text}
    return {one: was for one, was in found.items() if was}


def _unknown_cases(unit: UnitOfWork, rows: Iterable[Activity]) -> frozenset[str]:
    numbers = {row.labels[Label.CASE_NUMBER] for row in rows if Label.CASE_NUMBER in row.labels}
    return frozenset(one for one in numbers if not unit.labels.is_case(one))


def _in_form(row: Activity) -> Activity | Fault:
    try:
        return replace(row, labels=read_labels(row.labels))
    except Invalid as problem:
        return _label_fault(row, problem)


def _label_fault(row: Activity, problem: Invalid) -> Fault:
    """Return the fault of a label that cannot be given, with the column that it stands in."""
    label = {"case-number-form": Label.CASE_NUMBER, "not-an-officer": Label.OFFICER}.get(
        problem.code, Label(str(problem.fields.get("label", Label.CASE_NUMBER)))
    )
    column = next(name for name, known in LABELS.items() if known is label)
    taken = problem.known.taken if problem.known else ()
    return Fault(row.row, column, Reason.NO_LABEL, row.labels.get(label, "")[:100], known=taken)
