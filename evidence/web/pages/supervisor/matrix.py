"""What must be recorded: the cases with their steps in red, amber and green; and the matrix of one case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.domain.steps import Matter, StepState
from evidence.errors import Invalid
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.supervisor.board import DAYS, STEP_TONES, days_of
from evidence.web.pages.turning import page_of

router = APIRouter(prefix="/matrix", tags=["pages"], include_in_schema=False)


@router.get("")
def cases(
    request: Request,
    app: App,
    state: str = "",
    days: str = "",
    after: str | None = None,
    caller: Caller = admitted(Action.READ_CASE_FILES),
) -> Response:
    """Show the cases of which a step ends within the days that are looked at, or those with a state."""
    if state and state not in tuple(StepState):
        raise Invalid("invalid-text", field="state")
    looked = days_of(days)
    found = app.matrix.of_unit(caller, since=app.site.clock.now() - timedelta(days=looked))
    totals = {one: sum(case.counts[one] for case in found) for one in StepState}
    wanted = [one for one in found if not state or one.counts[StepState(state)]]
    shown, then = page_of(wanted, after, lambda one: one.case.id)
    facts: dict[str, Any] = {
        "cases": shown,
        "after": then,
        "totals": totals,
        "state": state,
        "count": len(wanted),
    }
    return desk(request, caller, "matrix", tones=STEP_TONES, days=looked, choices=DAYS, **facts)


@router.get("/{case_id}")
def case(
    case_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_CASE_FILES)
) -> Response:
    """Show the matrix of a case."""
    found = app.matrix.of_case(caller, case_id)
    lines = [one for one in found.lines if one.steps or one.unentered]
    return desk(
        request,
        caller,
        "matrix_case",
        matrix=found,
        lines=lines,
        others=len(found.lines) - len(lines),
        tones=STEP_TONES,
        is_matter=lambda what: isinstance(what, Matter),
    )
