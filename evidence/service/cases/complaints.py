"""Complaints about people, or a unit: intake, handler, answer, each within the days of the pack (000-20,
004-14(9)).

1. Intake holds the recordings of the people and hour concerned in the same act (freezing.py).
2. A head names a handler: never whom it is about, nor who wore or commanded what is held where it is about a
   unit. Whoever the pack calls too near, only for a reason.
3. The handler closes it, with result and reason: nobody else does, nor the console of the server. What is
   held stays held until two people lift that.
Whom a complaint is about finds it under their own conduct, without who complained and in which words
(`about_me`); for all else it does not exist for them, whatever role they have. Who complained, where and
about what, and reasons, are commitments in the log, and in no piece of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from evidence.domain.access import Caller, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.complaints import (
    Channel,
    Complaint,
    ComplaintClock,
    ComplaintState,
    Result,
    Told,
    clock_of,
    too_near,
)
from evidence.domain.ids import is_id, new_id
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.conduct import Complaints as Rule
from evidence.policy.conduct import complaints_of
from evidence.policy.rules import cite_ids
from evidence.service.cases.complaint_access import hands_of, is_about, may_about, subject_of, unit_of
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.keeping.freezing import freeze
from evidence.service.keeping.holds import Holds
from evidence.service.oversight.refusals import OutOfSight, person_on_roll, reason_of, tries_logged
from evidence.service.people.hands import hand_of
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

MOST_SUBJECTS = 20
MOST_DAYS = 31  # of the hour that one is about
MOST_UNIT_HOURS = 24  # of the hour of one about a unit: all that this recorded then is held


@dataclass(frozen=True, slots=True)
class Intake:
    """A complaint as it came. numbers: of whom it is about. span: the hour. unit_id: the unit that it is
    about; then nobody need be named.
    """

    number: str
    received_on: date
    channel: Channel
    numbers: tuple[str, ...]
    span: Span
    matter: str
    place: str
    complainant: str | None = None
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListedComplaint:
    """A complaint with its time and the articles. recordings: what is held for it, those within reach."""

    complaint: Complaint
    clock: ComplaintClock
    cites: tuple[str, ...]
    recordings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Complaints:
    """The desk for complaints."""

    site: Site

    @admits(Action.TAKE_COMPLAINTS)
    def take(self, caller: Caller, new: Intake) -> ListedComplaint:
        """Take a complaint in, and hold what it concerns.

        Raises: NotFound("person-not-found", "unit-not-found"), Refused("own-complaint"),
        Conflict("complaint-number-taken"), Invalid("invalid-text", "reason-needed", "nobody-named",
        "hour-wrong", "day-to-come").
        """
        self._verify(new)
        now = self.site.clock.now()
        told = Told(new.complainant, reason_of(new.matter), reason_of(new.place))
        with (
            tries_logged(self.site, caller, Action.TAKE_COMPLAINTS),
            self.site.database.writing() as unit,
        ):
            subjects = tuple(subject_of(unit, self.site, caller, one) for one in dict.fromkeys(new.numbers))
            about = new.number, new.received_on, new.channel, told, subjects, new.span
            made = Complaint(
                new_id(), *about, caller.id, now, unit_id=unit_of(unit, self.site, caller, new.unit_id)
            )
            if made.is_about(caller.id):
                raise Refused("own-complaint", action=Action.TAKE_COMPLAINTS.value)
            unit.complaints.add(made)
            listed = self._listed(made)
            facts = {"channel": made.channel.value, "cites": list(listed.cites)}
            said = {key: one for key, one in (("complainant", told.complainant),) if one is not None}
            personal = {**said, "matter": told.matter, "number": made.number, "place": told.place}
            unit.log.append(_entry(Act.COMPLAINT_TAKE, caller, made, facts, personal), now)
            held = freeze(unit, self.site, caller.id, complaint=made.id)
        Holds(self.site).settle(held)
        return self.get(caller, made.id)

    @admits(Action.ASSIGN_COMPLAINTS)
    def assign(
        self, caller: Caller, complaint_id: str, number: str, reason: str | None = None
    ) -> ListedComplaint:
        """Give a complaint to a handler, by number, in the place of the one before. reason: why it is
        somebody whom the pack calls too near.

        Raises: NotFound("complaint-not-found", "person-not-found"), Refused("own-complaint", "not-on-roll",
        "may-not-handle", "below-subject", "direct-superior"), Conflict("complaint-closed"), Invalid.
        """
        reason, now = None if reason is None else reason_of(reason), self.site.clock.now()
        with self._writing(caller, Action.ASSIGN_COMPLAINTS, complaint_id) as (unit, found):
            _verify_open(found)
            handler = unit.people.by_number(number) if is_plain(number) else None
            if handler is None:
                raise NotFound("person-not-found", number=number)
            if is_about(unit, found, handler.id, now):
                raise Refused("own-complaint", action=Action.ASSIGN_COMPLAINTS.value)
            person_on_roll(unit, self.site, handler.id, now)
            near = self._verify_apart(unit, found, handler.id, reason)
            unit.complaints.assign(found.id, handler.id, near, caller.id, now)
            facts, personal = (
                {"handler": handler.id, "too_near": near},
                {} if near is None else {"reason": reason},
            )
            unit.log.append(_entry(Act.COMPLAINT_ASSIGN, caller, found, facts, personal), now)
        return self._listed(replace(found, handler=handler.id))

    @admits(Action.ANSWER_COMPLAINTS)
    def close(self, caller: Caller, complaint_id: str, result: Result, reason: str) -> ListedComplaint:
        """Close a complaint that one handles, with result and reason; what is in doubt is held before.

        Raises: NotFound("complaint-not-found"), Refused("not-the-handler", "own-complaint"),
        Conflict("complaint-closed"), Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with self._writing(caller, Action.ANSWER_COMPLAINTS, complaint_id) as (unit, found):
            _verify_open(found)
            if caller.id != found.handler:
                raise Refused("not-the-handler", action=Action.ANSWER_COMPLAINTS.value)
            held = freeze(unit, self.site, caller.id, complaint=found.id)
            if is_about(unit, found, caller.id, now):  # what they wore then may have come since
                raise Refused("own-complaint", action=Action.ANSWER_COMPLAINTS.value)
            today = local_day(self.site.policies, now)
            unit.complaints.close(found.id, result, reason, caller.id, today, now)
            done = replace(
                found, result=result, reason=reason, closed_by=caller.id, closed_on=today, closed_at=now
            )
            listed = self._listed(done)
            facts = {
                "cites": list(listed.cites),
                "days_over": listed.clock.days_over,
                "result": result.value,
            }
            unit.log.append(_entry(Act.COMPLAINT_CLOSE, caller, found, facts, {"reason": reason}), now)
        Holds(self.site).settle(held)
        return listed

    @admits(Action.READ_COMPLAINTS)
    def all(self, caller: Caller, *, red: bool = False, is_open: bool = False) -> Sequence[ListedComplaint]:
        """Return the complaints of the caller's units that are not about them, oldest first; red: only those
        whose time is over; is_open: that have not ended. The look is logged.
        """
        with self.site.database.writing() as unit:
            entry = Entry(Act.READ_LIST, caller.id, facts={"list": "complaints"})
            unit.log.append(entry, self.site.clock.now())
        with self.site.database.reading() as unit:
            found = self.within(unit, caller, is_open=is_open)
        return [one for one in found if not red or one.clock.state is ComplaintState.OVERDUE]

    def within(self, unit: UnitOfWork, caller: Caller, *, is_open: bool) -> Sequence[ListedComplaint]:
        """Return the same, to use cases that have admitted and logged."""
        every, action = unit.complaints.all(is_open=is_open), Action.READ_COMPLAINTS
        return [self._listed(one) for one in every if may_about(unit, self.site, caller, action, one)]

    @admits(Action.READ_COMPLAINTS)
    def get(self, caller: Caller, complaint_id: str) -> ListedComplaint:
        """Return a complaint with what is held for it; the look is logged. Raises: NotFound."""
        now, there = self.site.clock.now(), reach(caller, Action.LIST_RECORDINGS, self.site.bars())
        with self._writing(caller, Action.READ_COMPLAINTS, complaint_id) as (unit, found):
            entry = Entry(Act.READ_LIST, caller.id, (("complaint", found.id),), facts={"list": "complaints"})
            unit.log.append(entry, now)
            standings = unit.standings.some(unit.complaints.held(found.id), now)
            seen = tuple(id_ for id_, one in standings.items() if there.covers(one))
        return self._listed(found, seen)

    @admits(Action.OWN_CONDUCT)
    def about_me(self, caller: Caller) -> Sequence[ListedComplaint]:
        """Return the complaints about the caller, without who complained and in which words."""
        with self.site.database.reading() as unit:
            mine = [one for one in unit.complaints.all() if one.is_about(caller.id)]
        return [self._listed(replace(one, told=Told(None, None, None), reason=None)) for one in mine]

    def _verify(self, new: Intake) -> None:
        now = self.site.clock.now()
        check_text("number", new.number)
        if new.complainant is not None:
            check_text("complainant", new.complainant)
        if len(new.numbers) > MOST_SUBJECTS or not (new.numbers or new.unit_id):
            raise Invalid("nobody-named", most=MOST_SUBJECTS)
        if new.received_on > local_day(self.site.policies, now):
            raise Invalid("day-to-come", day=new.received_on.isoformat())
        most = timedelta(days=MOST_DAYS) if new.unit_id is None else timedelta(hours=MOST_UNIT_HOURS)
        if not new.span.start < new.span.end or new.span.start > now or new.span.length > most:
            raise Invalid("hour-wrong", most_h=most // timedelta(hours=1))

    def _verify_apart(
        self, unit: UnitOfWork, found: Complaint, handler_id: str, reason: str | None
    ) -> str | None:
        """Return in which way a handler is too near, where a reason says why it is they all the same."""
        now, rule = self.site.clock.now(), self._rule(found.received_on)
        hand, as_caller = hand_of(unit, handler_id, now), unit.grants.caller(handler_id, now)
        if as_caller is None or not may_about(unit, self.site, as_caller, Action.ANSWER_COMPLAINTS, found):
            raise Refused("may-not-handle", action=Action.ASSIGN_COMPLAINTS.value)
        for other in hands_of(unit, found, now):
            near = too_near(hand, other)
            if near is not None and rule is not None and near.value in rule.apart:
                if reason is None:
                    raise Refused(
                        near.value,
                        action=Action.ASSIGN_COMPLAINTS.value,
                        cites=" ".join(cite_ids(rule.cites)),
                    )
                return near.value
        return None

    def _listed(self, one: Complaint, recordings: tuple[str, ...] = ()) -> ListedComplaint:
        """Judge a complaint by the pack that was in force on the day on which it came."""
        rule, today = self._rule(one.received_on), local_day(self.site.policies, self.site.clock.now())
        clock = clock_of(one, today, None if rule is None else rule.within_days)
        return ListedComplaint(one, clock, () if rule is None else cite_ids(rule.cites), recordings)

    def _rule(self, on: date) -> Rule | None:
        return complaints_of(self.site.policies.at(on), self.site.strictest.at(on))

    @contextmanager
    def _writing(
        self, caller: Caller, action: Action, complaint_id: str
    ) -> Iterator[tuple[UnitOfWork, Complaint]]:
        """Open a transaction about a complaint of the caller's units.

        Raises: NotFound("complaint-not-found").
        """
        with (
            tries_logged(self.site, caller, action, ("complaint", complaint_id)),
            self.site.database.writing() as unit,
        ):
            found = unit.complaints.get(complaint_id) if is_id(complaint_id) else None
            if found is None:
                raise NotFound("complaint-not-found", complaint=complaint_id)
            if not may_about(unit, self.site, caller, action, found):
                raise OutOfSight("complaint-not-found", complaint=complaint_id)
            yield unit, found


def _verify_open(one: Complaint) -> None:
    if one.closed_at is not None:
        raise Conflict("complaint-closed", complaint=one.id)


def _entry(
    act: Act, caller: Caller, one: Complaint, facts: Mapping[str, object], personal: Mapping[str, object]
) -> Entry:
    people = (("person", subject.person_id) for subject in one.subjects)
    units = () if one.unit_id is None else (("unit", one.unit_id),)
    objects = (("complaint", one.id), *units, *people)
    return Entry(act, caller.id, objects, facts=facts, personal=personal)
