"""Media for long keeping over HTTP: registered, written, looked at again; what is on none yet."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.media import medium_out, waiting_out
from evidence.domain.access import Caller
from evidence.domain.exports import Medium
from evidence.domain.rights import Action
from evidence.service.court.media_register import MOST_COPIES, MOST_RECORDINGS
from evidence.web.bodies import described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["media"])

_LONGEST_BODY_BYTES = 64 << 10
Line = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Digest = Annotated[str, Field(min_length=64, max_length=64)]


class MediumIn(BaseModel):
    """A medium: what is written on it, in how many copies, where it is kept, for which recordings."""

    model_config = ConfigDict(extra="forbid")
    label: Line
    kind: Annotated[Medium, one_of(Medium, "export-medium")]
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 1
    place: Line
    recordings: Annotated[list[str], Field(min_length=1, max_length=MOST_RECORDINGS)]


class WrittenIn(BaseModel):
    """SHA-256 of what was written, and of what was read back."""

    model_config = ConfigDict(extra="forbid")
    sha256: Digest
    read_back: Digest


class CheckIn(BaseModel):
    """What a look at a medium found."""

    model_config = ConfigDict(extra="forbid")
    sound: bool
    remark: Words


class EndIn(BaseModel):
    """Why a medium is kept no more."""

    model_config = ConfigDict(extra="forbid")
    reason: Words


@router.get("/media")
def media(app: App, due: bool = False, caller: Caller = admitted(Action.HOLD)) -> list[dict[str, Any]]:
    """List the media; due: those that are to be looked at by now."""
    return [medium_out(one) for one in app.court.media.all(caller, due=due)]


@router.get("/media/waiting")
def waiting(app: App, caller: Caller = admitted(Action.HOLD)) -> list[dict[str, Any]]:
    """List the recordings that are held and on no medium yet."""
    return [waiting_out(one, caller) for one in app.court.media.waiting(caller)]


@router.post("/media", status_code=201, openapi_extra=described(MediumIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.HOLD)) -> dict[str, Any]:
    """Register a medium for recordings."""
    new = await read_json(request, MediumIn, _LONGEST_BODY_BYTES)
    said = (new.label, new.kind, new.copies, new.place, new.recordings)
    return medium_out(await run_in_threadpool(app.court.media.add, caller, *said))


@router.post("/media/{medium_id}/written", openapi_extra=described(WrittenIn))
async def written(
    medium_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Note that a medium was written, and what was read back."""
    said = await read_json(request, WrittenIn, _LONGEST_BODY_BYTES)
    note = partial(app.court.media.note_written, caller, medium_id, said.sha256, said.read_back)
    return medium_out(await run_in_threadpool(note))


@router.post("/media/{medium_id}/checks", openapi_extra=described(CheckIn))
async def check(
    medium_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Note that a medium was looked at."""
    said = await read_json(request, CheckIn, _LONGEST_BODY_BYTES)
    look = partial(app.court.media.note_check, is_sound=said.sound, remark=said.remark)
    return medium_out(await run_in_threadpool(look, caller, medium_id))


@router.post("/media/{medium_id}/end", openapi_extra=described(EndIn))
async def end(
    medium_id: str, request: Request, app: App, caller: Caller = admitted(Action.HOLD)
) -> dict[str, Any]:
    """Note that a medium is kept no more."""
    said = await read_json(request, EndIn, _LONGEST_BODY_BYTES)
    return medium_out(await run_in_threadpool(app.court.media.end, caller, medium_id, said.reason))
