"""The roll over HTTP: people, what is on file about them, tables, leaving."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.roll import (
    checklist_out,
    file_out,
    listed_out,
    person_out,
    post_out,
    training_out,
    undertaking_out,
)
from evidence.domain.access import Caller
from evidence.domain.people import PersonType, UndertakingKind
from evidence.domain.rights import Action
from evidence.service.people.personnel_tables import personnel_lines
from evidence.web.api.tables import TABLE, in_turn, outcome_response, read_table, table_response
from evidence.web.bodies import described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/people", tags=["people"])

_LONGEST_BODY_BYTES = 64 << 10


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonIn(_Strict):
    """A new person."""

    number: str = Field(min_length=1, max_length=200)
    type: Annotated[PersonType, one_of(PersonType, "person-type")]
    unit_id: str = Field(max_length=32)
    name: str | None = Field(default=None, max_length=200)
    contract_from: date | None = None
    contract_to: date | None = None
    card_number: str | None = Field(default=None, max_length=200)


class ChangeIn(_Strict):
    """What changes; what is left out stays. To move is to change `unit_id`."""

    number: str = Field(default="", max_length=200)
    type: Annotated[PersonType, one_of(PersonType, "person-type")] = PersonType.CIVILIAN
    unit_id: str = Field(default="", max_length=32)
    name: str = Field(default="", max_length=200)
    contract_from: date | None = None
    contract_to: date | None = None
    card_number: str | None = Field(default=None, max_length=200)


class PostIn(_Strict):
    """A post; the one before ends the day before."""

    title: str = Field(min_length=1, max_length=200)
    since: date
    until: date | None = None


class TrainingIn(_Strict):
    """A training: working days, last day, outcome."""

    name: str = Field(min_length=1, max_length=200)
    days: int = Field(ge=1, le=366)
    held: date
    passed: bool


class UndertakingIn(_Strict):
    """A signed undertaking that is on file."""

    kind: Annotated[UndertakingKind, one_of(UndertakingKind, "need")]
    signed: date


class ReasonIn(_Strict):
    """Why."""

    reason: str = Field(min_length=1, max_length=200)


@router.get("")
def people(
    app: App, not_permitted: bool = False, caller: Caller = admitted(Action.READ_PEOPLE)
) -> list[dict[str, Any]]:
    """List the people in the caller's scope; not_permitted: only those who may not carry a recorder."""
    return [listed_out(one) for one in app.organisation.people.all(caller, lacking=not_permitted)]


@router.post("", status_code=201, openapi_extra=described(PersonIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)) -> JSONResponse:
    """Add a person; recordings made under this number before become theirs."""
    new = await read_json(request, PersonIn, _LONGEST_BODY_BYTES)
    details: Any = new.model_dump(exclude={"number", "type", "unit_id"}, exclude_none=True)

    def done() -> JSONResponse:
        added = app.organisation.people.add(caller, new.number, new.type, new.unit_id, **details)
        return JSONResponse(person_out(added), 201)

    return await run_in_threadpool(done)


@router.get("/table")
def export(
    app: App, form: Literal["csv", "xlsx"] = "csv", caller: Caller = admitted(Action.READ_PEOPLE)
) -> Response:
    """Return the people who have not left as a table."""
    return table_response(app.organisation.sheets.export_people(caller, form), form, "people")


@router.post("/table", openapi_extra=TABLE)
async def import_(
    request: Request, app: App, apply: bool = False, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Take a table of people; a dry run unless `apply`. 422 with the bad cells where it could not be done."""
    content = await read_table(request)
    done = await in_turn(app.organisation.sheets.import_people, caller, content, apply=apply)
    return outcome_response(done, apply)


@router.get("/{number}", response_model=None)
def file(
    number: str,
    app: App,
    form: Literal["json", "xlsx"] = "json",
    caller: Caller = admitted(Action.READ_PEOPLE),
) -> dict[str, Any] | Response:
    """Return somebody's whole personnel file, for an inspection."""
    found = app.organisation.personnel.file(caller, number)
    if form == "json":
        return file_out(found)
    files = app.organisation.files
    content = files.write(["part", "what", "value"], personnel_lines(found, files.word), form)
    return table_response(content, form, "personnel-file")


@router.patch("/{number}", openapi_extra=described(ChangeIn))
async def change(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Change a person's row; old recordings keep their unit."""
    new = await read_json(request, ChangeIn, _LONGEST_BODY_BYTES)
    details: Any = new.model_dump(exclude_unset=True)

    def done() -> JSONResponse:
        return JSONResponse(person_out(app.organisation.people.change(caller, number, **details)))

    return await run_in_threadpool(done)


@router.post("/{number}/posts", status_code=201, openapi_extra=described(PostIn))
async def add_post(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Add a post."""
    new = await read_json(request, PostIn, _LONGEST_BODY_BYTES)
    desk = app.organisation.people
    added = await run_in_threadpool(desk.add_post, caller, number, new.title, new.since, new.until)
    return JSONResponse(post_out(added), 201)


@router.post("/{number}/trainings", status_code=201, openapi_extra=described(TrainingIn))
async def add_training(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Add a training."""
    new = await read_json(request, TrainingIn, _LONGEST_BODY_BYTES)
    desk = app.organisation.people
    given = (new.name, new.days, new.held, new.passed)
    added = await run_in_threadpool(desk.add_training, caller, number, *given)
    return JSONResponse(training_out(added), 201)


@router.post("/{number}/undertakings", status_code=201, openapi_extra=described(UndertakingIn))
async def add_undertaking(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Note that a signed undertaking is on file."""
    new = await read_json(request, UndertakingIn, _LONGEST_BODY_BYTES)
    desk = app.organisation.people
    added = await run_in_threadpool(desk.add_undertaking, caller, number, new.kind, new.signed)
    return JSONResponse(undertaking_out(added), 201)


@router.get("/{number}/leaving")
def checklist(number: str, app: App, caller: Caller = admitted(Action.READ_PEOPLE)) -> dict[str, Any]:
    """Return what is open about somebody who leaves."""
    return checklist_out(app.organisation.leaving.checklist(caller, number))


@router.post("/{number}/leaving")
def leave(number: str, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)) -> dict[str, Any]:
    """Begin off-boarding: the account is off at once; returns what is still open."""
    return checklist_out(app.organisation.leaving.start(caller, number))


@router.post("/{number}/leaving/close")
def close(number: str, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)) -> dict[str, Any]:
    """Close off-boarding; 409 with what is open while anything is."""
    return person_out(app.organisation.leaving.close(caller, number))


@router.delete("/{number}/name", openapi_extra=described(ReasonIn))
async def erase_name(
    number: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_PEOPLE)
) -> JSONResponse:
    """Erase the name of somebody who left long ago; the log and its proofs stay as they are."""
    why = await read_json(request, ReasonIn, _LONGEST_BODY_BYTES)
    values = await run_in_threadpool(app.organisation.leaving.erase_name, caller, number, why.reason)
    return JSONResponse({"erased": values})
