"""Docks: the accounts of docking stations; a new one's token is shown once."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import acted, desk

router = APIRouter(prefix="/docks", tags=["pages"], include_in_schema=False)


@router.get("")
def docks(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS)) -> Response:
    """Show the docks in force."""
    return _shown(request, app, caller)


@router.post("")
async def add(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS, form=True)
) -> Response:
    """Add a dock; its token is shown once, here."""
    form = await read_form(request)
    try:
        _, token = await run_in_threadpool(app.accounts.add_dock, caller, form.get("name", "").strip())
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem, form)
    return await run_in_threadpool(_shown, request, app, caller, None, None, token)


@router.post("/{dock}/revoke")
async def revoke(
    dock: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_DOCKS, form=True)
) -> Response:
    """Make a dock's token worthless."""
    act, again = partial(app.accounts.revoke_dock, caller, dock), partial(_shown, request, app, caller)
    return await acted(act, again, "/docks?done=dock-revoked")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
    token: str | None = None,
) -> Response:
    found = app.accounts.docks(caller)
    return desk(request, caller, "docks", problem=problem, found=found, token=token, typed=typed or {})
