"""Tokens of other systems over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.tokens import MOST_DAYS, USUAL_DAYS
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

_LONGEST_BODY_BYTES = 64 << 10


class TokenIn(BaseModel):
    """A new token."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    scopes: list[Action] = Field(min_length=1)
    days: int = Field(default=USUAL_DAYS, ge=1, le=MOST_DAYS)


class TokenOut(BaseModel):
    """A token, shown in this answer only."""

    id: str
    name: str
    token: str


@router.post("", status_code=201, openapi_extra=described(TokenIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS)) -> TokenOut:
    """Make a token for named actions and a number of days."""
    asked = await read_json(request, TokenIn, _LONGEST_BODY_BYTES)
    account, token = await run_in_threadpool(app.tokens.add, caller, asked.name, asked.scopes, asked.days)
    return TokenOut(id=account.id, name=account.name, token=token)
