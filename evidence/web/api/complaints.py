"""Complaints about people over HTTP: intake, handler, answer, lists; what somebody is told of their own."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.complaint import complaint_out, listed_out
from evidence.answers.people import with_names
from evidence.domain.access import Caller
from evidence.domain.complaints import Channel, Result
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.service.cases.complaints import Intake
from evidence.web.bodies import Instant, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["complaints"])

_LONGEST_BODY_BYTES = 64 << 10
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Number = Annotated[str, Field(min_length=1, max_length=200)]


class ComplaintIn(BaseModel):
    """A complaint as it came. people: the numbers of whom it is about, unit: the unit, one of both at least;
    since, until: the hour it is about."""

    model_config = ConfigDict(extra="forbid")
    number: Number
    received_on: date
    channel: Annotated[Channel, one_of(Channel, "complaint-channel")]
    people: Annotated[list[Number], Field(max_length=20)] = []
    unit: Annotated[str, Field(max_length=32)] | None = None
    since: Instant
    until: Instant
    matter: Words
    place: Words
    complainant: Number | None = None


class HandlerIn(BaseModel):
    """Who handles a complaint, by number. reason: why somebody whom the policy pack calls too near."""

    model_config = ConfigDict(extra="forbid")
    number: Number
    reason: Words | None = None


class AnswerIn(BaseModel):
    """What a complaint came to."""

    model_config = ConfigDict(extra="forbid")
    result: Annotated[Result, one_of(Result, "complaint-result")]
    reason: Words


@router.post("/complaints", status_code=201, openapi_extra=described(ComplaintIn))
async def take(
    request: Request, app: App, caller: Caller = admitted(Action.TAKE_COMPLAINTS)
) -> dict[str, Any]:
    """Take a complaint in; the recordings of the people and the hour are held from now on."""
    new = await read_json(request, ComplaintIn, _LONGEST_BODY_BYTES)
    if new.until <= new.since:
        raise Invalid("ends-before-start")
    intake = Intake(
        new.number,
        new.received_on,
        new.channel,
        tuple(new.people),
        Span(new.since, new.until),
        new.matter,
        new.place,
        new.complainant,
        new.unit,
    )
    taken = complaint_out(await run_in_threadpool(app.complaints.take, caller, intake))
    return with_names(app.site, caller, [taken])[0]


@router.get("/complaints")
def complaints(
    app: App, red: bool = False, caller: Caller = admitted(Action.READ_COMPLAINTS)
) -> list[dict[str, Any]]:
    """List the complaints of the caller's units, oldest first; red: only those whose time is over."""
    found = [listed_out(one) for one in app.complaints.all(caller, red=red)]
    return with_names(app.site, caller, found)


@router.get("/complaints/{complaint_id}")
def complaint(
    complaint_id: str, app: App, caller: Caller = admitted(Action.READ_COMPLAINTS)
) -> dict[str, Any]:
    """Return a complaint with who complained, and what is held for it."""
    found = complaint_out(app.complaints.get(caller, complaint_id))
    return with_names(app.site, caller, [found])[0]


@router.post("/complaints/{complaint_id}/handler", openapi_extra=described(HandlerIn))
async def assign(
    complaint_id: str, request: Request, app: App, caller: Caller = admitted(Action.ASSIGN_COMPLAINTS)
) -> dict[str, Any]:
    """Give a complaint to a handler, in the place of the one before."""
    said = await read_json(request, HandlerIn, _LONGEST_BODY_BYTES)
    give = partial(app.complaints.assign, caller, complaint_id, said.number, said.reason)
    return with_names(app.site, caller, [listed_out(await run_in_threadpool(give))])[0]


@router.post("/complaints/{complaint_id}/close", openapi_extra=described(AnswerIn))
async def close(
    complaint_id: str, request: Request, app: App, caller: Caller = admitted(Action.ANSWER_COMPLAINTS)
) -> dict[str, Any]:
    """Close a complaint, with result and reason; its holds stand until two people lift them."""
    said = await read_json(request, AnswerIn, _LONGEST_BODY_BYTES)
    end = partial(app.complaints.close, caller, complaint_id, said.result, said.reason)
    return with_names(app.site, caller, [listed_out(await run_in_threadpool(end))])[0]


@router.get("/own/complaints")
def about_me(app: App, caller: Caller = admitted(Action.OWN_CONDUCT)) -> list[dict[str, Any]]:
    """List the complaints about the caller, without who complained."""
    return [listed_out(one) for one in app.complaints.about_me(caller)]
