"""Steps of cases, judged: by the pack in force at each, from the recordings of its case and from exemptions.

Everything about all cases that are asked for is read in a few questions; how a step stands is read from it
each time, and stands nowhere. It does not depend on who asks: a recording that the reader may not know of
covers a step all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evidence.domain.explanations import Exemption
from evidence.domain.instants import later
from evidence.domain.spans import Span
from evidence.domain.steps import (
    Footage,
    Margins,
    Matter,
    Step,
    StepState,
    covered_by,
    is_enough,
    is_whole,
    shown_by,
    state_of,
)
from evidence.policy.enforcement import Enforcement, enforcement_of
from evidence.policy.rules import MustRecord, Pack, cite_ids
from evidence.service.cases.step_ports import Scope
from evidence.service.instruments import pack_at
from evidence.service.oversight.commanding import LONGEST
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_LACKING = frozenset({StepState.RED, StepState.DUE, StepState.PARTLY})


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step and how it stands. due: until when its recording is to be stored. footage: what shows it, or
    a part of it; covered: how much, None where that is not known. cites: why it must be recorded. short:
    where it is neither recorded nor exempt, the statement that would count if it covered all of it. beside:
    what its officers recorded meanwhile and does not show it (`with_beside`).
    """

    step: Step
    state: StepState
    due: datetime
    footage: Sequence[Footage]
    covered: timedelta | None
    exemption: Exemption | None
    cites: tuple[str, ...]
    short: Exemption | None = None
    beside: Sequence[Footage] = ()

    @property
    def percent(self) -> int | None:
        """How much of it recordings show, in a hundred, rounded down; None where that is not known."""
        return None if self.covered is None else self.covered * 100 // self.step.span.length

    @property
    def lacking(self) -> timedelta | None:
        """How much of it no recording shows; None where that is not known."""
        return None if self.covered is None else self.step.span.length - self.covered


def rule_of(pack: Pack, matter: Matter) -> MustRecord | None:
    """Return the line of a pack's annex for a matter."""
    words = (matter.category, matter.stage, matter.matter)
    return next((one for one in pack.must_record if (one.category, one.stage, one.matter) == words), None)


@dataclass(frozen=True)
class Judge:
    """Judges steps at a moment."""

    site: Site
    now: datetime
    exempt: Mapping[str, Sequence[Exemption]] = field(default_factory=dict)  # agreed ones, by person

    def line(self, step: Step, footage: Iterable[Footage]) -> StepLine:
        """Judge a step. footage: of its case."""
        pack = pack_at(self.site.policies, step.span.end)
        shows, due = shown_by(step, footage), later(step.span.end, pack.upload_deadline.within)
        exemption = self.exemption(step.officers, step.span)
        rule = rule_of(pack, step.what) if isinstance(step.what, Matter) else None
        is_shown = bool(shows)
        if rule is not None and rule.is_whole:
            is_shown = is_whole(step.span, shows, self._margins(pack))
        covered, kinds = covered_by(step.span, shows), self._rules(pack).activities
        least = 0 if kinds is None or isinstance(step.what, Matter) else kinds.least_percent
        enough = is_enough(step.span, covered, least)
        state = state_of(is_shown, exemption is not None, due, self.now, enough=enough)
        short = self._short(step) if state in _LACKING else None
        return StepLine(step, state, due, shows, covered, exemption, self._cites(pack, step, rule), short)

    def exemption(self, people: Collection[str], span: Span) -> Exemption | None:
        """Return a statement of one of these people that covers all of a time, with which a head has agreed
        who is none of them: nobody exempts what they took part in.
        """
        theirs = self._agreed(people)
        return next((one for one in theirs if one.covers(one.person_id, span)), None)

    def _short(self, step: Step) -> Exemption | None:
        """Return the statement that reaches furthest into a step, of those that cover a part of it."""
        some = [one for one in self._agreed(step.officers) if one.overlaps(one.person_id, step.span)]
        return max(some, key=lambda one: (_within(one.span, step.span), one.id), default=None)

    def _agreed(self, people: Collection[str]) -> Iterator[Exemption]:
        every = (one for person in people for one in self.exempt.get(person, ()))
        return (one for one in every if one.received_by not in people)

    def _rules(self, pack: Pack) -> Enforcement:
        return enforcement_of(pack, pack_at(self.site.strictest, self.now))

    def _margins(self, pack: Pack) -> Margins:
        times = self._rules(pack).documents
        return Margins(timedelta() if times is None else times.tolerance, pack.continuity.tolerance)

    def _cites(self, pack: Pack, step: Step, rule: MustRecord | None) -> tuple[str, ...]:
        if isinstance(step.what, Matter):
            return () if rule is None else cite_ids(rule.cites)
        kinds = self._rules(pack).activities
        return () if kinds is None else cite_ids(kinds.cites)


def _within(one: Span, other: Span) -> timedelta:
    return min(one.end, other.end) - max(one.start, other.start)


def with_beside(unit: UnitOfWork, lines: Iterable[StepLine]) -> Sequence[StepLine]:
    """Return lines with what is stored of the time of those that lack footage: its labels name another case
    or matter, or none. So nobody waits for a card that was docked long ago.
    """
    return [replace(one, beside=_beside(unit, one)) if one.state in _LACKING else one for one in lines]


def _beside(unit: UnitOfWork, line: StepLine) -> Sequence[Footage]:
    step, shown = line.step, {one.recording_id for one in line.footage}
    worn = unit.steps.worn(step.officers, step.span.start, later(step.span.end, LONGEST))
    return [one for one in worn if one.recording_id not in shown and one.is_during(step.span)]


def judge_of(site: Site, unit: UnitOfWork, now: datetime) -> Judge:
    """Return what judges steps now, with the exemptions that heads have agreed to."""
    exempt: dict[str, list[Exemption]] = {}
    for one in unit.exemptions.all():
        if one.agrees:
            exempt.setdefault(one.person_id, []).append(one)
    return Judge(site, now, exempt)


def lines_of(
    site: Site, unit: UnitOfWork, scope: Scope, footage: Mapping[str, Sequence[Footage]], now: datetime
) -> Mapping[str, Sequence[StepLine]]:
    """Return the steps of the cases that have any, judged, by case. footage: of the same cases."""
    judge = judge_of(site, unit, now)
    return {
        case_id: [judge.line(one, footage.get(case_id, ())) for one in steps]
        for case_id, steps in unit.steps.of(scope).items()
    }
