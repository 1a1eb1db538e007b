"""What a person at a page sees when something could not be done: what happened, and what is safe."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from evidence.errors import EvidenceError
from evidence.local import citation_text
from evidence.locale import CHINESE, catalogue
from evidence.web.deps import application
from evidence.web.pages.language import is_ours
from evidence.web.pages.rendering import away, give_session, page

BACK = "__Host-evidence-back"
_TEN_MINUTES = 600
_FOR_PROGRAMS = ("/api/", "/health", "/ready", "/metrics", "/openapi.json", "/static/")


def shown(request: Request, status: int, code: str, fields: Mapping[str, object]) -> Response | None:
    """Return a problem as a page; None for a program, which is answered by a problem document.

    Who looks at a page and is not signed in is sent to do that, and then comes back to the page.
    """
    if request.url.path.startswith(_FOR_PROGRAMS) and not _is_followed(request):
        return None
    if status == 401 and request.method == "GET":
        answer = RedirectResponse("/sign-in", 303)
        path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        if path != "/" and is_ours(path):
            answer.set_cookie(BACK, path, _TEN_MINUTES, path="/", secure=True, httponly=True, samesite="lax")
        return answer
    if "text/html" not in request.headers.get("accept", ""):
        return None
    known = code if f"error.{code}" in catalogue(CHINESE) else "unexpected"
    home = application(request).site.policies.latest
    cites = "; ".join(citation_text(one, home) for one in str(fields.get("cites", "")).split())
    return page("problem", status, problem=EvidenceError(known, **{**fields, "cites": cites}), status=status)


def _is_followed(request: Request) -> bool:
    """Tell whether a browser asks because somebody followed a link, to a file perhaps: they see a page."""
    return request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"


def went_back(request: Request, token: str) -> Response:
    """Give a new session, and send to where somebody wanted to go before; to the front door otherwise."""
    path = request.cookies.get(BACK, "")
    answer = give_session(away(path if is_ours(path) else "/"), token)
    if path:
        answer.delete_cookie(BACK, path="/", secure=True, httponly=True, samesite="lax")
    return answer
