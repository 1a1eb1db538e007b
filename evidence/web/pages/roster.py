"""The public roster as a page, without sign-in: a number, and whether it is valid today.

A network that asks too often has to wait: the limit is counted in this process, by /24 of IPv4 and /64 of
IPv6. Behind a proxy all of its clients are one network, for no header that a proxy sets is believed; a proxy
that faces the public has a limit of its own (docs/operations.md).
"""

from __future__ import annotations

import ipaddress
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import NotFound
from evidence.local import citation_text
from evidence.locale import CHINESE, ENGLISH, text
from evidence.web.deps import App, admitted

router = APIRouter(tags=["roster"], include_in_schema=False)

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
_looks = MovingWindowRateLimiter(MemoryStorage())


@router.get("/roster", response_class=HTMLResponse)
def look_up(
    request: Request, app: App, number: str = "", _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Say whether a number belongs to somebody who serves today; 429 for a network that asks too often."""
    desk = app.organisation.roster
    shown = {"asked": number if is_plain(number) else "", "entry": None, "contact": desk.terms.contact}
    limit = RateLimitItemPerMinute(app.settings.roster_per_minute)
    if number and not _looks.hit(limit, network_of(request.client.host if request.client else "")):
        return _page("too-many", {**shown, "cites": ()}, 429, {"Retry-After": "60"})
    try:
        cites = desk.cites()
        entry = desk.look_up(number) if number else None
    except NotFound:
        return _page("none", {**shown, "cites": ()}, 404)
    state = "asked" if not number else "not-valid" if entry is None else "valid"
    articles = [
        citation_text(one, app.site.policies.latest).partition(" / ")[0] for one in cites
    ]  # without our own ids
    return _page(state, {**shown, "entry": entry, "cites": articles})


@router.get("/roster.css", response_class=PlainTextResponse)
def style(_caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return the page's own style."""
    return Response(_style(), media_type="text/css")


def network_of(host: str) -> str:
    """Return the network of a client: /24 of IPv4, /64 of IPv6; of what is no address, one for all."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def _page(
    state: str, facts: dict[str, object], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    page = _templates().get_template("roster.html")
    body = page.render(state=state, zh=_saying(CHINESE), en=_saying(ENGLISH), **facts)
    return HTMLResponse(body, status, headers={**_HEADERS, **(headers or {})})


class _saying:
    """Says texts of the catalogues in one language, for a template."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, key: str) -> str:
        return text(self._language, key)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("evidence.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return (resources.files("evidence.web") / "static" / "roster.css").read_text(encoding="utf-8")
