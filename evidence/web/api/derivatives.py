"""Derivatives over HTTP: what was made from a recording, asking for more, playing them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.derivative import derivative_out, derivatives_out, proposals_out
from evidence.answers.derivative_orders import OrderIn, QuestionIn
from evidence.domain.access import Caller, Purpose
from evidence.domain.rights import Action
from evidence.web.bodies import described, one_of, read_json
from evidence.web.deps import App, admitted
from evidence.web.showing import choose_range, show

router = APIRouter(prefix="/api/v1/recordings", tags=["derivatives"])
_LONGEST_BODY_BYTES = 1 << 20


@router.get("/{recording_id}/derivatives")
def of(recording_id: str, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)) -> dict[str, Any]:
    """Return all that was made from a recording, or is being made, and how far that is."""
    return derivatives_out(app.derivatives.of(caller, recording_id), caller)


@router.post("/{recording_id}/derivatives", status_code=202, openapi_extra=described(OrderIn))
async def make(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.DERIVE)
) -> dict[str, Any]:
    """Have a clip, a still, a redaction or a marked copy made; always a new object, by a worker."""
    said = await read_json(request, OrderIn, _LONGEST_BODY_BYTES)
    return derivative_out(await run_in_threadpool(app.derivatives.make, caller, recording_id, said.order()))


@router.post("/{recording_id}/derivatives/proposals", openapi_extra=described(QuestionIn))
async def propose(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.DERIVE)
) -> dict[str, Any]:
    """Ask the operator's detector where something is to be hidden; nothing is made of it but by an order."""
    said = await read_json(request, QuestionIn, _LONGEST_BODY_BYTES)
    found = await run_in_threadpool(app.proposing.propose, caller, recording_id, said.question())
    return proposals_out(*found)


@router.get("/{recording_id}/derivatives/{derivative_id}/play")
def play(
    recording_id: str,
    derivative_id: str,
    request: Request,
    app: App,
    purpose: Annotated[Purpose, one_of(Purpose, "purpose")] | None = None,
    caller: Caller = admitted(Action.PLAY),
) -> Response:
    """Return a derivative to be seen and heard, whole or one range; each is logged before its first byte."""
    choose = choose_range(request)
    played = app.derivatives.play(caller, recording_id, derivative_id, choose, purpose)
    return show(request, app.site, caller, recording_id, played)


@router.post("/{recording_id}/proxy", status_code=202)
def make_proxy(recording_id: str, app: App, caller: Caller = admitted(Action.DERIVE)) -> dict[str, Any]:
    """Have a proxy made, unless one stands or is on its way; return it as it is now."""
    return derivative_out(app.derivatives.make_proxy(caller, recording_id))


@router.get("/{recording_id}/proxy")
def proxy(
    recording_id: str,
    request: Request,
    app: App,
    purpose: Annotated[Purpose, one_of(Purpose, "purpose")] | None = None,
    caller: Caller = admitted(Action.PLAY),
) -> Response:
    """Return what a browser plays in the place of an original that it cannot play, whole or one range; each
    is logged before its first byte. It is derived: the original is what counts.
    """
    played = app.derivatives.play_proxy(caller, recording_id, choose_range(request), purpose)
    return show(request, app.site, caller, recording_id, played)
