"""Watching the watchers over HTTP: serious events, who looked, what was denied, notices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.oversight import denied_out, event_out, notice_out, view_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.oversight.views import MOST
from evidence.web.bodies import Instant, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["oversight"])

_LONGEST_BODY_BYTES = 64 << 10
_Ids = Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=100)]
_LAST = (1 << 63) - 1


class EventIn(BaseModel):
    """Recordings that show a serious event, and who took part."""

    model_config = ConfigDict(extra="forbid")
    recordings: _Ids
    people: _Ids
    reason: str = Field(min_length=1, max_length=1000)


class EndIn(BaseModel):
    """Why a mark ends."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


@router.post("/serious-events", status_code=201, openapi_extra=described(EventIn))
async def mark(request: Request, app: App, caller: Caller = admitted(Action.MARK_SERIOUS)) -> dict[str, Any]:
    """Mark recordings as showing a serious event: those who took part see them no more."""
    new = await read_json(request, EventIn, _LONGEST_BODY_BYTES)
    words = (new.recordings, new.people, new.reason)
    return event_out(await run_in_threadpool(app.oversight.serious.mark, caller, *words))


@router.get("/serious-events")
def marked(app: App, caller: Caller = admitted(Action.MARK_SERIOUS)) -> list[dict[str, Any]]:
    """List the serious events of the caller's units, newest first."""
    return [event_out(one) for one in app.oversight.serious.marked(caller)]


@router.post("/serious-events/{event_id}/end", status_code=204, openapi_extra=described(EndIn))
async def end(
    event_id: str, request: Request, app: App, caller: Caller = admitted(Action.MARK_SERIOUS)
) -> None:
    """End a mark that somebody else made."""
    said = await read_json(request, EndIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.oversight.serious.end, caller, event_id, said.reason)


@router.get("/recordings/{recording_id}/views")
def views(
    recording_id: str,
    app: App,
    most: Annotated[int, Query(ge=1, le=MOST)] = 100,
    before: Annotated[int | None, Query(ge=1, le=_LAST)] = None,
    caller: Caller = admitted(Action.READ_VIEWS),
) -> list[dict[str, Any]]:
    """List who looked at a recording, newest first; `before`: the least number of the page before."""
    return [view_out(one) for one in app.oversight.views.of(caller, recording_id, most, before)]


@router.get("/denials")
def denials(
    app: App, since: Instant | None = None, caller: Caller = admitted(Action.READ_DENIALS)
) -> list[dict[str, Any]]:
    """List denied tries in the caller's units, those of auxiliary personnel first; by default of 30 days."""
    return [denied_out(one) for one in app.oversight.denials.tries(caller, since)]


@router.get("/notices")
def notices(
    app: App, since: Instant | None = None, caller: Caller = admitted(Action.READ_NOTICES)
) -> list[dict[str, Any]]:
    """List what unit heads and security must hear of, newest first; by default of 30 days."""
    return [notice_out(one) for one in app.oversight.denials.notices(caller, since)]
