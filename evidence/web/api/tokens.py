"""Tokens of other systems over HTTP: make one, list them, revoke one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.recordings import token_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.sign_in.tokens import MOST_DAYS, USUAL_DAYS
from evidence.web.bodies import coded, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

_LONGEST_BODY_BYTES = 64 << 10


class TokenIn(BaseModel):
    """A new token: what it may do, and for how many days."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    scopes: list[Annotated[str, coded("action")]] = Field(min_length=1, max_length=50)
    days: int = Field(USUAL_DAYS, ge=1, le=MOST_DAYS)


class TokenOut(BaseModel):
    """A token; itself only in the answer that made it. expires null: the one made with the site."""

    id: str
    name: str
    scopes: list[str]
    created: str
    expires: str | None
    used: str | None
    about_to_expire: bool
    token: str | None = None


@router.post("", status_code=201, openapi_extra=described(TokenIn))
async def add(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS)) -> TokenOut:
    """Make a token; it is shown this once."""
    asked = await read_json(request, TokenIn, _LONGEST_BODY_BYTES)
    stored, token = await run_in_threadpool(app.tokens.add, caller, asked.name, asked.scopes, asked.days)
    return TokenOut(**token_out(stored, app.site.clock.now()), token=token)


@router.get("")
def tokens(app: App, caller: Caller = admitted(Action.MANAGE_TOKENS)) -> list[TokenOut]:
    """List the tokens, the first to expire first."""
    now = app.site.clock.now()
    return [TokenOut(**token_out(one, now)) for one in app.tokens.all(caller)]


@router.delete("/{token_id}", status_code=204)
def revoke(token_id: str, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS)) -> None:
    """Revoke a token; it is refused from its next request on."""
    app.tokens.revoke(caller, token_id)
