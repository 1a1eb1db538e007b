"""The pages of one's own account: sessions, password, second factor, signing out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Conflict, EvidenceError, Invalid, Refused
from evidence.service.sign_in.sessions import OpenSession
from evidence.web.bodies import read_form
from evidence.web.deps import App, Network, admitted
from evidence.web.errors import status_of
from evidence.web.pages.rendering import away, give_session, page, picture, take_session
from evidence.web.pages.rooms import first_room

router = APIRouter(prefix="/account", tags=["pages"], include_in_schema=False)


@router.get("")
def account(request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT)) -> Response:
    """Show one's own account."""
    return _shown(request, app, caller)


@router.post("/sign-out")
async def sign_out(
    request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """End this session."""
    await run_in_threadpool(app.own_account.end, caller, _session(request).id)
    return take_session(away("/sign-in"))


@router.post("/sessions/others/end")
async def end_others(
    request: Request, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """End all sessions but this."""
    await run_in_threadpool(app.own_account.end_others, caller, _session(request).id)
    return away("/account")


@router.post("/sessions/{session_id}/end")
async def end_one(
    session_id: str, app: App, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """End one session."""
    await run_in_threadpool(app.own_account.end, caller, session_id)
    return away("/account")


@router.post("/password")
async def change_password(
    request: Request, app: App, peer: Network, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Set another password; this browser gets a new session, all others are over."""
    form = await read_form(request)
    try:
        if form.get("password", "") != form.get("again", ""):
            raise Refused("passwords-differ")
        answer = await run_in_threadpool(
            app.own_account.change_password,
            caller,
            _session(request).id,
            form.get("old", ""),
            form.get("password", ""),
            peer,
        )
    except Refused as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem)
    return give_session(away("/account"), answer.token)


@router.post("/second-factor")
async def offer_codes(
    request: Request, app: App, peer: Network, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Offer a new second factor."""
    form = await read_form(request)
    try:
        offer = await run_in_threadpool(app.own_account.offer_codes, caller, form.get("old", ""), peer)
    except Refused as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem)
    return page("enrol", secret=offer.secret, picture=picture(offer.picture), step=offer.token, needed=True)


@router.post("/second-factor/remove")
async def remove_codes(
    request: Request, app: App, peer: Network, caller: Caller = admitted(Action.OWN_ACCOUNT, form=True)
) -> Response:
    """Do without a second factor."""
    form = await read_form(request)
    try:
        await run_in_threadpool(app.own_account.remove_codes, caller, form.get("old", ""), peer)
    except (Refused, Conflict) as problem:
        return await run_in_threadpool(_shown, request, app, caller, problem)
    return away("/account")


def _shown(request: Request, app: App, caller: Caller, problem: EvidenceError | None = None) -> Response:
    return page(
        "account",
        status_of(problem) if problem else 200,
        problem=problem,
        number=caller.name,
        sessions=app.own_account.sessions(caller),
        zone=ZoneInfo(app.site.policies.latest.time_zone),
        has_room=first_room(caller, app.site.bars()) is not None,
        this=_session(request).id,
        has_codes=app.own_account.has_codes(caller),
        csrf=request.state.csrf,
    )


def _session(request: Request) -> OpenSession:
    """Return the session of a request. Raises: Invalid where somebody comes with a token."""
    found: OpenSession | None = getattr(request.state, "session", None)
    if found is None:
        raise Invalid("two-credentials")
    return found
