"""The pages of passkeys and of single sign-on.

Who comes back from the provider comes from a foreign page: the session's cookie (SameSite=Strict) does not
travel with such a request, the one of the step (Lax) does. The answer is therefore a page that goes on
by itself, and not a redirect.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Conflict, EvidenceError, NotFound, Refused
from evidence.service.sign_in.oidc import Returned
from evidence.service.sign_in.signing_in import MoreAsked
from evidence.web.bodies import read_form
from evidence.web.deps import COOKIE, App, Network, admitted
from evidence.web.errors import status_of
from evidence.web.pages.going_on import ask_more, go_on
from evidence.web.pages.rendering import away, give_session, page, scripted

router = APIRouter(tags=["pages"], include_in_schema=False)

STEP_COOKIE = "__Host-evidence-step"


@router.post("/sign-in/passkey")
async def ask_alone(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Ask the browser for any passkey that it has."""
    try:
        asked = await run_in_threadpool(app.factors.passkey_sign_in.begin)
    except EvidenceError as problem:
        return page("message", status_of(problem), problem=problem)
    action = "/sign-in/passkey/alone"
    return scripted("passkey_use", action=action, step=asked.token, options=asked.options, has_codes=False)


@router.post("/sign-in/passkey/alone")
async def show_alone(
    request: Request, app: App, peer: Network, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Take a passkey in the place of login and password."""
    form = await read_form(request)
    desk = app.factors.passkey_sign_in
    try:
        answer = await run_in_threadpool(desk.finish, form.get("step", ""), form.get("answer", ""), peer)
    except Refused as problem:
        return page("message", status_of(problem), problem=problem)
    return await go_on(request, app, answer)


@router.post("/sign-in/passkey/second")
async def show_second(
    request: Request, app: App, peer: Network, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Take a passkey as the second factor."""
    form = await read_form(request)
    desk = app.factors.passkey_sign_in
    try:
        answer = await run_in_threadpool(desk.show_second, form.get("step", ""), form.get("answer", ""), peer)
    except Refused as problem:
        return page("message", status_of(problem), problem=problem)
    return await go_on(request, app, answer)


@router.get("/sign-in/oidc")
def leave(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Send the browser to the provider of single sign-on."""
    try:
        sent = app.factors.single_sign_on.begin()
    except EvidenceError as problem:
        return page("message", status_of(problem), problem=problem)
    answer = RedirectResponse(sent.address, 303)
    answer.set_cookie(
        STEP_COOKIE, sent.token, max_age=300, path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


@router.get("/sign-in/oidc/return")
def come_back(
    request: Request,
    app: App,
    peer: Network,
    state: str = "",
    code: str | None = None,
    iss: str | None = None,
    _caller: Caller = admitted(Action.READ_PUBLIC),
) -> Response:
    """Take what the browser brings back from the provider."""
    step = request.cookies.get(STEP_COOKIE, "")
    try:
        answer = app.factors.single_sign_on.finish(step, Returned(state, code, iss), peer)
    except EvidenceError as problem:
        return _stepped(page("message", status_of(problem), problem=problem))
    if isinstance(answer, MoreAsked):
        return _stepped(ask_more(app, answer))
    if before := request.cookies.get(COOKIE):
        app.sessions.sign_out(before)
    return _stepped(give_session(page("arrived"), answer.token))


@router.get("/sign-in/oidc/out")
def leave_for_good(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Send the browser to where its session at the provider ends."""
    return RedirectResponse(app.factors.single_sign_on.logout_address() or "/sign-in", 303)


@router.get("/account/passkeys")
def passkeys(request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT)) -> Response:
    """Show one's passkeys."""
    return _listed(request, app, caller)


@router.post("/account/passkeys/new")
async def offer(
    request: Request, app: App, peer: Network, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Begin to add a passkey, after the password was shown again."""
    form = await read_form(request)
    try:
        asked = await run_in_threadpool(app.factors.passkeys.offer, caller, form.get("old", ""), peer)
    except EvidenceError as problem:
        return await run_in_threadpool(_listed, request, app, caller, problem)
    return scripted("passkey_new", step=asked.token, options=asked.options, csrf=request.state.csrf)


@router.post("/account/passkeys")
async def add(
    request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Add the passkey that the browser has made."""
    form = await read_form(request)
    told = [form.get(name, "") for name in ("step", "name", "answer")]
    try:
        await run_in_threadpool(app.factors.passkeys.add, caller, *told)
    except (Refused, Conflict) as problem:
        return await run_in_threadpool(_listed, request, app, caller, problem)
    return away("/account/passkeys")


@router.post("/account/passkeys/{passkey_id}/rename")
async def rename(
    passkey_id: str, request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Give one's passkey another name."""
    form = await read_form(request)
    try:
        await run_in_threadpool(app.factors.passkeys.rename, caller, passkey_id, form.get("name", ""))
    except (Refused, NotFound) as problem:
        return await run_in_threadpool(_listed, request, app, caller, problem)
    return away("/account/passkeys")


@router.post("/account/passkeys/{passkey_id}/remove")
async def remove(
    passkey_id: str,
    request: Request,
    app: App,
    peer: Network,
    caller: Caller = admitted(Action.OWN_ACCOUNT, form=True),
) -> Response:
    """Remove one's passkey, after the password was shown again."""
    form = await read_form(request)
    try:
        await run_in_threadpool(app.factors.passkeys.remove, caller, passkey_id, form.get("old", ""), peer)
    except (Refused, Conflict, NotFound) as problem:
        return await run_in_threadpool(_listed, request, app, caller, problem)
    return away("/account/passkeys")


def _listed(request: Request, app: App, caller: Caller, problem: EvidenceError | None = None) -> Response:
    return page(
        "passkeys",
        status_of(problem) if problem else 200,
        problem=problem,
        passkeys=app.factors.passkeys.own(caller),
        csrf=request.state.csrf,
    )


def _stepped(answer: Response) -> Response:
    """Take the cookie of the step away: it is used up."""
    answer.delete_cookie(STEP_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer
