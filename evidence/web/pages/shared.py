"""The page of a link, for somebody without an account: the code, what was opened, the player, the download.

What was opened is bound to a cookie that this browser got for the code. A GET changes nothing, so no preview
of a link uses it up, and it tells nobody whether there is such a link; but that one was revoked is said at
once, since no code opens it any more. What may only be shown is given to a
player on this page alone, where the recipient's name stands over it; who sees a picture can still copy it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Refused
from evidence.web.api.shares import answered
from evidence.web.bodies import counted, read_form
from evidence.web.deps import App, admitted
from evidence.web.errors import PROTECTIVE, status_of
from evidence.web.pages.desk import reading
from evidence.web.pages.rendering import away, page
from evidence.web.showing import choose_range

router = APIRouter(prefix="/shared", tags=["pages"], include_in_schema=False)

COOKIE = "__Host-evidence-link"
_POLICY = f"{PROTECTIVE['content-security-policy']}; img-src 'self'; media-src 'self'"
_PLAYERS = frozenset({"audio", "image", "video"})  # Sec-Fetch-Dest: no page of anybody can set it


@router.get("")
def opened(request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Show what this browser has opened."""
    try:
        sheet = app.court.sharing.look(_session(request))
    except Refused as problem:
        return page("shared_over", status_of(problem), problem=problem, told="shared.over")
    reader = reading(request)
    answer = page("shared", sheet=sheet, when=reader.when, size=reader.size)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@router.get("/{token}")
def ask(token: str, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Ask for the code of a link, whether there is such a link or not; of one that was revoked, say so."""
    return _revoked() if app.court.sharing.is_revoked(token) else page("shared_code", token=token)


@router.post("/{token}")
async def open_link(
    token: str, request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Open a link, once, with its code."""
    form = await read_form(request)
    try:
        given = await run_in_threadpool(app.court.sharing.open, token, form.get("code", "").strip())
    except Refused as problem:
        if await run_in_threadpool(app.court.sharing.is_revoked, token):
            return _revoked()
        return page("shared_code", status_of(problem), problem=problem, token=token)
    answer = away("/shared")
    answer.set_cookie(COOKIE, given.session, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@router.get("/files/{number}")
def show(number: str, request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return a file of what was opened to the player on the page, whole or one range."""
    if request.headers.get("sec-fetch-dest") not in _PLAYERS:
        raise Refused("share-shows-only")
    sharing, which = app.court.sharing, counted(number)
    shown = sharing.read(_session(request), which, choose_range(request), to_keep=False)
    return answered(request, shown, shown.about.shown.media_type)


@router.get("/files/{number}/copy")
def copy(number: str, request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return a file of what was opened to be kept, where the link lets it be taken along."""
    sharing, which = app.court.sharing, counted(number)
    return answered(request, sharing.read(_session(request), which, choose_range(request), to_keep=True))


def _revoked() -> Response:
    return page("shared_over", status_of(Refused("share-revoked")), told="shared.revoked")


def _session(request: Request) -> str:
    return request.cookies.get(COOKIE, "")
