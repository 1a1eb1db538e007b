"""Steps of cases that nothing shows, or too little, as a part of the gap report (Dazhe 2020 art. 5): planned,
done, not recorded.

What lies ahead is no gap. A step has no recorder: who asks for one gets none of these. What is red is
explained like other lines (step_gaps.py), and stays red. Of what is shown in part no explanation is asked:
somebody looks (decision 41).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence.domain.access import Caller, Reach
from evidence.domain.explanations import GapState
from evidence.domain.people import WHOLE, is_below
from evidence.domain.steps import StepState
from evidence.domain.subjects import step_subject
from evidence.service.cases.matrix import visible
from evidence.service.cases.step_lines import StepLine, judge_of, lines_of, with_beside
from evidence.service.cases.step_ports import Scope
from evidence.service.gaps.gap_lines import Standing
from evidence.service.gaps.gap_parts import Asked, span_of
from evidence.service.gaps.step_gaps import standing_of_step
from evidence.service.instruments import local_day
from evidence.service.people.people_ports import StoredCase
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_GAPS = frozenset({StepState.RED, StepState.DUE, StepState.PARTLY})


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A step that nothing shows, or too little. numbers: of its officers, by id. standing: how far its line
    is, where it is red."""

    case: StoredCase
    line: StepLine
    numbers: Mapping[str, str]
    standing: Standing | None = None

    @property
    def owner_id(self) -> str:
        """The unit that owes the recording."""
        return self.line.step.owner_id

    @property
    def turns(self) -> Sequence[datetime]:
        """When time alone changed what is told of it."""
        end, due = self.line.step.span.end, self.line.due
        return (end,) if self.line.state is StepState.PARTLY else (end, due)


def unrecorded_within(
    site: Site, unit: UnitOfWork, there: Reach, asked: Asked, now: datetime
) -> Sequence[Unrecorded]:
    """Return the steps within a reach that nothing shows, or too little, those that are asked for, oldest
    first."""
    if asked.device is not None:
        return []
    days = span_of(asked, ZoneInfo(site.policies.latest.time_zone))
    scope = Scope(frozenset({WHOLE}) if there.everything else there.paths, None, *days)
    lines = lines_of(site, unit, scope, unit.steps.footage(scope), now)
    if not lines:
        return []
    homes = {one.id: one.path for one in unit.units.all()}
    numbers = {one.id: one.number for one in unit.people.all()}
    top = homes.get(asked.unit_id or "", WHOLE)
    found = [
        Unrecorded(case, one, {id_: numbers[id_] for id_ in one.step.officers if id_ in numbers})
        for case in unit.steps.cases(scope)
        for one in visible(case, lines.get(case.id, ()), scope.paths, homes)
        if one.state in _GAPS and one.step.span.end <= now and is_below(homes[one.step.owner_id], top)
    ]
    told = _explained(unit, [one for one in found if _is_asked(site, one, asked)])
    return sorted((one for one in told if _is_so(one, asked.state)), key=lambda one: one.line.due)


def stored_beside(unit: UnitOfWork, found: Sequence[Unrecorded]) -> Sequence[Unrecorded]:
    """Return the same with what is stored of their times and does not show them."""
    lines = with_beside(unit, [one.line for one in found])
    return [replace(one, line=line) for one, line in zip(found, lines, strict=True)]


def own_unrecorded(
    site: Site, unit: UnitOfWork, caller: Caller, since: datetime, now: datetime
) -> Sequence[Unrecorded]:
    """Return the red steps since then in which the caller took part, oldest first."""
    everywhere, judge = frozenset({WHOLE}), judge_of(site, unit, now)
    found = []
    for case_id, steps in unit.steps.of(Scope(everywhere, since=since)).items():
        mine = [one for one in steps if caller.id in one.officers and since <= one.span.end <= now]
        case = unit.cases.get(case_id) if mine else None
        if case is not None:
            footage = unit.steps.footage(Scope(everywhere, case_id)).get(case_id, ())
            lines = (judge.line(one, footage) for one in mine)
            numbers = {caller.id: caller.name}
            found += [Unrecorded(case, one, numbers) for one in lines if one.state is StepState.RED]
    return sorted(_explained(unit, found), key=lambda one: one.line.due)


def _explained(unit: UnitOfWork, found: Sequence[Unrecorded]) -> Iterator[Unrecorded]:
    """Yield them with how far those are that are red."""
    names = {one.line.step.id: step_subject(one.line.step.id).name for one in found}
    histories = unit.explanations.of(set(names.values()))
    for one in found:
        step = one.line.step
        number = one.numbers.get(step.officers[0]) if step.officers else None
        standing = standing_of_step(step, histories[names[step.id]], number)
        yield replace(one, standing=standing) if one.line.state is StepState.RED else one


def _is_so(one: Unrecorded, state: GapState | None) -> bool:
    """Tell whether a line is in a state; one that is due is open, one that is shown in part in none."""
    if one.line.state is StepState.PARTLY:
        return state is None
    return state in (None, GapState.OPEN if one.standing is None else one.standing.state)


def _is_asked(site: Site, one: Unrecorded, asked: Asked) -> bool:
    day = local_day(site.policies, one.line.step.span.end)
    return (
        (asked.since is None or asked.since <= day)
        and (asked.until is None or day <= asked.until)
        and (asked.wearer is None or asked.wearer in one.numbers.values())
    )
