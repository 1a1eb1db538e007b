"""Statements that nothing was recorded, and on which ground; and a head's receipt (Dazhe 2020 art. 6).

Only the grounds of the law, as the pack lists them. What touches secrets may go unrecorded for that reason:
the statement says so, and the secret itself stands nowhere here. A head who is neither author nor wearer
receives it and says whether they agree; only then does it close interruptions of that time. Where there is
footage of that very time (contradictions.py), nobody agrees without saying that they know of it. Until a head
has received it its author may take it back. What is said again word for word while it waits or holds is
refused, with the number of the first (docs/decisions/0042-one-statement-once.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from evidence.domain.access import Caller, denial, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.contradictions import Against
from evidence.domain.explanations import Exemption
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.notices import Notice, NoticeKind
from evidence.domain.people import Person
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.conduct import exemptions_of
from evidence.policy.rules import cite_ids
from evidence.service.gaps.contradictions import against, told_to_whom
from evidence.service.gaps.gap_access import standing_of_person, verify_may
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.intake.placing import unit_id_of
from evidence.service.oversight.refusals import reason_of, tries_logged
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody states. number: of the wearer. basis: in law. device_state: of the recorder."""

    number: str
    ground: str
    basis: str
    span: Span
    device_state: str


@dataclass(frozen=True)
class Exemptions:
    """The desk for exemption statements."""

    site: Site

    @admits(Action.EXPLAIN)
    def state(self, caller: Caller, said: Stated) -> Exemption:
        """State why somebody did not record, after the enforcement has ended; their unit head is told.

        Raises: Invalid("unknown-ground", "reason-needed", "end-ahead"), NotFound("person-not-found"),
        Conflict("exemption-stated").
        """
        now = self.site.clock.now()
        rule = exemptions_of(pack_at(self.site.policies, now), pack_at(self.site.strictest, now))
        if said.ground not in rule.words:
            raise Invalid("unknown-ground", ground=said.ground, known=Known(rule.words, "exempting"))
        basis, device_state = reason_of(said.basis), reason_of(said.device_state)
        if said.span.end > now:
            raise Invalid("end-ahead", until=said.span.end.isoformat())
        with (
            tries_logged(self.site, caller, Action.EXPLAIN),
            self.site.database.writing() as unit,
        ):
            person = unit.people.by_number(said.number) if is_plain(said.number) else None
            stands = standing_of_person(unit, person)
            verify_may(self.site, caller, Action.EXPLAIN, stands, "person-not-found")
            if person is None:
                raise NotFound("person-not-found", number=said.number)
            new = Exemption(new_id(), person.id, said.ground, basis, said.span, device_state, caller.id, now)
            first = next(filter(new.repeats, unit.exemptions.about(person.id)), None)
            if first is not None:
                raise Conflict("exemption-stated", exemption=first.id)
            unit.exemptions.add(new)
            where = unit_id_of(stands.unit_path)
            unit.notices.add(Notice(new_id(), now, NoticeKind.EXEMPTION, None, where, person.id, new.id))
            facts = {
                "ground": new.ground,
                "since": to_text(new.span.start),
                "until": to_text(new.span.end),
                "cites": list(cite_ids(rule.cites)),
            }
            personal = {"basis": basis, "device_state": device_state}
            objects = (("exemption", new.id), ("person", person.id))
            entry = Entry(Act.EXEMPTION_STATE, caller.id, objects, facts=facts, personal=personal)
            unit.log.append(entry, now)
        return new

    @admits(Action.REVIEW_GAPS)
    def receive(
        self, caller: Caller, exemption_id: str, *, agrees: bool, view: str, despite: bool = False
    ) -> Exemption:
        """Receive a statement, as a head who neither wrote it nor wore the recorder, with a view of it.
        despite: they agree though they know that there is footage of that time.

        Raises: NotFound("exemption-not-found"), Refused("own-request", "own-recording"),
        Conflict("exemption-received", "exemption-withdrawn", "exemption-contradicted"),
        Invalid("reason-needed").
        """
        view, now = reason_of(view), self.site.clock.now()
        with self._writing(caller, Action.REVIEW_GAPS, exemption_id) as (unit, found):
            if found.author == caller.id:
                raise Refused("own-request", action=Action.REVIEW_GAPS.value)
            if not unit.exemptions.receive(found.id, caller.id, now, agrees=agrees, view=view):
                raise _over(found)
            known = against(unit, [found])[found.id] if agrees else ()
            if known and not despite:
                raise Conflict("exemption-contradicted", exemption=found.id, recordings=len(known))
            objects = (("exemption", found.id), ("person", found.person_id))
            facts, personal = {"agrees": agrees, **_despite(known)}, {"view": view}
            entry = Entry(Act.EXEMPTION_RECEIVE, caller.id, objects, facts=facts, personal=personal)
            unit.log.append(entry, now)
        return replace(found, agrees=agrees, view=view, received_by=caller.id, received_at=now)

    @admits(Action.EXPLAIN)
    def withdraw(self, caller: Caller, exemption_id: str, reason: str) -> Exemption:
        """Take back what one stated oneself, before a head has received it; it stays, with the reason.

        Raises: NotFound("exemption-not-found"), Refused("not-the-author"), Conflict("exemption-received",
        "exemption-withdrawn"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._writing(caller, Action.EXPLAIN, exemption_id) as (unit, found):
            if found.author != caller.id:
                raise Refused("not-the-author", action=Action.EXPLAIN.value)
            if not unit.exemptions.withdraw(found.id, now, reason):
                raise _over(found)
            objects = (("exemption", found.id), ("person", found.person_id))
            entry = Entry(Act.EXEMPTION_WITHDRAW, caller.id, objects, personal={"reason": reason})
            unit.log.append(entry, now)
        return replace(found, withdrawn_at=now, withdrawal=reason)

    @admits(Action.READ_GAPS)
    def stated(self, caller: Caller) -> Sequence[Exemption]:
        """Return the statements within reach, newest first; the look is logged."""
        now, bars = self.site.clock.now(), self.site.bars()
        with self.site.database.writing() as unit:
            seen = [
                one
                for one in unit.exemptions.all()
                if denial(
                    caller,
                    Action.READ_GAPS,
                    standing_of_person(unit, unit.people.get(one.person_id)),
                    bars,
                )
                is None
            ]
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "exemptions"}), now)
        return seen

    @admits(Action.READ_GAPS)
    def against(self, caller: Caller, found: Sequence[Exemption]) -> Mapping[str, Sequence[Against]]:
        """Return what speaks against each of these statements that the caller was shown, by its id."""
        now, there = self.site.clock.now(), reach(caller, Action.READ_GAPS, self.site.bars())
        with self.site.database.reading() as unit:
            return told_to_whom(unit, there, against(unit, found), now)

    def waiting(self, unit: UnitOfWork, caller: Caller, most: int) -> Sequence[tuple[Person, Exemption]]:
        """Return the statements that wait for this head, oldest first, with whom each is about, to use cases
        that have admitted and logged. Nobody receives their own."""
        bars, found = self.site.bars(), list[tuple[Person, Exemption]]()
        for one in unit.exemptions.waiting():
            person = unit.people.get(one.person_id)
            stands = standing_of_person(unit, person)
            may = one.author != caller.id and denial(caller, Action.REVIEW_GAPS, stands, bars) is None
            if person is not None and may:
                found.append((person, one))
                if len(found) == most:
                    break
        return found

    @contextmanager
    def _writing(
        self, caller: Caller, action: Action, exemption_id: str
    ) -> Iterator[tuple[UnitOfWork, Exemption]]:
        """Open a transaction about a statement within reach. Raises: NotFound("exemption-not-found")."""
        with (
            tries_logged(self.site, caller, action, ("exemption", exemption_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.exemptions.get(exemption_id) if is_id(exemption_id) else None
            if found is None:
                raise NotFound("exemption-not-found")
            stands = standing_of_person(unit, unit.people.get(found.person_id))
            verify_may(self.site, caller, action, stands, "exemption-not-found")
            yield unit, found


def _despite(known: Sequence[Against]) -> dict[str, object]:
    """What a head knew of and agreed all the same: recordings, and how many files that nobody has stored."""
    stored = [one.recording_id for one in known if one.recording_id]
    return {"despite": {"recordings": stored, "listed": len(known) - len(stored)}} if known else {}


def _over(found: Exemption) -> Conflict:
    code = "exemption-received" if found.withdrawn_at is None else "exemption-withdrawn"
    return Conflict(code, exemption=found.id)
