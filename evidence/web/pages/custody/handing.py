"""What follows an approval: building again, media read back, handing over, the receipt, links."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.web.bodies import counted, read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.exports import shown
from evidence.web.pages.desk import acted

router = APIRouter(prefix="/custody/exports/{export_id}", tags=["pages"], include_in_schema=False)


@router.post("/build")
async def build(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)
) -> Response:
    """Have an export built again whose last build came to nothing."""
    act = partial(app.court.building.again, caller, export_id)
    return await _acted(request, app, caller, export_id, "export-building", act)


@router.post("/withdraw")
async def withdraw(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)
) -> Response:
    """Take back what one has asked for, before anybody has decided."""
    form = await read_form(request)
    act = partial(app.court.withdrawing.withdraw, caller, export_id, form.get("reason", ""))
    return await _acted(request, app, caller, export_id, "export-withdrawn", act)


@router.post("/written")
async def written(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)
) -> Response:
    """Note that a medium was written, and what was read back from it."""
    form = await read_form(request)
    act = partial(
        app.court.handing_over.note_written,
        caller,
        export_id,
        counted(form.get("number", "")),
        form.get("serial", "").strip(),
        form.get("read_back", ""),
    )
    return await _acted(request, app, caller, export_id, "export-written", act)


@router.post("/hand-over")
async def hand_over(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)
) -> Response:
    """Hand a package over, with a second person."""
    form = await read_form(request)
    told = (form.get("beside", "").strip(), form.get("receiver", "").strip())
    act = partial(app.court.handing_over.hand_over, caller, export_id, *told)
    return await _acted(request, app, caller, export_id, "export-handed-over", act)


@router.post("/receipt")
async def receipt(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT, form=True)
) -> Response:
    """Note that the recipient has signed."""
    form = await read_form(request)
    act = partial(
        app.court.handing_over.note_receipt, caller, export_id, form.get("seal", "").strip() or None
    )
    return await _acted(request, app, caller, export_id, "export-receipted", act)


@router.post("/shares")
async def share(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.SHARE, form=True)
) -> Response:
    """Make a link; the page that answers tells its token and its code, and no other page ever does."""
    form = await read_form(request)
    make = partial(
        app.court.sharing.share,
        caller,
        export_id,
        counted(form.get("hours", "")),
        may_download="download" in form,
    )
    try:
        made = await run_in_threadpool(make)
    except EvidenceError as problem:
        return await run_in_threadpool(shown, request, app, caller, export_id, problem, form)
    return await run_in_threadpool(shown, request, app, caller, export_id, link=made)


@router.post("/shares/revoke")
async def revoke(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.SHARE, form=True)
) -> Response:
    """Make a link worthless at once."""
    form = await read_form(request)
    act = partial(app.court.sharing.revoke, caller, form.get("share", ""))
    return await _acted(request, app, caller, export_id, "export-link-revoked", act)


async def _acted(
    request: Request, app: Application, caller: Caller, export_id: str, done: str, act: Callable[[], object]
) -> Response:
    form = await read_form(request)

    def again(problem: EvidenceError) -> Response:
        return shown(request, app, caller, export_id, problem, form)

    return await acted(act, again, f"/custody/exports/{export_id}?done={done}")
