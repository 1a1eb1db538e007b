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
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.labels import DOCK, PERSONAL, Given, read_value, values_of, verify_by_pack
from evidence.domain.people import PersonType
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, NotFound
from evidence.policy.rules import Label, Pack
from evidence.service.admission import admit_to_recording
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at_capture
from evidence.service.ports import UnitOfWork
from evidence.service.refusals import reason_of
from evidence.service.site import Site

MOST = 500  # recordings of one act


@dataclass(frozen=True)
class Labelling:
    """The desk for labels."""

    site: Site

    @admits(Action.LABEL)
    def give(self, caller: Caller, recordings: Sequence[str], labels: Mapping[str, str]) -> Sequence[str]:
        """Give recordings labels, in the place of those that stand; return which of them changed.

        Raises: NotFound("recording-not-found", "person-not-found"), Refused, Conflict("under-transfer"),
        Invalid("nothing-labelled", "unknown-label", "invalid-label", "not-an-officer", "case-number-form",
        "not-in-annex").
        """
        if not labels:
            raise Invalid("nothing-labelled", most=MOST)
        said = {_label(name).value: read_value(Label(name), text) for name, text in labels.items()}
        asked, now = self._admit(caller, recordings), self.site.clock.now()
        with self.site.database.writing() as unit:
            _verify_officers(unit, said.get(Label.OFFICER, "").split())
            return [
                stored.recording.id
                for stored in _in_order(unit, asked)
                if self._give(unit, caller, stored, said, now)
            ]

    @admits(Action.LABEL)
    def say_not_yet(self, caller: Caller, recordings: Sequence[str], due: date) -> Sequence[str]:
        """Say that recordings have no case number yet and by which day it is to follow (Dazhe 2020 art. 12);
        return which of them changed.

        Raises: as `give`; Conflict("case-number-stands"), Invalid("not-yet-unknown", "due-out-of-range").
        """
        asked, now = self._admit(caller, recordings), self.site.clock.now()
        name, changed = Label.CASE_NUMBER.value, []
        with self.site.database.writing() as unit:
            for stored in _in_order(unit, asked):
                self._verify_due(self._pack(stored), due, now)
                before = stored.labels.get(name)
                if before is not None and before.value is not None:
                    raise Conflict("case-number-stands", recording=stored.recording.id)
                if before is not None and before.due == due:
                    continue
                self._put(unit, caller, stored, {name: None}, now, due)
                facts = {"due": due.isoformat(), "before": _facts([before])}
                unit.log.append(_entry(Act.LABEL_NOT_YET, caller, stored, facts), now)
                changed.append(stored.recording.id)
        return changed

    @admits(Action.LABEL)
    def end(self, caller: Caller, recordings: Sequence[str], name: str, reason: str) -> None:
        """Take a label off recordings, all of which have it. It stays in their history.

        Raises: as `give`; Conflict("label-not-there"), Invalid("reason-needed").
        """
        label, reason = _label(name).value, reason_of(reason)
        asked, now = self._admit(caller, recordings), self.site.clock.now()
        with self.site.database.writing() as unit:
            for stored in _in_order(unit, asked):
                before = stored.labels.get(label)
                if before is None:
                    raise Conflict("label-not-there", recording=stored.recording.id, label=label)
                self._end(unit, caller, stored, before, now)
                personal = {**_personal([before], "-before"), "reason": reason}
                facts = {"label": label, "before": _facts([before])}
                unit.log.append(_entry(Act.LABEL_END, caller, stored, facts, personal), now)

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

    def _admit(self, caller: Caller, recordings: Sequence[str]) -> Sequence[str]:
        asked = list(dict.fromkeys(recordings))
        if not asked or len(asked) > MOST:
            raise Invalid("nothing-labelled", most=MOST)
        for recording_id in asked:
            admit_to_recording(self.site, caller, Action.LABEL, recording_id)
        return asked

    def _pack(self, stored: StoredRecording) -> Pack:
        return pack_at_capture(self.site.policies, stored.ended_at, stored.first_seen_at)

    def _give(
        self,
        unit: UnitOfWork,
        caller: Caller,
        stored: StoredRecording,
        said: Mapping[str, str],
        now: datetime,
    ) -> bool:
        stands = stored.labels
        values = values_of(stands)
        new = {name: text for name, text in said.items() if values.get(name) != text}
        if not new:
            return False
        verify_by_pack(new, {**values, **new}, self._pack(stored))
        before = [stands.get(name) for name in new]
        self._put(unit, caller, stored, new, now)
        facts = {
            "labels": {name: None if name in PERSONAL else text for name, text in new.items()},
            "before": _facts(before),
        }
        personal = {
            **{name: text for name, text in new.items() if name in PERSONAL},
            **_personal(before, "-before"),
        }
        unit.log.append(_entry(Act.LABEL, caller, stored, facts, personal), now)
        return True

    def _put(
        self,
        unit: UnitOfWork,
        caller: Caller,
        stored: StoredRecording,
        new: Mapping[str, str | None],
        now: datetime,
        due: date | None = None,
    ) -> None:
        stands = stored.labels
        for name, text in new.items():
            if (before := stands.get(name)) is not None:
                self._end(unit, caller, stored, before, now)
            unit.labels.add(stored.recording.id, Given("", 0, name, text, due, caller.id, now))

    def _end(
        self, unit: UnitOfWork, caller: Caller, stored: StoredRecording, before: Given, now: datetime
    ) -> None:
        """End what stood. What came with the recording gets a row by that, without its words."""
        if before.serial:
            unit.labels.end(before.id, caller.id, now)
        else:
            ended = replace(before, value=None, given_by=DOCK, ended_by=caller.id, ended_at=now)
            unit.labels.add(stored.recording.id, ended)

    def _verify_due(self, pack: Pack, due: date, now: datetime) -> None:
        """A day ahead, and not too far (set by default in the pack). Raises: Invalid."""
        days = pack.labels.not_yet_days
        if days is None:
            raise Invalid("not-yet-unknown", policy=pack.id)
        today = local_day(self.site.policies, now)
        last = today + timedelta(days=days)
        if not today <= due <= last:
            raise Invalid("due-out-of-range", least=today.isoformat(), most=last.isoformat())


def _label(name: str) -> Label:
    if name not in set(Label):
        raise Invalid("unknown-label", found=name)
    return Label(name)


def _in_order(unit: UnitOfWork, asked: Sequence[str]) -> Iterable[StoredRecording]:
    there = unit.recordings.some(asked)
    return (there[recording_id] for recording_id in asked)


def _verify_officers(unit: UnitOfWork, numbers: Iterable[str]) -> None:
    """Who is named as officer is one: auxiliaries cannot stand for an officer, whoever names them."""
    for number in numbers:
        person = unit.people.by_number(number)
        if person is None:
            raise NotFound("person-not-found", number=number)
        if person.type is not PersonType.OFFICER:
            raise Invalid("not-an-officer", number=number)


def _facts(before: Iterable[Given | None]) -> dict[str, object]:
    """Return what stood before, as an entry may hold it: personal words as commitments elsewhere in it."""
    return {
        one.name: {"due": one.due.isoformat()} if one.due else None if one.name in PERSONAL else one.value
        for one in before
        if one is not None
    }


def _personal(before: Iterable[Given | None], suffix: str) -> dict[str, object]:
    return {
        f"{one.name}{suffix}": one.value
        for one in before
        if one is not None and one.name in PERSONAL and one.value is not None
    }


def _entry(
    act: Act,
    caller: Caller,
    stored: StoredRecording,
    facts: Mapping[str, object],
    personal: Mapping[str, object] | None = None,
) -> Entry:
    return Entry(act, caller.id, (("recording", stored.recording.id),), facts=facts, personal=personal or {})
