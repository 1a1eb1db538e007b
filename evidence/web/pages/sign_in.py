"""The pages of signing in: password, second factor, a new password where the old has run out, one-time links.

What one step gives to the next stands in a hidden field of the form, never in an address. A GET shows forms
and changes nothing, so that no preview of a link uses it up.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, NotFound, Refused
from evidence.web.bodies import read_form
from evidence.web.deps import App, Network, admitted
from evidence.web.errors import status_of
from evidence.web.pages.going_on import go_on
from evidence.web.pages.rendering import away, page, picture

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/sign-in")
def ask(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Show the form for login and password."""
    return page("sign_in", ways=app.factors.ways)


@router.post("/sign-in")
async def sign_in(
    request: Request, app: App, peer: Network, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Take login and password."""
    form = await read_form(request)
    login, password = form.get("login", ""), form.get("password", "")
    try:
        answer = await run_in_threadpool(app.signing_in.begin, login, password, peer)
    except Refused as problem:
        return page("sign_in", status_of(problem), problem=problem)
    return await go_on(request, app, answer)


@router.post("/sign-in/code")
async def show_code(
    request: Request, app: App, peer: Network, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Take the code of the second factor."""
    form = await read_form(request)
    step = form.get("step", "")
    try:
        answer = await run_in_threadpool(app.signing_in.show_code, step, form.get("code", ""), peer)
    except Refused as problem:
        shown = "sign_in" if problem.code == "step-over" else "code"
        return page(shown, status_of(problem), problem=problem, step=step)
    return await go_on(request, app, answer)


@router.post("/sign-in/password")
async def replace_password(
    request: Request, app: App, peer: Network, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Take a new password for one that has run out."""
    form = await read_form(request)
    step = form.get("step", "")
    try:
        new = _twice(form)
        answer = await run_in_threadpool(app.signing_in.replace_password, step, new, peer)
    except Refused as problem:
        shown = "sign_in" if problem.code == "step-over" else "new_password"
        return page(shown, status_of(problem), problem=problem, step=step)
    return await go_on(request, app, answer)


@router.get("/link/{token}")
def show_link(token: str, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Show the form for a new password."""
    try:
        return page("link", login=app.links.owner(token), token=token)
    except NotFound as problem:
        return page("message", status_of(problem), problem=problem)


@router.post("/link/{token}")
async def use_link(
    token: str, request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Set the password, and offer a second factor."""
    form = await read_form(request)
    try:
        login = await run_in_threadpool(app.links.owner, token)
    except NotFound as problem:
        return page("message", status_of(problem), problem=problem)
    try:
        offer = await run_in_threadpool(app.links.use, token, _twice(form))
        needed = await run_in_threadpool(app.links.must_confirm, offer.token)
    except EvidenceError as problem:
        if isinstance(problem, NotFound):
            return page("message", status_of(problem), problem=problem)
        return page("link", status_of(problem), problem=problem, login=login, token=token)
    return page("enrol", secret=offer.secret, picture=picture(offer.picture), step=offer.token, needed=needed)


@router.post("/second-factor")
async def confirm(request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Take a code of the second factor that was offered."""
    form = await read_form(request)
    step = form.get("step", "")
    try:
        await run_in_threadpool(app.links.confirm, step, form.get("code", ""))
    except Refused as problem:
        shown = "message" if problem.code == "step-over" else "enrol"
        return page(
            shown, status_of(problem), problem=problem, step=step, secret=None, picture=None, needed=True
        )
    return away("/")  # whoever is not signed in yet is asked to, and comes to the first room


def _twice(form: dict[str, str]) -> str:
    """Return a password that was typed twice. Raises: Refused("passwords-differ")."""
    if form.get("password", "") != form.get("again", ""):
        raise Refused("passwords-differ")
    return form.get("password", "")
