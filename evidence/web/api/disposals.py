"""Disposals over HTTP: what is due, ask for it, decide what somebody else asked for, certificates."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.keeping import disposal_out, due_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.keeping.certificates import DESTRUCTION
from evidence.service.keeping.disposals import MOST_AT_ONCE, MOST_LISTED
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted
from evidence.web.streams import SAFE

router = APIRouter(prefix="/api/v1", tags=["disposals"])

_LONGEST_BODY_BYTES = 64 << 10
Reason = Annotated[str, Field(min_length=1, max_length=1000)]
Ids = Annotated[list[str], Field(min_length=1, max_length=MOST_AT_ONCE)]


class DisposalIn(BaseModel):
    """Recordings that are to be destroyed, and why."""

    model_config = ConfigDict(extra="forbid")
    recordings: Ids
    reason: Reason


class DecisionIn(BaseModel):
    """A decision about disposals that somebody else asked for."""

    model_config = ConfigDict(extra="forbid")
    disposals: Ids
    approve: bool
    reason: Reason


@router.get("/disposals/due")
def due(
    app: App,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    caller: Caller = admitted(Action.DISPOSE),
) -> list[dict[str, Any]]:
    """List recordings that nothing keeps any more, the longest over first."""
    return [due_out(one, caller) for one in app.disposals.due(caller, limit)]


@router.get("/disposals")
def disposals(
    app: App, ended: bool = False, caller: Caller = admitted(Action.DISPOSE)
) -> list[dict[str, Any]]:
    """List the disposals that are open, or those that have ended."""
    return [disposal_out(one) for one in app.disposals.list(caller, ended=ended)]


@router.post("/disposals", status_code=201, openapi_extra=described(DisposalIn))
async def ask(request: Request, app: App, caller: Caller = admitted(Action.DISPOSE)) -> list[dict[str, Any]]:
    """Ask that recordings be destroyed; somebody else decides."""
    new = await read_json(request, DisposalIn, _LONGEST_BODY_BYTES)
    asked = await run_in_threadpool(app.disposals.ask, caller, new.recordings, new.reason)
    return [disposal_out(one) for one in asked]


@router.post("/disposals/decide", openapi_extra=described(DecisionIn))
async def decide(
    request: Request, app: App, caller: Caller = admitted(Action.DISPOSE)
) -> list[dict[str, Any]]:
    """Approve or refuse what somebody else has asked for."""
    new = await read_json(request, DecisionIn, _LONGEST_BODY_BYTES)
    act = partial(app.disposals.decide, caller, new.disposals, is_approved=new.approve, reason=new.reason)
    return [disposal_out(one) for one in await run_in_threadpool(act)]


@router.get("/recordings/{recording_id}/certificate")
def certificate(recording_id: str, app: App, caller: Caller = admitted(Action.READ_MANIFEST)) -> Response:
    """Return the signed certificate of destruction of a recording."""
    document = app.disposals.certificate(caller, recording_id)
    return Response(document, headers=SAFE, media_type="application/json")


@router.get("/recordings/{recording_id}/certificate/printed")
def printed(recording_id: str, app: App, caller: Caller = admitted(Action.READ_MANIFEST)) -> Response:
    """Return the certificate of destruction on paper, as PDF."""
    said = app.site.signer.read(app.disposals.certificate(caller, recording_id), DESTRUCTION)
    zone, now = app.site.policies.latest.time_zone, app.site.clock.now()
    made = app.court.papers.destruction(said, zone, now)
    return Response(made, headers=SAFE, media_type="application/pdf")
