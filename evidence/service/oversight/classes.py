"""Classes: how far a recording is kept from sight, and who needs to know of it nevertheless.

State secrets do not belong in this system: naming one is refused with the article, and reported. A class is
given by one person and taken off by two. Auxiliary personnel can never be readers. Who is not on the list
is told nothing: no title, no name, not that it exists (domain/access.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Action, Kind
from evidence.domain.standing import STATE_SECRET, Classification, Standing
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.bars import secrecy_of
from evidence.policy.rules import Act as Barred
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.intake.placing import unit_id_of
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import (
    person_on_roll,
    reason_of,
    tries_logged,
    verify_end,
)
from evidence.service.oversight.watch_ports import ClassChange, Reader
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Listed:
    """A restricted recording as the desk lists it: no name of a file, no wearer."""

    recording_id: str
    classification: Classification
    readers: tuple[tuple[Reader, Person], ...]
    pending: tuple[ClassChange, ...]


@dataclass(frozen=True)
class Classes:
    """The desk for classes and readers."""

    site: Site

    @admits(Action.CLASSIFY)
    def classify(self, caller: Caller, recording_id: str, wanted: str, reason: str) -> ClassChange:
        """Give a recording a class, or ask for its class to be taken off: then is_granted is None.

        Raises: NotFound, Refused("state-secret"), Conflict("class-unchanged", "declassify-asked"), Invalid.
        """
        reason = reason_of(reason)
        admit_to_recording(self.site, caller, Action.CLASSIFY, recording_id)
        if wanted == STATE_SECRET:
            self._refuse_state_secret(caller, recording_id)
        if wanted not in set(Classification):
            raise Invalid("unknown-class", found=wanted, known=Known(Classification, "class"))
        class_, now = Classification(wanted), self.site.clock.now()
        with self.site.database.writing() as unit:
            standing = unit.standings.get(recording_id, now)
            if standing.classification is class_:
                raise Conflict("class-unchanged", recording=recording_id)
            if class_ is Classification.ORDINARY:
                return _ask(unit, caller, recording_id, reason, now)
            done = ClassChange(
                new_id(), recording_id, class_, reason, caller.id, now, caller.id, now, is_granted=True
            )
            for old in unit.classes.pending(recording_id):
                unit.classes.decide(old.id, caller.id, now, is_granted=False)
            unit.classes.add_change(done)
            unit.standings.classify(recording_id, class_)
            if not standing.classification.is_restricted:
                self._first_readers(unit, caller, standing, now)
            facts = {"class": class_.value, "before": standing.classification.value}
            unit.log.append(_entry(Act.CLASSIFY, caller, recording_id, facts, reason), now)
        return done

    @admits(Action.CLASSIFY)
    def decide(self, caller: Caller, change_id: str, *, is_granted: bool) -> ClassChange:
        """Take a class off or leave it, as somebody else asked.

        Raises: NotFound("change-not-found"), Refused("own-request"), Conflict("change-decided").
        """
        with self.site.database.reading() as unit:
            found = unit.classes.change(change_id) if is_id(change_id) else None
        if found is None:
            raise NotFound("change-not-found", change=change_id)
        admit_to_recording(self.site, caller, Action.CLASSIFY, found.recording_id)
        now, recording_id = self.site.clock.now(), found.recording_id
        with (
            tries_logged(self.site, caller, Action.CLASSIFY, ("recording", recording_id)),
            self.site.database.writing() as unit,
        ):
            if found.asked_by == caller.id:
                raise Refused("own-request", action=Action.CLASSIFY.value)
            if not unit.classes.decide(change_id, caller.id, now, is_granted=is_granted):
                raise Conflict("change-decided", change=change_id)
            if is_granted:
                unit.standings.classify(recording_id, found.classification)
                unit.classes.end_readers(recording_id, now)
            facts = {"class": found.classification.value, "granted": is_granted}
            unit.log.append(_entry(Act.DECLASSIFY_DECIDE, caller, recording_id, facts), now)
            changed = unit.classes.change(change_id)
        return changed or found

    @admits(Action.CLASSIFY)
    def name_reader(
        self, caller: Caller, recording_id: str, person_id: str, until: datetime | None = None
    ) -> Reader:
        """Put somebody on the list of a restricted recording.

        Raises: NotFound, Refused("own-request", "barred-by-law", "not-on-roll"), Conflict("not-restricted",
        "reader-exists"), Invalid("end-not-ahead").
        """
        admit_to_recording(self.site, caller, Action.CLASSIFY, recording_id)
        now = self.site.clock.now()
        verify_end(until, now)
        with (
            tries_logged(
                self.site, caller, Action.CLASSIFY, ("recording", recording_id), ("person", person_id)
            ),
            self.site.database.writing() as unit,
        ):
            standing = unit.standings.get(recording_id, now)
            if person_id == caller.id:
                raise Refused("own-request", action=Action.CLASSIFY.value)
            person = person_on_roll(unit, self.site, person_id, now)
            if person.type is PersonType.AUXILIARY:
                cites = " ".join(cite.id for cite in self.site.bars().get(Barred.SEE_RESTRICTED, ()))
                raise Refused("barred-by-law", person=person_id, cites=cites)
            if not standing.classification.is_restricted:
                raise Conflict("not-restricted", recording=recording_id)
            if person_id in standing.readers:
                raise Conflict("reader-exists", person=person_id)
            return _add_reader(unit, caller, recording_id, person_id, now, until)

    @admits(Action.CLASSIFY)
    def end_reader(self, caller: Caller, recording_id: str, person_id: str) -> None:
        """Take somebody off the list. Raises: NotFound, Conflict("reader-not-found")."""
        admit_to_recording(self.site, caller, Action.CLASSIFY, recording_id)
        with self.site.database.writing() as unit:
            now = self.site.clock.now()
            if not is_id(person_id) or not unit.classes.end_readers(recording_id, now, person_id):
                raise Conflict("reader-not-found", person=person_id)
            objects = (("recording", recording_id), ("person", person_id))
            unit.log.append(Entry(Act.READER_END, caller.id, objects), now)

    @admits(Action.CLASSIFY)
    def classified(self, caller: Caller) -> Sequence[Listed]:
        """Return the restricted recordings of the caller's units with their readers; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.writing() as unit:
            standings = unit.standings.some(unit.classes.restricted(), now)
            mine = [one for one in standings.values() if may_in(caller, Action.CLASSIFY, one.unit_path, bars)]
            readers = unit.classes.readers([one.recording_id for one in mine], now)
            people = {one.id: one for one in unit.people.all()}
            pending = unit.classes.pending()
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "classified"}), now)
        return [
            Listed(
                one.recording_id,
                one.classification,
                tuple((r, people[r.person_id]) for r in readers if r.recording_id == one.recording_id),
                tuple(p for p in pending if p.recording_id == one.recording_id),
            )
            for one in mine
        ]

    def _refuse_state_secret(self, caller: Caller, recording_id: str) -> None:
        """Refuse, log and report: footage that shows a state secret must leave this system on other ways."""
        now = self.site.clock.now()
        cites = secrecy_of(pack_at(self.site.policies, now), pack_at(self.site.strictest, now))
        facts = {"class": STATE_SECRET, "cites": [cite.id for cite in cites]}
        with self.site.database.writing() as unit:
            path = unit.standings.get(recording_id, now).unit_path
            kind, where = NoticeKind.STATE_SECRET, unit_id_of(path)
            unit.notices.add(Notice(new_id(), now, kind, recording_id, where))
            entry = Entry(Act.CLASSIFY, caller.id, (("recording", recording_id),), "refused", facts)
            unit.log.append(entry, now)
        raise Refused("state-secret", recording=recording_id, cites=" ".join(cite.id for cite in cites))

    def _first_readers(self, unit: UnitOfWork, caller: Caller, standing: Standing, now: datetime) -> None:
        """Begin the list with whoever classified and whoever wore the recorder; never with auxiliaries."""
        first = [caller.id] if caller.kind is Kind.PERSON else []
        for person_id in dict.fromkeys([*first, *filter(None, [standing.person_id])]):
            person = unit.people.get(person_id)
            if person is not None and person.type is not PersonType.AUXILIARY:
                _add_reader(unit, caller, standing.recording_id, person_id, now, None)


def _ask(unit: UnitOfWork, caller: Caller, recording_id: str, reason: str, now: datetime) -> ClassChange:
    """Note the wish to take a class off, for somebody else to decide."""
    if unit.classes.pending(recording_id):
        raise Conflict("declassify-asked", recording=recording_id)
    wish = ClassChange(new_id(), recording_id, Classification.ORDINARY, reason, caller.id, now)
    unit.classes.add_change(wish)
    unit.log.append(_entry(Act.DECLASSIFY_ASK, caller, recording_id, {}, reason), now)
    return wish


def _add_reader(
    unit: UnitOfWork, caller: Caller, recording_id: str, person_id: str, now: datetime, until: datetime | None
) -> Reader:
    new = Reader(new_id(), recording_id, person_id, caller.id, now, until)
    unit.classes.add_reader(new)
    objects = (("recording", recording_id), ("person", person_id))
    facts = {"until": None if until is None else to_text(until)}
    unit.log.append(Entry(Act.READER_ADD, caller.id, objects, facts=facts), now)
    return new


def _entry(
    act: Act, caller: Caller, recording_id: str, facts: Mapping[str, object], reason: str | None = None
) -> Entry:
    personal = {} if reason is None else {"reason": reason}
    return Entry(act, caller.id, (("recording", recording_id),), facts=facts, personal=personal)
