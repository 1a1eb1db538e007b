"""Units over HTTP: the tree, and tables of it."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.roll import unit_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.people.units import full_names
from evidence.web.api.tables import TABLE, in_turn, outcome_response, read_table, table_response
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/units", tags=["units"])

LONGEST_BODY_BYTES = 64 << 10


class UnitIn(BaseModel):
    """A new unit; below: the id of the unit above it, none for an agency."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    below: str | None = Field(default=None, max_length=32)


class NameIn(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)


@router.get("")
def units(app: App, caller: Caller = admitted(Action.READ_PEOPLE)) -> list[dict[str, Any]]:
    """List the units in the caller's scope, closed ones too; a parent before its units."""
    found = app.organisation.units.all(caller)
    names = full_names(found)
    return [unit_out(one, names[one.id]) for one in found]


@router.post("", status_code=201, openapi_extra=described(UnitIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> JSONResponse:
    """Add an agency, or a unit below another."""
    new = await read_json(request, UnitIn, LONGEST_BODY_BYTES)
    added = await run_in_threadpool(app.organisation.units.add, caller, new.name, new.below)
    return JSONResponse(unit_out(added, added.name), 201)


@router.patch("/{unit_id}", status_code=204, openapi_extra=described(NameIn))
async def rename(
    unit_id: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)
) -> Response:
    """Give a unit another name."""
    new = await read_json(request, NameIn, LONGEST_BODY_BYTES)
    await run_in_threadpool(app.organisation.units.rename, caller, unit_id, new.name)
    return Response(status_code=204)


@router.delete("/{unit_id}", status_code=204)
def close(unit_id: str, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> None:
    """Close a unit in which nobody and no open unit is left."""
    app.organisation.units.close(caller, unit_id)


@router.get("/table")
def export(
    app: App, form: Literal["csv", "xlsx"] = "csv", caller: Caller = admitted(Action.READ_PEOPLE)
) -> Response:
    """Return the open units as a table."""
    return table_response(app.organisation.sheets.export_units(caller, form), form, "units")


@router.post("/table", openapi_extra=TABLE)
async def import_(
    request: Request, app: App, apply: bool = False, caller: Caller = admitted(Action.MANAGE_UNITS)
) -> JSONResponse:
    """Take a table of units; a dry run unless `apply`. 422 with the bad cells where it could not be done."""
    content = await read_table(request)
    done = await in_turn(app.organisation.sheets.import_units, caller, content, apply=apply)
    return outcome_response(done, apply)
