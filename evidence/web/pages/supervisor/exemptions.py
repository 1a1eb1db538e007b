"""Exemption statements: why nothing was recorded, on a ground of the law; a head receives each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.people import people_known
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.explanations import Exemption, ExemptionState
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import in_order
from evidence.web.pages.turning import page_of

SORTS: Mapping[str, Callable[[Exemption], Any]] = {
    "stated": lambda one: one.at,
    "when": lambda one: one.span.start,
}

router = APIRouter(prefix="/exemptions", tags=["pages"], include_in_schema=False)


@router.get("")
def statements(
    request: Request,
    app: App,
    state: str = "pending",
    after: str | None = None,
    sort: str = "",
    caller: Caller = admitted(Action.READ_GAPS),
) -> Response:
    """Show the statements within reach, newest first: those that wait for a head, or all."""
    return _shown(request, app, caller, state, after, sort)


@router.post("/{exemption_id}/receipt")
async def receive(
    exemption_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REVIEW_GAPS, form=True),
) -> Response:
    """Receive a statement, with a view of it."""
    form = await read_form(request)
    try:
        said = {"agrees": form.get("agrees") == "yes", "despite": form.get("despite") == "yes"}
        receive_it = partial(app.exemptions.receive, caller, exemption_id, view=form.get("view", ""), **said)
        await run_in_threadpool(receive_it)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, "pending", None, "", problem)
    return away("/exemptions?done=exemption-received")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    state: str,
    after: str | None,
    sort: str = "",
    problem: EvidenceError | None = None,
) -> Response:
    bars = app.site.bars()
    every = app.exemptions.stated(caller)
    found = [one for one in every if state == "all" or one.state is ExemptionState.PENDING]
    shown, then = page_of(in_order(found, sort, SORTS), after, lambda one: one.id)
    ids = [id_ for one in shown for id_ in (one.person_id, one.author, one.received_by)]
    return desk(
        request,
        caller,
        "exemptions",
        problem=problem,
        found=shown,
        after=then,
        state=state,
        count=len(found),
        people=people_known(app.site, caller, ids),
        against=app.exemptions.against(caller, shown),
        may_receive=may(caller, Action.REVIEW_GAPS, bars),
    )
