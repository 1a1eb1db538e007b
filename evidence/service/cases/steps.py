"""Steps of cases: that something was done which must be recorded is entered, or taken back (Dazhe 2020
art. 5 and the annex).

1. Custodians and heads of the unit that conducts the case enter its steps. What the annex has the legal unit
   record (a hearing) is owed by it, and may be entered by it as well.
2. The kinds and the annex are those of the pack in force when the step began.
3. Whoever took part takes no step back: what nobody entered, nobody misses.
Places may name people: they are commitments in the log, and in no piece of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.instants import to_text
from evidence.domain.labels import not_in_annex
from evidence.domain.people import WHOLE
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.domain.steps import Matter, Step
from evidence.errors import Conflict, Invalid, Known, NotFound, Refused
from evidence.policy.enforcement import enforcement_of
from evidence.policy.labels import Label, OwedBy
from evidence.service.cases.case_access import about_case
from evidence.service.cases.case_filing import verify_not_archived
from evidence.service.cases.step_lines import rule_of
from evidence.service.cases.step_ports import Scope
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.oversight.refusals import OutOfSight, reason_of
from evidence.service.people.people_ports import StoredCase
from evidence.service.people.roll_scope import admit_to_unit, check_text
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.labelling import verify_officers
from evidence.service.site import Site

MOST_OFFICERS = 20
MOST_DAYS = 366  # of one step or document, and as far ahead as one is planned


@dataclass(frozen=True, slots=True)
class StepSaid:
    """What somebody says was done, or is planned. what: a kind of activity, or a line of the annex.
    officers: their numbers.
    """

    what: str | Matter
    start: datetime
    end: datetime
    officers: Sequence[str]
    place: str | None = None


@dataclass(frozen=True)
class Steps:
    """The desk for steps, and for which unit is the legal one."""

    site: Site

    @admits(Action.REGISTER_ACTS)
    def enter(self, caller: Caller, case_id: str, said: StepSaid) -> Step:
        """Enter a step of a case.

        Raises: NotFound("case-not-found", "person-not-found"), Conflict("case-archived", "no-legal-unit"),
        Invalid("unknown-activity", "not-in-annex", "ends-before-start", "time-too-far", "officers-needed",
        "not-an-officer", "invalid-text").
        """
        if said.place is not None:
            check_text("place", said.place)
        now = self.site.clock.now()
        span, numbers = span_said(said.start, said.end, now), officers_said(said.officers)
        owed_by = self._owed_by(said)
        legal = owed_by is OwedBy.LEGAL_UNIT
        with about_case(self.site, caller, Action.REGISTER_ACTS, case_id, or_legal=legal) as (unit, case):
            verify_not_archived(unit, case.id)
            officers = people_of(unit, numbers)
            owner = unit.legal_units.serving(case.path) if legal else case.unit_id
            if owner is None:
                names = full_names(unit.units.all())
                raise Conflict("no-legal-unit", unit=case.unit_id, name=names[case.unit_id])
            new = Step(new_id(), case.id, said.what, span, said.place, owner, officers, caller.id, now)
            unit.steps.add(new)
            personal = {} if said.place is None else {"place": said.place}
            unit.log.append(_entry(Act.STEP_ENTER, caller, case, new, personal), now)
        return new

    @admits(Action.REGISTER_ACTS)
    def withdraw(self, caller: Caller, case_id: str, step_id: str, reason: str) -> None:
        """Take a step back that was entered by mistake.

        Raises: NotFound("case-not-found", "step-not-found"), Refused("own-step"), Conflict("case-archived"),
        Invalid("reason-needed").
        """
        reason, now = reason_of(reason), self.site.clock.now()
        with about_case(self.site, caller, Action.REGISTER_ACTS, case_id, or_legal=True) as (unit, case):
            verify_not_archived(unit, case.id)
            step = self._step(unit, caller, case, step_id)
            if caller.id in step.officers:
                raise Refused("own-step", action=Action.REGISTER_ACTS.value)
            unit.steps.end(case.id, step.id, caller.id, now)
            unit.log.append(_entry(Act.STEP_WITHDRAW, caller, case, step, {"reason": reason}), now)

    @admits(Action.MANAGE_UNITS)
    def name_legal_unit(self, caller: Caller, unit_id: str) -> None:
        """Note that a unit is the legal one (法制机构) of what lies beside and below it; one that is
        stays so.

        Raises: NotFound("unit-not-found"), Conflict("unit-closed").
        """
        mine, now = admit_to_unit(self.site, caller, Action.MANAGE_UNITS, unit_id), self.site.clock.now()
        with self.site.database.writing() as unit:
            if unit.legal_units.name(mine.id, caller.id, now):
                unit.log.append(Entry(Act.LEGAL_UNIT_NAME, caller.id, (("unit", mine.id),)), now)

    @admits(Action.MANAGE_UNITS)
    def end_legal_unit(self, caller: Caller, unit_id: str) -> None:
        """Note that a unit is the legal one no more; what it owes stays with it.

        Raises: NotFound("unit-not-found"), Conflict("unit-closed", "not-a-legal-unit").
        """
        mine, now = admit_to_unit(self.site, caller, Action.MANAGE_UNITS, unit_id), self.site.clock.now()
        with self.site.database.writing() as unit:
            if not unit.legal_units.end(mine.id, caller.id, now):
                raise Conflict("not-a-legal-unit", unit=mine.id)
            unit.log.append(Entry(Act.LEGAL_UNIT_END, caller.id, (("unit", mine.id),)), now)

    def _owed_by(self, said: StepSaid) -> OwedBy:
        """Return which unit owes the recording, by the pack in force when the step began. Raises: Invalid."""
        pack = pack_at(self.site.policies, said.start)
        if isinstance(said.what, Matter):
            rule = rule_of(pack, said.what)
            if rule is None:
                raise not_in_annex(Label.MATTER, asdict(said.what), pack.must_record)
            return rule.owed_by
        kinds = enforcement_of(pack, pack_at(self.site.strictest, said.start)).activities
        if kinds is None or said.what not in kinds.words:
            known = () if kinds is None else kinds.words
            raise Invalid("unknown-activity", kind=said.what, known=Known(known, "activity-kind"))
        return OwedBy.CONDUCTING_UNIT

    def _step(self, unit: UnitOfWork, caller: Caller, case: StoredCase, step_id: str) -> Step:
        """Return a step that the caller's units conduct or owe. Raises: NotFound("step-not-found")."""
        every = unit.steps.of(Scope(frozenset({WHOLE}), case.id)).get(case.id, ())
        found = next((one for one in every if is_id(step_id) and one.id == step_id), None)
        if found is None:
            raise NotFound("step-not-found", step=step_id)
        owner, bars = unit.units.get(found.owner_id), self.site.bars()
        paths = {case.path, case.path if owner is None else owner.path}
        if not any(may_in(caller, Action.REGISTER_ACTS, path, bars) for path in paths):
            raise OutOfSight("step-not-found", step=step_id)
        return found


def span_said(start: datetime, end: datetime, now: datetime) -> Span:
    """Return a time that somebody says: a slip in the year would lead beyond every calendar.

    Raises: Invalid("ends-before-start", "time-too-far").
    """
    if end <= start:
        raise Invalid("ends-before-start")
    most = timedelta(days=MOST_DAYS)
    if end - start > most or end - now > most:
        raise Invalid("time-too-far", most_days=MOST_DAYS)
    return Span(start, end)


def officers_said(numbers: Sequence[str]) -> tuple[str, ...]:
    """Return the numbers of officers, each once. Raises: Invalid("officers-needed")."""
    once = tuple(dict.fromkeys(one.strip() for one in numbers))
    if not once or len(once) > MOST_OFFICERS:
        raise Invalid("officers-needed", most=MOST_OFFICERS)
    for one in once:
        check_text("officer", one)
    return once


def people_of(unit: UnitOfWork, numbers: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of officers. Raises: NotFound("person-not-found"), Invalid("not-an-officer")."""
    verify_officers(unit, numbers)
    people = (unit.people.by_number(one) for one in numbers)
    return tuple(one.id for one in people if one is not None)


def _entry(act: Act, caller: Caller, case: StoredCase, step: Step, personal: Mapping[str, object]) -> Entry:
    what = step.what
    facts: dict[str, object] = {
        **(asdict(what) if isinstance(what, Matter) else {"kind": what}),
        "owner": step.owner_id,
        "since": to_text(step.span.start),
        "until": to_text(step.span.end),
    }
    people = (("person", one) for one in step.officers)
    objects = (("case", case.id), ("step", step.id), *people)
    return Entry(act, caller.id, objects, facts=facts, personal=personal)
