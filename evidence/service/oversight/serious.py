"""Serious events: what shows one is kept from those who took part, until somebody else ends that.

Their looks are refused by the policy (domain/access.py), logged, and listed to the unit head (denials.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.gate import admits
from evidence.service.intake.placing import unit_id_of
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.refusals import OutOfSight, reason_of, tries_logged
from evidence.service.oversight.watch_ports import SeriousEvent
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_MOST = 100  # recordings or people of one event: all of them stand in one entry


@dataclass(frozen=True)
class SeriousEvents:
    """The desk for serious events."""

    site: Site

    @admits(Action.MARK_SERIOUS)
    def mark(
        self, caller: Caller, recordings: Sequence[str], people: Sequence[str], reason: str
    ) -> SeriousEvent:
        """Mark recordings as showing a serious event, and who took part in it.

        Raises: NotFound("recording-not-found", "person-not-found"), Refused, Invalid("nothing-marked").
        """
        reason, shown, involved = (
            reason_of(reason),
            tuple(dict.fromkeys(recordings)),
            tuple(dict.fromkeys(people)),
        )
        if not shown or not involved or len(shown) > _MOST or len(involved) > _MOST:
            raise Invalid("nothing-marked", most=_MOST)
        for recording_id in shown:
            admit_to_recording(self.site, caller, Action.MARK_SERIOUS, recording_id)
        now = self.site.clock.now()
        new = SeriousEvent(new_id(), reason, caller.id, now, shown, involved)
        with self.site.database.writing() as unit:
            for person_id in involved:
                if not is_id(person_id) or unit.people.get(person_id) is None:
                    raise NotFound("person-not-found", person=person_id)
            unit.serious.add(new)
            kind = NoticeKind.SERIOUS_EVENT
            for recording_id, standing in unit.standings.some(shown, now).items():
                where = unit_id_of(standing.unit_path)
                unit.notices.add(Notice(new_id(), now, kind, recording_id, where, about_id=new.id))
            unit.log.append(_entry(Act.SERIOUS_MARK, caller, new, {"reason": reason}), now)
        return new

    @admits(Action.MARK_SERIOUS)
    def end(self, caller: Caller, event_id: str, reason: str) -> None:
        """End a mark that somebody else made, of an event in which the caller took no part.

        Raises: NotFound("event-not-found"), Refused("own-request", "serious-event"), Conflict("event-over"),
        Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with (
            tries_logged(self.site, caller, Action.MARK_SERIOUS, ("event", event_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.serious.get(event_id) if is_id(event_id) else None
            if found is None:
                raise NotFound("event-not-found", event=event_id)
            if not self._is_mine(unit, caller, found, now):
                raise OutOfSight("event-not-found", event=event_id)
            if found.marked_by == caller.id:
                raise Refused("own-request", action=Action.MARK_SERIOUS.value)
            if caller.id in found.people:
                raise Refused("serious-event", action=Action.MARK_SERIOUS.value)
            if not unit.serious.end(event_id, caller.id, now):
                raise Conflict("event-over", event=event_id)
            unit.log.append(_entry(Act.SERIOUS_END, caller, found, {"reason": reason}), now)

    @admits(Action.MARK_SERIOUS)
    def marked(self, caller: Caller) -> Sequence[SeriousEvent]:
        """Return the events whose recordings are all of the caller's units, newest first; logged."""
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            found = [one for one in unit.serious.all() if self._is_mine(unit, caller, one, now)]
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "serious-events"}), now)
        return found

    def _is_mine(self, unit: UnitOfWork, caller: Caller, one: SeriousEvent, now: datetime) -> bool:
        bars = self.site.bars()
        return all(
            may_in(caller, Action.MARK_SERIOUS, standing.unit_path, bars)
            for standing in unit.standings.some(one.recordings, now).values()
        )


def _entry(act: Act, caller: Caller, one: SeriousEvent, personal: dict[str, object]) -> Entry:
    objects = (
        ("event", one.id),
        *(("recording", id_) for id_ in one.recordings),
        *(("person", id_) for id_ in one.people),
    )
    return Entry(act, caller.id, objects, personal=personal)
