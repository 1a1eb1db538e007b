"""Which language a person reads: Chinese, unless this browser has chosen English. The choice is a cookie."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Invalid
from evidence.locale import CHINESE, ENGLISH
from evidence.web.bodies import read_form
from evidence.web.deps import admitted
from evidence.web.pages.rendering import away

router = APIRouter(tags=["pages"], include_in_schema=False)

COOKIE = "__Host-evidence-language"
TAGS = {CHINESE: "zh-CN", ENGLISH: "en"}  # BCP 47, as a page says it
_BY_TAG = {tag: language for language, tag in TAGS.items()}
_A_YEAR = 365 * 24 * 3600


def language_of(request: Request) -> str:
    """Return the language that this browser reads."""
    return _BY_TAG.get(request.cookies.get(COOKIE, ""), CHINESE)


@router.post("/language")
async def choose(request: Request, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Remember the language, and go back to where it was chosen. Raises: Invalid("unknown-language")."""
    form = await read_form(request)
    tag, back = form.get("language", ""), form.get("back", "/")
    if tag not in _BY_TAG:
        raise Invalid("unknown-language")
    answer = away(back if is_ours(back) else "/")
    answer.set_cookie(COOKIE, tag, _A_YEAR, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def is_ours(path: str) -> bool:
    """Tell whether it is a path of this service: browsers read "//" and "/\\" as the name of another host."""
    return path.startswith("/") and path[1:2] not in ("/", "\\") and path.isascii() and path.isprintable()
