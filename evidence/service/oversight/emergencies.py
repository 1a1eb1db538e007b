"""Break-glass: a recording opened to somebody for at most four hours, by a second person, with notice.

The asker is told nothing about whether there is such a recording: the answer is the same for any id. What
an emergency never opens: restricted classes to auxiliary personnel, and what a serious event keeps from
those who took part. Each use is logged where the recording is admitted (admission.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.domain.access import Bars, Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.emergencies import LONGEST, Emergency, EmergencyState
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Action, Kind
from evidence.domain.standing import Standing
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.rules import Act as Barred
from evidence.service.gate import admits
from evidence.service.intake.placing import unit_id_of
from evidence.service.oversight.refusals import OutOfSight, person_on_roll, reason_of, tries_logged
from evidence.service.oversight.watch_ports import Reader
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True)
class Emergencies:
    """The desk for emergencies."""

    site: Site

    @admits(Action.ASK_EMERGENCY)
    def ask(self, caller: Caller, recording_id: str, reason: str) -> Emergency:
        """Ask for a recording to be opened. Raises: Invalid, Refused("only-people")."""
        reason, now = reason_of(reason), self.site.clock.now()
        if caller.kind is not Kind.PERSON:
            raise Refused("only-people")
        if not is_id(recording_id):
            raise Invalid("invalid-text", field="recording")
        new = Emergency(new_id(), caller.id, recording_id, reason, now)
        with self.site.database.writing() as unit:
            unit.emergencies.add(new)
            is_there = unit.recordings.get(recording_id) is not None
            about = (("recording", recording_id),) if is_there else ()
            unit.log.append(_entry(Act.EMERGENCY_ASK, caller, new, about, reason=reason), now)
        return new

    @admits(Action.ASK_EMERGENCY)
    def own(self, caller: Caller) -> Sequence[Emergency]:
        """Return what the caller asked for, newest first; the look is logged."""
        with self.site.database.writing() as unit:
            unit.log.append(_look(caller, "own-emergencies"), self.site.clock.now())
            return unit.emergencies.all(caller.id)

    @admits(Action.ASK_EMERGENCY)
    def give_back(self, caller: Caller, emergency_id: str) -> None:
        """End one's own emergency before its time. Raises: NotFound, Conflict("emergency-not-open")."""
        with (
            tries_logged(self.site, caller, Action.ASK_EMERGENCY, ("emergency", emergency_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.emergencies.get(emergency_id) if is_id(emergency_id) else None
            if found is None:
                raise NotFound("emergency-not-found", emergency=emergency_id)
            if found.person_id != caller.id:
                raise OutOfSight("emergency-not-found", emergency=emergency_id)
            self._end(unit, caller, found)

    @admits(Action.DECIDE_EMERGENCY)
    def asked(self, caller: Caller) -> Sequence[Emergency]:
        """Return the emergencies over recordings of the caller's units, newest first; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.writing() as unit:
            unit.log.append(_look(caller, "emergencies"), now)
            found = unit.emergencies.all()
            there = unit.recordings.some({one.recording_id for one in found})
            standings = unit.standings.some(there, now)
        return [
            one
            for one in found
            if one.recording_id in there
            and may_in(caller, Action.DECIDE_EMERGENCY, standings[one.recording_id].unit_path, bars)
        ]

    @admits(Action.DECIDE_EMERGENCY)
    def decide(
        self, caller: Caller, emergency_id: str, *, is_granted: bool, length: timedelta = LONGEST
    ) -> Emergency:
        """Open the recording or not; 0 < length ≤ 4 h.

        Raises: NotFound("emergency-not-found"), Refused("own-request", "own-recording", "not-on-roll",
        "barred-by-law", "serious-event"), Conflict("emergency-decided"), Invalid("emergency-too-long").
        """
        now = self.site.clock.now()
        if not timedelta(0) < length <= LONGEST:
            raise Invalid("emergency-too-long", longest_s=int(LONGEST.total_seconds()))
        with (
            tries_logged(self.site, caller, Action.DECIDE_EMERGENCY, ("emergency", emergency_id)),
            self.site.database.writing() as unit,
        ):
            found, standing = self._in_scope(unit, caller, emergency_id, now)
            if found.person_id == caller.id:
                raise Refused("own-request", action=Action.DECIDE_EMERGENCY.value)
            _verify_may_decide(caller, standing)
            until = now + length if is_granted else None
            decided = replace(found, decided_by=caller.id, decided_at=now, is_granted=is_granted, until=until)
            if is_granted:
                person = person_on_roll(unit, self.site, found.person_id, now)
                _verify_may_open(person, standing, self.site.bars())
            if not unit.emergencies.decide(decided):
                raise Conflict("emergency-decided", emergency=emergency_id)
            if until is not None:
                _open(unit, decided, standing, now)
            about = (("recording", found.recording_id),)
            facts = {"granted": is_granted, "until": None if until is None else to_text(until)}
            unit.log.append(_entry(Act.EMERGENCY_DECIDE, caller, decided, about, facts=facts), now)
        return decided

    @admits(Action.DECIDE_EMERGENCY)
    def end(self, caller: Caller, emergency_id: str) -> None:
        """End an emergency before its time. Raises: NotFound, Conflict("emergency-not-open")."""
        with (
            tries_logged(self.site, caller, Action.DECIDE_EMERGENCY, ("emergency", emergency_id)),
            self.site.database.writing() as unit,
        ):
            found, _ = self._in_scope(unit, caller, emergency_id, self.site.clock.now())
            self._end(unit, caller, found)

    def _in_scope(
        self, unit: UnitOfWork, caller: Caller, emergency_id: str, now: datetime
    ) -> tuple[Emergency, Standing]:
        found = unit.emergencies.get(emergency_id) if is_id(emergency_id) else None
        if found is None or unit.recordings.get(found.recording_id) is None:
            raise NotFound("emergency-not-found", emergency=emergency_id)
        standing = unit.standings.get(found.recording_id, now)
        if not may_in(caller, Action.DECIDE_EMERGENCY, standing.unit_path, self.site.bars()):
            raise OutOfSight("emergency-not-found", emergency=emergency_id)
        return found, standing

    def _end(self, unit: UnitOfWork, caller: Caller, found: Emergency) -> None:
        now = self.site.clock.now()
        if found.state(now) is not EmergencyState.OPEN:
            raise Conflict("emergency-not-open", emergency=found.id)
        unit.emergencies.end(found.id, caller.id, now)
        unit.classes.end_reader(found.id, now)
        about = (("recording", found.recording_id),)
        unit.log.append(_entry(Act.EMERGENCY_END, caller, found, about), now)


def _verify_may_decide(caller: Caller, standing: Standing) -> None:
    """Verify that the decider took no part in what the recording shows, and names no reader of their own."""
    if caller.id in standing.involved:
        raise Refused("serious-event", action=Action.DECIDE_EMERGENCY.value)
    if standing.classification.is_restricted and caller.id == standing.person_id:
        raise Refused("own-recording", action=Action.DECIDE_EMERGENCY.value)


def _verify_may_open(person: Person, standing: Standing, bars: Bars) -> None:
    """Verify that nothing bars the person from the recording itself."""
    if standing.classification.is_restricted and person.type is PersonType.AUXILIARY:
        cites = " ".join(cite.id for cite in bars.get(Barred.SEE_RESTRICTED, ()))
        raise Refused("barred-by-law", action=Action.PLAY.value, cites=cites)
    if person.id in standing.involved:
        raise Refused("serious-event", action=Action.PLAY.value)


def _open(unit: UnitOfWork, decided: Emergency, standing: Standing, now: datetime) -> None:
    """List the asker as a reader for that time where the class wants it, and give notice."""
    if standing.classification.is_restricted and decided.person_id not in standing.readers:
        unit.classes.add_reader(
            Reader(
                decided.id,
                decided.recording_id,
                decided.person_id,
                decided.decided_by or "",
                now,
                decided.until,
            )
        )
    unit.notices.add(
        Notice(
            new_id(),
            now,
            NoticeKind.EMERGENCY_OPENED,
            decided.recording_id,
            unit_id_of(standing.unit_path),
            decided.person_id,
            decided.id,
        )
    )


def _look(caller: Caller, what: str) -> Entry:
    return Entry(Act.READ_LIST, caller.id, facts={"list": what})


def _entry(
    act: Act,
    caller: Caller,
    one: Emergency,
    about: tuple[tuple[str, str], ...],
    facts: Mapping[str, object] | None = None,
    reason: str | None = None,
) -> Entry:
    objects = (("emergency", one.id), ("person", one.person_id), *about)
    personal = {} if reason is None else {"reason": reason}
    return Entry(act, caller.id, objects, facts=facts or {}, personal=personal)
