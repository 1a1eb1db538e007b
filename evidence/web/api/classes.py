"""Classes and readers over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.oversight import change_out, listed_out, reader_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.bodies import Instant, coded, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["classes"])

_LONGEST_BODY_BYTES = 64 << 10


class ClassIn(BaseModel):
    """A class, and why."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    class_: Annotated[str, coded("class")] = Field(alias="class", max_length=40)
    reason: str = Field(min_length=1, max_length=1000)


class ReaderIn(BaseModel):
    """Who needs to know, and until when."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field(max_length=32)
    until: Instant | None = None


class ClassDecisionIn(BaseModel):
    """Whether the class is taken off."""

    model_config = ConfigDict(extra="forbid")
    granted: bool


@router.post("/recordings/{recording_id}/class", openapi_extra=described(ClassIn))
async def classify(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.CLASSIFY)
) -> dict[str, Any]:
    """Give a recording a class; to make it ordinary again only asks for it, and another person decides."""
    new = await read_json(request, ClassIn, _LONGEST_BODY_BYTES)
    words = (recording_id, new.class_, new.reason)
    return change_out(await run_in_threadpool(app.oversight.classes.classify, caller, *words))


@router.post("/class-changes/{change_id}/decision", openapi_extra=described(ClassDecisionIn))
async def decide(
    change_id: str, request: Request, app: App, caller: Caller = admitted(Action.CLASSIFY)
) -> dict[str, Any]:
    """Take a class off, as somebody else asked, or leave it."""
    said = await read_json(request, ClassDecisionIn, _LONGEST_BODY_BYTES)
    decide_it = partial(app.oversight.classes.decide, caller, change_id, is_granted=said.granted)
    return change_out(await run_in_threadpool(decide_it))


@router.post("/recordings/{recording_id}/readers", status_code=201, openapi_extra=described(ReaderIn))
async def name_reader(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.CLASSIFY)
) -> dict[str, Any]:
    """Put somebody on the list of a restricted recording."""
    new = await read_json(request, ReaderIn, _LONGEST_BODY_BYTES)
    words = (recording_id, new.person, new.until)
    return reader_out(await run_in_threadpool(app.oversight.classes.name_reader, caller, *words))


@router.delete("/recordings/{recording_id}/readers/{person_id}", status_code=204)
def end_reader(
    recording_id: str, person_id: str, app: App, caller: Caller = admitted(Action.CLASSIFY)
) -> None:
    """Take somebody off the list."""
    app.oversight.classes.end_reader(caller, recording_id, person_id)


@router.get("/classified")
def classified(app: App, caller: Caller = admitted(Action.CLASSIFY)) -> list[dict[str, Any]]:
    """List restricted recordings of the caller's units: id, class, readers; no names of files."""
    return [listed_out(one) for one in app.oversight.classes.classified(caller)]
