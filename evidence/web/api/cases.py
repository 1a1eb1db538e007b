"""Cases over HTTP: open and close them, link recordings, name and dismiss members."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.coded_words import term_of
from evidence.answers.recordings import case_file_out, case_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.bodies import Instant, described, one_of, read_json
from evidence.web.deps import App, admitted, named_case

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])
_LONGEST_BODY_BYTES = 64 << 10


class CaseIn(BaseModel):
    """A new case: its number, and the id of the unit that conducts it."""

    model_config = ConfigDict(extra="forbid")
    number: str = Field(min_length=1, max_length=100)
    unit: str = Field(min_length=1, max_length=32)


class MemberIn(BaseModel):
    """What a member may do about the recordings of a case, and until when."""

    model_config = ConfigDict(extra="forbid")
    actions: list[Annotated[Action, one_of(Action, "action")]] = Field(min_length=1, max_length=20)
    until: Instant | None = None


class UnlinkIn(BaseModel):
    """Why a recording does not belong to a case."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


class TermIn(BaseModel):
    """The class of a case file, as the policy pack names it."""

    model_config = ConfigDict(extra="forbid")
    term: str = Field(min_length=1, max_length=20)


@router.post("", status_code=201, openapi_extra=described(CaseIn))
async def open_case(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_CASES)
) -> dict[str, Any]:
    """Open a case."""
    new = await read_json(request, CaseIn, _LONGEST_BODY_BYTES)
    return case_out(await run_in_threadpool(app.cases.open, caller, new.number, new.unit))


@router.get("")
def cases(app: App, caller: Caller = admitted(Action.MANAGE_CASES)) -> list[dict[str, Any]]:
    """List the cases of one's units, oldest first."""
    return [case_out(one) for one in app.cases.list(caller)]


@router.get("/{case_id}")
def case(
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Return a case with its recordings and members."""
    return case_file_out(app.cases.get(caller, case_id), caller)


@router.post("/{case_id}/close", status_code=204)
def close(
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """Close a case: its members' rights end at once."""
    app.cases.close(caller, case_id)


@router.put("/{case_id}/term", status_code=204, openapi_extra=described(TermIn))
async def term(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """Give a case file its class; the locks of its recordings move with it."""
    new = await read_json(request, TermIn, _LONGEST_BODY_BYTES)
    code = term_of(app.site.policies.latest, new.term)
    await run_in_threadpool(app.keeping.give_term, caller, case_id, code)


@router.put("/{case_id}/recordings/{recording_id}", status_code=204)
def link(
    recording_id: str,
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """Link a recording."""
    app.cases.link(caller, case_id, recording_id)


@router.post(
    "/{case_id}/recordings/{recording_id}/removal", status_code=204, openapi_extra=described(UnlinkIn)
)
async def unlink(
    recording_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """End a recording's link."""
    said = await read_json(request, UnlinkIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.cases.unlink, caller, case_id, recording_id, said.reason)


@router.put("/{case_id}/members/{person_id}", status_code=204, openapi_extra=described(MemberIn))
async def name(
    person_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """Give a person a list of actions in a case, in the place of what they had there."""
    new = await read_json(request, MemberIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.cases.name, caller, case_id, person_id, new.actions, new.until)


@router.delete("/{case_id}/members/{person_id}", status_code=204)
def dismiss(
    person_id: str,
    app: App,
    caller: Caller = admitted(Action.MANAGE_CASES),
    case_id: str = named_case(),
) -> None:
    """End all that a person has in a case."""
    app.cases.dismiss(caller, case_id, person_id)
