"""Off-boarding: what somebody who leaves still has open, and the closing that is refused while anything is.

1. start: the account is off at once, its sessions end, its grants are revoked; the public roster drops them
2. close: refused with the list while anything is open (000-21, 003-25, 004-20)
3. after a period the name may be erased; entries and proofs stay as they are

What may be open is asked of OPEN: other desks add theirs with `@may_be_open("devices")` (service/…).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.errors import Conflict
from evidence.policy.rules import Duty, cite_ids
from evidence.service.gaps.gap_lines import owed_by
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.people.roll_scope import admit_to_person, check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

Question = Callable[[UnitOfWork, Person, datetime], Sequence[str]]
"""Returns the ids of what is open about somebody at a moment."""

OPEN: dict[str, Question] = {}
_NAMED_ONLY = frozenset({"gaps"})  # a custodian or head explains in their place, also when they are gone
_TOLD = 100  # ids of a kind that are listed; the number is always whole


def may_be_open(kind: str) -> Callable[[Question], Question]:
    """Register what may be open about somebody who leaves, by its kind (its words: "leaving-item.<kind>")."""

    def register(question: Question) -> Question:
        OPEN[kind] = question
        return question

    return register


@may_be_open("recordings")
def _recordings(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Files of a card's list that are not sealed."""
    return unit.departures.not_offloaded(person.number)


@may_be_open("uploads")
def _uploads(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Uploads that have begun and are not sealed."""
    return unit.departures.unfinished(person.number)


@may_be_open("emergencies")
def _emergencies(unit: UnitOfWork, person: Person, now: datetime) -> Sequence[str]:
    return unit.departures.emergencies(person.id, now)


@may_be_open("complaints")
def _complaints(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Open ones that are about them, or that they handle."""
    return unit.complaints.open_of(person.id)


@may_be_open("fault-files")
def _fault_files(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Those that name them and wait for a decision about them."""
    return unit.fault_files.open_of(person.id)


@may_be_open("explanations")
def _explanations(unit: UnitOfWork, person: Person, _now: datetime) -> Sequence[str]:
    """Those about what they wore that nobody has decided about."""
    return unit.explanations.waiting_of(person.number)


@may_be_open("grants")
def _grants(unit: UnitOfWork, person: Person, now: datetime) -> Sequence[str]:
    return [one.id for one in unit.grants.in_force(now, person.id)]


@may_be_open("sessions")
def _sessions(unit: UnitOfWork, person: Person, now: datetime) -> Sequence[str]:
    return unit.departures.sessions(person.id, now)


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of what is open: how many, and the first ids."""

    kind: str
    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """What stands between somebody and the end of their service, with the articles."""

    person: Person
    open: tuple[Item, ...]
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Leaving:
    """The desk for off-boarding."""

    site: Site

    @admits(Action.READ_PEOPLE)
    def checklist(self, caller: Caller, number: str) -> Checklist:
        """Return what is open about somebody. Raises: NotFound."""
        mine = admit_to_person(self.site, caller, Action.READ_PEOPLE, number)
        with self.site.database.reading() as unit:
            return self._checklist(unit, mine)

    @admits(Action.MANAGE_PEOPLE)
    def start(self, caller: Caller, number: str) -> Checklist:
        """Put the account off, end sessions and grants now; return what is still open.

        Raises: NotFound, Refused("own-record"), Conflict("person-left", "leaving-begun").
        """
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        with self.site.database.writing() as unit:
            one, now = _there(unit, mine.id), self.site.clock.now()
            if one.leaving_at is not None:
                raise Conflict("leaving-begun", number=number)
            leaving = replace(one, leaving_at=now)
            unit.people.put(leaving)
            grants = [grant.id for grant in unit.grants.in_force(now, one.id)]
            for grant in grants:
                unit.grants.revoke(grant, caller.id, now)
            ended = unit.departures.close_account(one.id, now)
            facts = {"grants": grants, "sessions": ended}
            unit.log.append(Entry(Act.PERSON_LEAVE, caller.id, (("person", one.id),), facts=facts), now)
            return self._checklist(unit, leaving)

    @admits(Action.MANAGE_PEOPLE)
    def close(self, caller: Caller, number: str) -> Person:
        """Close the off-boarding of somebody about whom nothing is open.

        Raises: NotFound, Refused("own-record"), Conflict("leaving-not-begun", "person-left"; "still-open" and
        what is open, with the articles: that is logged).
        """
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        objects = (("person", mine.id),)
        with self.site.database.writing() as unit:
            one, now = _there(unit, mine.id), self.site.clock.now()
            if one.leaving_at is None:
                raise Conflict("leaving-not-begun", number=number)
            list_ = self._checklist(unit, one)
            counts = {item.kind: item.count for item in list_.open if item.kind not in _NAMED_ONLY}
            if not counts:
                left = replace(one, left_at=now)
                unit.people.put(left)
                unit.log.append(Entry(Act.PERSON_CLOSE, caller.id, objects), now)
                return left
            facts = {"open": counts, "cites": list(list_.cites)}
            unit.log.append(Entry(Act.PERSON_CLOSE, caller.id, objects, "refused", facts), now)
        raise Conflict("still-open", number=number, **counts, cites=" ".join(list_.cites))

    @admits(Action.MANAGE_PEOPLE)
    def erase_name(self, caller: Caller, number: str, reason: str) -> int:
        """Erase the name of somebody who left long ago, and what the log's commitments about them stand for;
        return how many of these there were. All entries and proofs stay as they are.

        Raises: NotFound, Invalid, Refused("own-record"), Conflict("person-not-left", "too-early").
        """
        check_text("reason", reason)
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        with self.site.database.writing() as unit:
            one, now = unit.people.get(mine.id) or mine, self.site.clock.now()
            if one.left_at is None:
                raise Conflict("person-not-left", number=number)
            if now < (due := one.left_at + self.site.terms.names_kept):
                raise Conflict("too-early", number=number, due=due.date().isoformat())
            unit.people.put(replace(one, name=None))
            erased = unit.departures.erase_payload(one.id, now)
            unit.log.append_all([_erased(caller, *place) for place in erased], now)
            facts, why = {"values": len(erased)}, {"reason": reason}  # who writes a reason may write a name
            objects = (("person", one.id),)
            unit.log.append(Entry(Act.PERSON_ERASE, caller.id, objects, facts=facts, personal=why), now)
        return len(erased)

    def _checklist(self, unit: UnitOfWork, one: Person) -> Checklist:
        now = self.site.clock.now()
        found = {kind: question(unit, one, now) for kind, question in OPEN.items()}
        found["gaps"] = owed_by(self.site, unit, one.id, now)
        _, cites = pack_at(self.site.policies, now).duty(Duty.HAND_BACK)
        items = tuple(Item(kind, len(ids), tuple(ids[:_TOLD])) for kind, ids in found.items() if ids)
        return Checklist(one, items, cite_ids(cites))


def _erased(caller: Caller, log: str, index: int, field: str) -> Entry:
    """The entry by which the check of the logs knows that a value was erased and not lost."""
    facts = {"field": field, "index": index, "log": log, "reason": Act.PERSON_ERASE.value}
    return Entry(Act.PERSONAL_ERASE, caller.id, facts=facts)


def _there(unit: UnitOfWork, person_id: str) -> Person:
    found = unit.people.get(person_id)
    if found is None or found.left_at is not None:
        raise Conflict("person-left")
    return found
