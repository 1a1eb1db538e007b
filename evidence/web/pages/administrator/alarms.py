"""Integrity alarms: what did not agree, and since when; checking anew, clearing what is seen to."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.recordings import alarm_out
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away

router = APIRouter(prefix="/alarms", tags=["pages"], include_in_schema=False)


@router.get("")
def alarms(request: Request, app: App, caller: Caller = admitted(Action.READ_STATUS)) -> Response:
    """Show the alarms that stand."""
    return _shown(request, app, caller)


@router.post("/check")
async def check(
    request: Request, app: App, caller: Caller = admitted(Action.READ_LOG, form=True)
) -> Response:
    """Hold the logs against vault and rows, now."""
    await read_form(request)
    found = await run_in_threadpool(app.auditing.fsck, caller)
    return away(f"/alarms?done={'log-broken' if found else 'log-sound'}")


@router.post("/clear")
async def clear(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_LOG, form=True)
) -> Response:
    """Clear the alarms after a check that finds nothing, or accept what it still finds."""
    form = await read_form(request)
    try:
        seen_to = partial(app.auditing.clear, caller, accept=form.get("accept") == "yes")
        await run_in_threadpool(seen_to)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem)
    return away("/alarms?done=alarms-cleared")


def _shown(
    request: Request, app: Application, caller: Caller, problem: EvidenceError | None = None
) -> Response:
    bars = app.site.bars()
    return desk(
        request,
        caller,
        "alarms",
        problem=problem,
        standing=app.auditing.alarms(caller),
        unsound=app.auditing.unsound(caller),
        told=alarm_out,
        may_check=may(caller, Action.READ_LOG, bars),
        may_clear=may(caller, Action.MANAGE_LOG, bars),
    )
