"""Units: the tree of one's own; adding, renaming, closing."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.service.people.units import full_names
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import acted, desk
from evidence.web.pages.rendering import away

router = APIRouter(prefix="/units", tags=["pages"], include_in_schema=False)


@router.get("")
def units(request: Request, app: App, caller: Caller = admitted(Action.READ_PEOPLE)) -> Response:
    """Show the units of one's scope."""
    return _shown(request, app, caller)


@router.post("")
async def add(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_UNITS, form=True)
) -> Response:
    """Add a unit below another."""
    form = await read_form(request)
    try:
        make = partial(app.organisation.units.add, caller, form.get("name", "").strip())
        await run_in_threadpool(make, form.get("parent") or None)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem, form)
    return away("/units?done=unit-added")


@router.post("/{unit_id}/close")
async def close(
    unit_id: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_UNITS, form=True)
) -> Response:
    """Close a unit that is empty."""
    act, again = partial(app.organisation.units.close, caller, unit_id), partial(_shown, request, app, caller)
    return await acted(act, again, "/units?done=unit-closed")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    bars = app.site.bars()
    found = app.organisation.units.all(caller) if may(caller, Action.READ_PEOPLE, bars) else []
    names = full_names(found)
    shown = sorted(found, key=lambda one: (one.closed_at is not None, names[one.id]))
    manages = may(caller, Action.MANAGE_UNITS, bars)
    facts: dict[str, Any] = {"found": shown, "names": names, "manages": manages, "typed": typed or {}}
    return desk(request, caller, "units", problem=problem, **facts)
