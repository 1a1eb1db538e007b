"""Turning a template and facts into a page. Every text comes from the catalogues; every value is escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from evidence.answers.refusal_words import another
from evidence.domain.wording import printable
from evidence.locale import CHINESE, ENGLISH, text
from evidence.web.deps import COOKIE
from evidence.web.errors import PROTECTIVE

HEADERS = {"Referrer-Policy": "same-origin"}  # else browsers send "Origin: null" with our own forms


def _words(key: str, /, **fields: object) -> Markup:
    """Return a text in both languages, each marked as what it is."""
    return Markup('<span lang="zh-CN">{}</span> <span lang="en">{}</span>').format(
        text(CHINESE, key, **fields), text(ENGLISH, key, **fields)
    )


PAGES = Environment(
    loader=PackageLoader("evidence.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.globals["words"] = _words
PAGES.globals["another"] = another
PAGES.filters["plain"] = printable  # names of files: what steers the direction of text is shown, not obeyed


def page(template: str, status: int = 200, /, **facts: object) -> Response:
    """Return a page."""
    body = PAGES.get_template(f"{template}.html").render(**{"problem": None, "csrf": "", **facts})
    return HTMLResponse(body, status, HEADERS)


def scripted(template: str, /, **facts: object) -> Response:
    """Return a page that runs our one script; no other page runs any."""
    answer = page(template, **facts)
    answer.headers["Content-Security-Policy"] = f"{PROTECTIVE['content-security-policy']}; script-src 'self'"
    return answer


def picture(svg: str) -> Markup:
    """Let a picture that this program drew stand in a page as it is."""
    return Markup(svg)  # noqa: S704 (drawn by service.sign_in_ports.TimeCodes, from nothing a caller chose)


def away(path: str) -> Response:
    """Send the browser on to another page of ours."""
    return RedirectResponse(path, 303, HEADERS)


def give_session(response: Response, token: str) -> Response:
    """Put a session's cookie into an answer."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
    return response


def take_session(response: Response) -> Response:
    """Take the session's cookie away."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response
