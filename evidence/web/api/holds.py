"""Holds over HTTP: place one, ask to lift it, lift it as somebody else has asked, list them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.recordings import hold_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.bodies import coded, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["holds"])

_LONGEST_BODY_BYTES = 64 << 10


class HoldIn(BaseModel):
    """A new hold: its ground, as the policy pack names it, and why."""

    model_config = ConfigDict(extra="forbid")
    ground: Annotated[str, coded("ground")] = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=1000)


class ReasonIn(BaseModel):
    """Why a hold should be lifted, or is."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


@router.post("/recordings/{recording_id}/holds", status_code=201, openapi_extra=described(HoldIn))
async def place(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Hold a recording beyond every date."""
    new = await read_json(request, HoldIn, _LONGEST_BODY_BYTES)
    return hold_out(await run_in_threadpool(app.holds.place, caller, recording_id, new.ground, new.reason))


@router.get("/recordings/{recording_id}/holds")
def holds(recording_id: str, app: App, caller: Caller = admitted(Action.HOLD)) -> list[dict[str, Any]]:
    """List the holds of a recording, lifted ones too."""
    return [hold_out(one) for one in app.holds.of(caller, recording_id)]


@router.post("/holds/{hold_id}/ask-release", openapi_extra=described(ReasonIn))
async def ask_release(
    hold_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Ask that a hold be lifted."""
    asked = await read_json(request, ReasonIn, _LONGEST_BODY_BYTES)
    return hold_out(await run_in_threadpool(app.holds.ask_release, caller, hold_id, asked.reason))


@router.post("/holds/{hold_id}/release", openapi_extra=described(ReasonIn))
async def release(
    hold_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Lift a hold, as somebody else has asked."""
    said = await read_json(request, ReasonIn, _LONGEST_BODY_BYTES)
    return hold_out(await run_in_threadpool(app.holds.release, caller, hold_id, said.reason))
