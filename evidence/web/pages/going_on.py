"""What comes after a step of signing in: the session, or the page that asks for more."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.errors import EvidenceError
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn
from evidence.web.deps import COOKIE, App
from evidence.web.errors import status_of
from evidence.web.pages.problems import went_back
from evidence.web.pages.rendering import page, scripted


async def go_on(request: Request, app: App, answer: SignedIn | MoreAsked) -> Response:
    """Ask for more, or give the session. One that the browser had before is over."""
    if isinstance(answer, MoreAsked):
        return await run_in_threadpool(ask_more, app, answer)
    if before := request.cookies.get(COOKIE):
        await run_in_threadpool(app.sessions.sign_out, before)
    return went_back(request, answer.token)


def ask_more(app: App, asked: MoreAsked) -> Response:
    """Ask for a new password, for a passkey, or for a code."""
    if asked.kind == "new-password":
        return page("new_password", step=asked.token)
    has_codes = "totp" in asked.ways
    if "passkey" not in asked.ways:
        return page("code", step=asked.token)
    try:
        options = app.factors.passkey_sign_in.ask_second(asked.token)
    except EvidenceError as problem:  # no public address any more
        return page("code" if has_codes else "message", status_of(problem), problem=problem, step=asked.token)
    action = "/sign-in/passkey/second"
    return scripted("passkey_use", action=action, step=asked.token, options=options, has_codes=has_codes)
