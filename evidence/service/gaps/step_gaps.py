"""Steps of cases that nothing shows, as lines of the gap report that somebody explains (Dazhe 2020 art. 5).

A line has the name of its step. Whoever took part explains it, or a custodian or head of the unit that owes
the recording; nobody who took part decides. The step stays red: what was not recorded is not there, and the
explanation tells why.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.domain.access import Caller, denial
from evidence.domain.explanations import Explanation, Gap, state_of
from evidence.domain.people import WHOLE
from evidence.domain.rights import Action
from evidence.domain.steps import Step, StepState
from evidence.domain.subjects import UNRECORDED, step_named, step_subject
from evidence.service.cases.step_lines import StepLine, judge_of
from evidence.service.cases.step_ports import Scope
from evidence.service.gaps.gap_access import standings_of_step
from evidence.service.gaps.gap_lines import Standing
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


def gap_of_step(step: Step, number: str | None) -> Gap:
    """Return what is explained about a step. number: of the first of its officers."""
    return Gap(step_subject(step.id), UNRECORDED, UNRECORDED, "", step.id, None, number)


def red_step(site: Site, unit: UnitOfWork, caller: Caller, action: Action, name: str) -> StepLine | None:
    """Return the step of a name, where it is red and the caller may do this about one of its officers."""
    step_id, bars = step_named(name), site.bars()
    step = None if step_id is None else unit.steps.get(step_id)
    if step is None:
        return None
    scope = Scope(frozenset({WHOLE}), step.case_id)
    stands = any(one.id == step.id for one in unit.steps.of(scope).get(step.case_id, ()))
    there = standings_of_step(unit, step)
    if not stands or all(denial(caller, action, one, bars) is not None for one in there):
        return None
    footage = unit.steps.footage(scope).get(step.case_id, ())
    line = judge_of(site, unit, site.clock.now()).line(step, footage)
    return line if line.state is StepState.RED else None


def standing_of_step(step: Step, history: Sequence[Explanation], number: str | None) -> Standing:
    """Return how far the line of a red step is."""
    state = state_of(history, is_exempt=False, wearer=number)
    return Standing(step_subject(step.id).name, state, number, None, tuple(history))
