"""Holds and disposals: what is held and who lifts it; what is due, who asks and who decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.disposals import Disposal
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.policy.rules import cite_ids
from evidence.web.bodies import read_chosen, read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.search import place_of
from evidence.web.pages.desk import desk, part
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import in_order, sorting_of

router = APIRouter(prefix="/custody", tags=["pages"], include_in_schema=False)

MOST_ENDED = 100
_SORTS: Mapping[str, Callable[[Disposal], Any]] = {
    "at": lambda one: one.ended_at or one.asked_at,
    "recording": lambda one: one.recording_id,
    "state": lambda one: one.state.value,
}


@router.get("/holds")
def holds(request: Request, app: App, caller: Caller = admitted(Action.HOLD)) -> Response:
    """List what is held."""
    return _holds(request, app, caller)


@router.post("/holds/{hold_id}/ask")
async def ask_release(
    hold_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD, form=True)
) -> Response:
    """Ask that a hold be lifted."""
    form = await read_form(request)
    return await _acted(request, app, caller, _holds, "/custody/holds?done=release-asked",
                        app.holds.ask_release, caller, hold_id, form.get("reason", ""))  # fmt: skip


@router.post("/holds/{hold_id}/release")
async def release(
    hold_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD, form=True)
) -> Response:
    """Lift a hold, as somebody else has asked."""
    form = await read_form(request)
    return await _acted(request, app, caller, _holds, "/custody/holds?done=released",
                        app.holds.release, caller, hold_id, form.get("reason", ""))  # fmt: skip


@router.get("/disposals")
def disposals(request: Request, app: App, caller: Caller = admitted(Action.DISPOSE)) -> Response:
    """List what was asked for, and what became of it."""
    return _disposals(request, app, caller)


@router.get("/disposals/due")
def due(request: Request, app: App, caller: Caller = admitted(Action.DISPOSE)) -> Response:
    """Show what would go: nothing is done by looking."""
    return part(request, "custody/due", due=app.disposals.due(caller, 100), cite_ids=cite_ids)


@router.post("/disposals/ask")
async def ask(request: Request, app: App, caller: Caller = admitted(Action.DISPOSE, form=True)) -> Response:
    """Ask that recordings be destroyed."""
    form = await read_form(request)
    chosen = await read_chosen(request, "recording")
    return await _acted(request, app, caller, _disposals, "/custody/disposals?done=disposal-asked",
                        app.disposals.ask, caller, chosen, form.get("reason", ""))  # fmt: skip


@router.post("/disposals/decide")
async def decide(
    request: Request, app: App, caller: Caller = admitted(Action.DISPOSE, form=True)
) -> Response:
    """Approve or refuse what somebody else has asked for."""
    form = await read_form(request)
    chosen = await read_chosen(request, "disposal")

    def act() -> object:
        approved = form.get("decision") == "approve"
        return app.disposals.decide(caller, chosen, is_approved=approved, reason=form.get("reason", ""))

    return await _acted(request, app, caller, _disposals, "/custody/disposals?done=disposal-decided", act)


async def _acted(
    request: Request, app: Application, caller: Caller, shown: Any, then: str, act: Any, *said: Any
) -> Response:
    try:
        await run_in_threadpool(act, *said)
    except EvidenceError as problem:
        return await run_in_threadpool(shown, request, app, caller, problem)
    return away(then)


def _holds(
    request: Request, app: Application, caller: Caller, problem: EvidenceError | None = None
) -> Response:
    asked = request.query_params
    order = sorting_of(asked.get("sort", ""), ("recorded",))
    is_up = bool(order.key) and not order.is_down
    found = app.held.page(caller, place_of(asked.get("after", "")), oldest_first=is_up)
    return desk(request, caller, "custody/holds", problem=problem, found=found)


def _disposals(
    request: Request, app: Application, caller: Caller, problem: EvidenceError | None = None
) -> Response:
    ended = list(app.disposals.list(caller, ended=True))[-MOST_ENDED:][::-1]
    sort = request.query_params.get("sort", "")
    still = in_order(app.disposals.list(caller), sort, _SORTS)
    return desk(
        request,
        caller,
        "custody/disposals",
        problem=problem,
        open=still,
        ended=in_order(ended, sort, _SORTS),
    )
