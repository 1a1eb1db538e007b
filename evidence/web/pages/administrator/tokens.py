"""Tokens of other systems: made for some actions and a while; a new one is shown once."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.rights import TOKEN_SCOPES, Action
from evidence.errors import EvidenceError, Invalid
from evidence.service.sign_in.tokens import MOST_DAYS, USUAL_DAYS, is_about_to_expire
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import acted, desk

router = APIRouter(prefix="/tokens", tags=["pages"], include_in_schema=False)
SCOPES = sorted(one.value for one in TOKEN_SCOPES)


@router.get("")
def tokens(request: Request, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS)) -> Response:
    """Show the tokens that nobody revoked, the first to expire first."""
    return _shown(request, app, caller)


@router.post("")
async def add(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS, form=True)
) -> Response:
    """Make a token; it is shown once, here."""
    form = await read_form(request)

    def make() -> Response:
        try:
            days, scopes = form.get("days", ""), [one for one in SCOPES if form.get(f"scope-{one}")]
            if not days.isascii() or not days.isdecimal() or len(days) > 4:
                raise Invalid("invalid-days", days=days, most=MOST_DAYS)
            _, secret = app.tokens.add(caller, form.get("name", "").strip(), scopes, int(days))
        except EvidenceError as problem:
            return _shown(request, app, caller, problem, form)
        return _shown(request, app, caller, secret=secret)

    return await run_in_threadpool(make)


@router.post("/{token}/revoke")
async def revoke(
    token: str, request: Request, app: App, caller: Caller = admitted(Action.MANAGE_TOKENS, form=True)
) -> Response:
    """Make a token worthless at once."""
    act, again = partial(app.tokens.revoke, caller, token), partial(_shown, request, app, caller)
    return await acted(act, again, "/tokens?done=token-revoked")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
    secret: str | None = None,
) -> Response:
    found, now = app.tokens.all(caller), app.site.clock.now()
    facts: dict[str, Any] = {
        "found": found,
        "ending": {one.id for one in found if is_about_to_expire(one, now)},
        "scopes": SCOPES,
        "usual": USUAL_DAYS,
        "most": MOST_DAYS,
        "typed": typed or {},
        "secret": secret,
    }
    return desk(request, caller, "tokens", problem=problem, **facts)
