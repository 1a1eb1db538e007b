"""Emergencies over HTTP: ask, decide, end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.oversight import emergency_out
from evidence.domain.access import Caller
from evidence.domain.emergencies import LONGEST
from evidence.domain.rights import Action
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/emergencies", tags=["emergencies"])

_LONGEST_BODY_BYTES = 64 << 10
_LONGEST_MIN = int(LONGEST.total_seconds() // 60)


class AskIn(BaseModel):
    """What is to be opened, and why."""

    model_config = ConfigDict(extra="forbid")
    recording: str = Field(max_length=32)
    reason: str = Field(min_length=1, max_length=1000)


class DecisionIn(BaseModel):
    """Whether it is opened, and for how many minutes."""

    model_config = ConfigDict(extra="forbid")
    granted: bool
    minutes: int = Field(default=_LONGEST_MIN, ge=1, le=_LONGEST_MIN)


@router.post("", status_code=202, openapi_extra=described(AskIn))
async def ask(request: Request, app: App, caller: Caller = admitted(Action.ASK_EMERGENCY)) -> dict[str, Any]:
    """Ask for a recording to be opened; the answer is the same whether there is one of that id or not."""
    new = await read_json(request, AskIn, _LONGEST_BODY_BYTES)
    asked = await run_in_threadpool(app.oversight.emergencies.ask, caller, new.recording, new.reason)
    return emergency_out(asked, asked.asked_at)


@router.get("/own")
def own(app: App, caller: Caller = admitted(Action.ASK_EMERGENCY)) -> list[dict[str, Any]]:
    """List what the caller asked for, newest first."""
    now = app.site.clock.now()
    return [emergency_out(one, now) for one in app.oversight.emergencies.own(caller)]


@router.post("/own/{emergency_id}/end", status_code=204)
def give_back(emergency_id: str, app: App, caller: Caller = admitted(Action.ASK_EMERGENCY)) -> None:
    """End one's own emergency before its time."""
    app.oversight.emergencies.give_back(caller, emergency_id)


@router.get("")
def asked(app: App, caller: Caller = admitted(Action.DECIDE_EMERGENCY)) -> list[dict[str, Any]]:
    """List the emergencies over recordings of the caller's units, newest first."""
    now = app.site.clock.now()
    return [emergency_out(one, now) for one in app.oversight.emergencies.asked(caller)]


@router.post("/{emergency_id}/decision", openapi_extra=described(DecisionIn))
async def decide(
    emergency_id: str, request: Request, app: App, caller: Caller = admitted(Action.DECIDE_EMERGENCY)
) -> dict[str, Any]:
    """Open the recording to the asker for a while, or refuse."""
    said = await read_json(request, DecisionIn, _LONGEST_BODY_BYTES)
    decide_it = partial(
        app.oversight.emergencies.decide,
        caller,
        emergency_id,
        is_granted=said.granted,
        length=timedelta(minutes=said.minutes),
    )
    return emergency_out(await run_in_threadpool(decide_it), app.site.clock.now())


@router.post("/{emergency_id}/end", status_code=204)
def end(emergency_id: str, app: App, caller: Caller = admitted(Action.DECIDE_EMERGENCY)) -> None:
    """End an emergency before its time."""
    app.oversight.emergencies.end(caller, emergency_id)
