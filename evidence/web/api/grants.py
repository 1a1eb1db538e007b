"""Roles over HTTP: who holds what; give one, take one away."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.oversight import grant_out, held_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action, Role
from evidence.web.bodies import Instant, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/grants", tags=["grants"])

_LONGEST_BODY_BYTES = 64 << 10


class GrantIn(BaseModel):
    """A role for somebody. unit: null everywhere; until: null without end."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field(max_length=32)
    role: Annotated[Role, one_of(Role, "role")]
    unit: str | None = Field(max_length=32)
    reason: str = Field(min_length=1, max_length=1000)
    until: Instant | None = None


class ReasonIn(BaseModel):
    """A reason."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


@router.get("")
def held(app: App, caller: Caller = admitted(Action.READ_PEOPLE)) -> list[dict[str, Any]]:
    """List the roles in force in the caller's units, by number."""
    return [held_out(one) for one in app.oversight.grants.held(caller)]


@router.post("", status_code=201, openapi_extra=described(GrantIn))
async def give(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_GRANTS)) -> dict[str, Any]:
    """Give somebody a role in a unit and below; in force at their next request."""
    new = await read_json(request, GrantIn, _LONGEST_BODY_BYTES)
    words = (new.person, new.role, new.unit, new.reason, new.until)
    return grant_out(await run_in_threadpool(app.oversight.grants.give, caller, *words))


@router.post("/{grant_id}/revocation", status_code=204, openapi_extra=described(ReasonIn))
async def revoke(
    grant_id: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_GRANTS)
) -> None:
    """Take a role away; it is gone at the next request."""
    why = await read_json(request, ReasonIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.oversight.grants.revoke, caller, grant_id, why.reason)
