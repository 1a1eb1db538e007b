"""Labelling: recordings are given labels after docking, one or many in one act, all or none of them.

1. Officers about what they wore, custodians about their unit, members of a case who were given it; auxiliary
   personnel never: a label is part of the record (domain/access.py).
2. What is said is judged by the pack in force at each recording's capture: form of the case number, words of
   the annex, how long a case number may wait.
3. Each recording that changes has its own entry, with what was said and what stood before. Where it stands
   already nothing happens: saying it twice is saying it once.
The manifest stays what it is: what came with the recording is signed, what was said later is in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from evidence.domain.access import Caller, Why
from evidence.domain.audit import Act, Entry
from evidence.domain.case_numbers import normal_form
from evidence.domain.ids import new_id
from evidence.domain.labels import PERSONAL, Given, read_value, values_of, verify_by_pack
from evidence.domain.people import PersonType
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.rules import Label, Pack
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at_capture
from evidence.service.keeping.keeping import owe_terms, settle_terms
from evidence.service.keeping.keeping_ports import LockTerm
from evidence.service.oversight.admission import admit_to_recording, admit_to_recordings
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.ports import Policies, UnitOfWork
from evidence.service.site import Site

MOST = 500  # recordings of one act


@dataclass(frozen=True, slots=True)
class Labelled:
    """What labelling did. before: by recording, what stood in the place of what was said. unknown_case: the
    case number that was said, where no case of that number is registered; it may be later."""

    changed: Sequence[str]
    before: Mapping[str, Mapping[str, str]]
    unknown_case: str | None


@dataclass(frozen=True)
class Labelling:
    """The desk for labels."""

    site: Site

    @admits(Action.LABEL)
    def give(self, caller: Caller, recordings: Sequence[str], labels: Mapping[str, str]) -> Labelled:
        """Give recordings labels, in the place of those that stand; return what that did.

        Raises: NotFound("recording-not-found", "person-not-found"), Refused, Conflict("under-transfer"),
        Invalid("nothing-labelled", "unknown-label", "invalid-label", "not-an-officer", "case-number-form",
        "not-in-annex"); storage errors: it is labelled, and the vault is told of a later date later.
        """
        said = read_labels(labels)
        asked = self._admit(caller, recordings)
        with self._trying(caller, asked), self.site.database.writing() as unit:
            stood = {stored.recording.id: values_of(stored.labels) for stored in _in_order(unit, asked)}
            changed, owed = give_labels(unit, self.site, caller, dict.fromkeys(asked, said))
            number = said.get(Label.CASE_NUMBER.value)
            unknown = None if number is None or unit.labels.is_case(number) else number
        settle_terms(self.site, owed)
        before = {one: {name: stood[one][name] for name in said if name in stood[one]} for one in changed}
        return Labelled(changed, {one: was for one, was in before.items() if was}, unknown)

    @admits(Action.LABEL)
    def say_not_yet(self, caller: Caller, recordings: Sequence[str], due: date) -> Sequence[str]:
        """Say that recordings have no case number yet and by which day it is to follow (Dazhe 2020 art. 12);
        return which of them changed.

        Raises: as `give`; Conflict("case-number-stands"), Invalid("not-yet-unknown", "due-out-of-range").
        """
        asked, now = self._admit(caller, recordings), self.site.clock.now()
        acts, name = _Acts(caller, now), Label.CASE_NUMBER.value
        with self.site.database.writing() as unit:
            for stored in _in_order(unit, asked):
                _verify_due(self.site.policies, stored, due, now)
                before = stored.labels.get(name)
                if before is not None and before.value is not None:
                    raise Conflict("case-number-stands", recording=stored.recording.id)
                if before is None or before.due != due:
                    acts.put(stored, {name: None}, due)
                    facts = {"due": due.isoformat(), "before": _facts([before])}
                    acts.note(Act.LABEL_NOT_YET, stored, facts, {})
            return acts.enter(unit)

    @admits(Action.LABEL)
    def end(self, caller: Caller, recordings: Sequence[str], name: str, reason: str) -> None:
        """Take a label off recordings, all of which have it. It stays in their history.

        Raises: as `give`; Conflict("label-not-there"), Invalid("reason-needed").
        """
        label, reason = _label(name).value, reason_of(reason)
        asked, acts = self._admit(caller, recordings), _Acts(caller, self.site.clock.now())
        with self._trying(caller, asked), self.site.database.writing() as unit:
            for stored in _in_order(unit, asked):
                before = stored.labels.get(label)
                if before is None:
                    raise Conflict("label-not-there", recording=stored.recording.id, label=label)
                if label == Label.CASE_NUMBER:
                    _verify_may_leave(unit, caller, stored, "", acts.now)
                acts.end(stored, before)
                facts = {"label": label, "before": _facts([before])}
                acts.note(Act.LABEL_END, stored, facts, {**_personal([before]), "reason": reason})
            acts.enter(unit)

    @admits(Action.LIST_RECORDINGS)
    def history(self, caller: Caller, recording_id: str) -> StoredRecording:
        """Return a recording with all that was ever said of its labels (`told`); the look is logged.

        Raises: NotFound("recording-not-found").
        """
        stored = admit_to_recording(self.site, caller, Action.LIST_RECORDINGS, recording_id)
        entry = Entry(Act.READ_LIST, caller.id, (("recording", recording_id),), facts={"list": "labels"})
        with self.site.database.writing() as unit:
            unit.log.append(entry, self.site.clock.now())
        return stored

    def _trying(self, caller: Caller, asked: Sequence[str]) -> AbstractContextManager[None]:
        """Log what is refused about these recordings."""
        about = (("recording", one) for one in asked)
        return tries_logged(self.site, caller, Action.LABEL, *about)

    def _admit(self, caller: Caller, recordings: Sequence[str]) -> Sequence[str]:
        asked = list(dict.fromkeys(recordings))
        if not asked or len(asked) > MOST:
            raise Invalid("nothing-labelled", most=MOST)
        admit_to_recordings(self.site, caller, Action.LABEL, asked)
        return asked


def read_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return labels, at least one, in their one form.

    Raises: Invalid("nothing-labelled", "unknown-label", "invalid-label").
    """
    if not labels:
        raise Invalid("nothing-labelled", most=MOST)
    return {_label(name).value: read_value(Label(name), text) for name, text in labels.items()}


def give_labels(
    unit: UnitOfWork, site: Site, caller: Caller, said: Mapping[str, Mapping[str, str]]
) -> tuple[Sequence[str], Sequence[LockTerm]]:
    """Give recordings, each its own labels, to use cases that have admitted; return which changed, and which
    locks move by that (`settle_terms`).

    said: what `read_labels` returned, by recording. Raises: as `Labelling.give`.
    """
    acts = _Acts(caller, site.clock.now())
    verify_officers(unit, {one for labels in said.values() for one in labels.get(Label.OFFICER, "").split()})
    for stored in _in_order(unit, list(said)):
        stands = stored.labels
        values = values_of(stands)
        new = {name: text for name, text in said[stored.recording.id].items() if values.get(name) != text}
        if new:
            if Label.CASE_NUMBER in new:
                _verify_may_leave(unit, caller, stored, new[Label.CASE_NUMBER], acts.now)
            verify_by_pack(new, {**values, **new}, _pack(site.policies, stored))
            acts.put(stored, new)
            before = [stands.get(name) for name in new]
            told = {name: None if name in PERSONAL else text for name, text in new.items()}
            personal = {name: text for name, text in new.items() if name in PERSONAL}
            facts = {"labels": told, "before": _facts(before)}
            acts.note(Act.LABEL, stored, facts, {**personal, **_personal(before)})
    changed = acts.enter(unit)
    is_numbered = any(Label.CASE_NUMBER in labels for labels in said.values())
    return changed, owe_terms(unit, site, changed, caller.id) if is_numbered else []


def _verify_may_leave(
    unit: UnitOfWork, caller: Caller, stored: StoredRecording, after: str, now: datetime
) -> None:
    """Verify that footage loses the number of a registered case by somebody else than who recorded it: it is
    the evidence of that case no more (as `Cases.unlink`). Raises: Refused("own-recording").
    """
    before = values_of(stored.labels).get(Label.CASE_NUMBER)
    if before is None or normal_form(before) == normal_form(after) or not unit.labels.is_case(before):
        return
    if unit.standings.get(stored.recording.id, now).is_by(caller.id):
        raise Refused(Why.OWN_RECORDING.value, action=Action.LABEL.value)


@dataclass
class _Acts:
    """What one act does to many recordings, collected, and entered at once: rows, then an entry each."""

    caller: Caller
    now: datetime
    new: list[tuple[str, Given]] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)  # serial, by recording

    def put(self, stored: StoredRecording, said: Mapping[str, str | None], due: date | None = None) -> None:
        """Put something in the place of what stands."""
        stands = stored.labels
        for name in said:
            if (before := stands.get(name)) is not None:
                self.end(stored, before)
        for name, text in said.items():
            self._add(stored, Given("", 0, name, text, due, self.caller.id, self.now))

    def end(self, stored: StoredRecording, before: Given) -> None:
        """End what stands. What came with the recording gets a row by that, without its words."""
        if before.serial:
            self.over.append(before.id)
        else:
            ended = replace(before, value=None, ended_by=self.caller.id, ended_at=self.now)
            self._add(stored, ended)

    def note(
        self, act: Act, stored: StoredRecording, facts: Mapping[str, object], personal: Mapping[str, object]
    ) -> None:
        """Note the entry of a recording that changes."""
        about = (("recording", stored.recording.id),)
        self.entries.append(Entry(act, self.caller.id, about, facts=facts, personal=personal))

    def enter(self, unit: UnitOfWork) -> Sequence[str]:
        """Write it all; return the recordings that changed."""
        unit.labels.end(self.over, self.caller.id, self.now)
        unit.labels.add(self.new)
        unit.log.append_all(self.entries, self.now)
        return [entry.objects[0][1] for entry in self.entries]

    def _add(self, stored: StoredRecording, one: Given) -> None:
        mine = stored.recording.id
        last = self._last.get(mine, max((given.serial for given in stored.given), default=0))
        self._last[mine] = last + 1
        self.new.append((mine, replace(one, id=new_id(), serial=last + 1)))


def _label(name: str) -> Label:
    if name not in set(Label):
        raise Invalid("unknown-label", found=name, known=Known(Label, "label"))
    return Label(name)


def _pack(policies: Policies, stored: StoredRecording) -> Pack:
    return pack_at_capture(policies, stored.ended_at, stored.first_seen_at)


def _in_order(unit: UnitOfWork, asked: Sequence[str]) -> Iterable[StoredRecording]:
    there = unit.recordings.some(asked)
    return (there[recording_id] for recording_id in asked)


def _verify_due(policies: Policies, stored: StoredRecording, due: date, now: datetime) -> None:
    """Verify that a day is not over and not too far ahead (set by default in the pack). Raises: Invalid."""
    pack = _pack(policies, stored)
    if pack.labels.not_yet_days is None:
        raise Invalid("not-yet-unknown", policy=pack.id)
    today = local_day(policies, now)
    last = today + timedelta(days=pack.labels.not_yet_days)
    if not today <= due <= last:
        raise Invalid("due-out-of-range", least=today.isoformat(), most=last.isoformat())


def verify_officers(unit: UnitOfWork, numbers: Iterable[str]) -> None:
    """Who is named as officer is one: auxiliaries cannot stand for an officer, whoever names them."""
    for number in sorted(numbers):
        person = unit.people.by_number(number)
        if person is None:
            raise NotFound("person-not-found", number=number)
        if person.type is not PersonType.OFFICER:
            raise Invalid("not-an-officer", number=number)


def _facts(before: Iterable[Given | None]) -> dict[str, object]:
    """Return what stood before, as an entry may hold it: personal words are commitments (`_personal`)."""
    return {
        one.name: {"due": one.due.isoformat()} if one.due else None if one.name in PERSONAL else one.value
        for one in before
        if one is not None
    }


def _personal(before: Iterable[Given | None]) -> dict[str, object]:
    return {
        f"{one.name}-before": one.value
        for one in before
        if one is not None and one.name in PERSONAL and one.value is not None
    }
