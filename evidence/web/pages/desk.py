"""The frame around every desk: the reader's language, the rooms open to them, times with their zone, lists.

A template says texts by `say(key)`, times by `when(instant)`, lengths by `lasting(timedelta)`, addresses of
the same list by `link(sort="late")`; every value is escaped. A page loads styles, scripts, pictures and
footage from here only, and runs nothing that stands in the page itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.errors import EvidenceError
from evidence.local import citation_text
from evidence.locale import ENGLISH, catalogue, duration, text
from evidence.policy.rules import Pack
from evidence.service.instruments import pack_at
from evidence.web.deps import application
from evidence.web.errors import PROTECTIVE, status_of
from evidence.web.pages.language import TAGS, language_of
from evidence.web.pages.rendering import HEADERS, PAGES, away
from evidence.web.pages.rooms import desks_of

POLICY = "; ".join(
    (
        PROTECTIVE["content-security-policy"],
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
    )
)
_HEADERS = {**HEADERS, "Content-Security-Policy": POLICY}


@dataclass(frozen=True, slots=True)
class Reading:
    """Writes for one reader: in their language, in the time zone of the rules in force."""

    language: str
    zone: ZoneInfo
    here: str
    asked: dict[str, str]
    pack: Pack

    def say(self, key: str, /, **fields: object) -> str:
        """Return a text; the key itself where there is none (tests show that there is one)."""
        return text(self.language, key, **fields) if key in catalogue(self.language) else key

    def when(self, instant: datetime | None, seconds: bool = False) -> Markup:
        """Return an instant as a person reads it, with its offset, as a `time` element; a dash for none."""
        if instant is None:
            return Markup("—")
        local = instant.astimezone(self.zone).isoformat(" ", "seconds")
        shown, offset = local[: 19 if seconds else 16], local[19:25]
        return Markup(  # noqa: S704 (digits and signs of a time)
            f'<time datetime="{instant.isoformat()}">{shown} <small>{offset}</small></time>'
        )

    def word(self, code: str, /, *groups: str) -> str:
        """Return what people call a code, by the first of these groups of texts that has it; the code itself
        where none has (a newer program's log may hold more)."""
        keys = (f"{group}.{code}" for group in groups)
        return next((self.say(key) for key in keys if key in catalogue(self.language)), code)

    def lasting(self, length: timedelta | float) -> str:
        """Return a length of time."""
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        return duration(self.language, round(seconds))

    def size(self, count: int) -> str:
        """Return a number of bytes in the largest unit that leaves at least 1."""
        number, units = float(count), ["B", "KB", "MB", "GB", "TB"]
        while number >= 1000 and len(units) > 1:
            number, units = number / 1000, units[1:]
        return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"

    def cited(self, cites: Sequence[str]) -> str:
        """Return citations: instrument and article, and what is adopted from elsewhere."""
        return "; ".join(citation_text(one, self.pack) for one in cites)

    def link(self, **changed: object) -> str:
        """Return the address of this page with other parameters; None takes one away."""
        told = {**self.asked, **{name: str(value) for name, value in changed.items() if value is not None}}
        kept = {
            name: value for name, value in told.items() if name not in changed or changed[name] is not None
        }
        return f"{self.here}?{urlencode(kept)}" if kept else self.here


def reading(request: Request) -> Reading:
    """Return how to write for who asks."""
    site = application(request).site
    pack = pack_at(site.policies, site.clock.now())
    asked = {name: value for name, value in request.query_params.items() if name != "done"}
    return Reading(language_of(request), ZoneInfo(pack.time_zone), request.url.path, asked, pack)


def desk(
    request: Request,
    caller: Caller,
    template: str,
    status: int = 200,
    /,
    problem: EvidenceError | None = None,
    **facts: object,
) -> Response:
    """Return a page of a desk. problem: what could not be done, told above the page; it gives the status."""
    reader = reading(request)
    body = _rendered(request, reader, template, problem=problem, **_frame(request, caller, reader), **facts)
    return HTMLResponse(body, status_of(problem) if problem else status, _HEADERS)


async def acted(act: Callable[[], object], again: Callable[[EvidenceError], Response], to: str) -> Response:
    """Do an act and go on to a page; where it cannot be done, `again` shows the page with the problem."""
    try:
        await run_in_threadpool(act)
    except EvidenceError as problem:
        return await run_in_threadpool(again, problem)
    return away(to)


def part(request: Request, template: str, /, **facts: object) -> Response:
    """Return a piece of a page, which a script puts in the place of an older one."""
    reader = reading(request)
    return HTMLResponse(_rendered(request, reader, template, problem=None, **facts), headers=_HEADERS)


def _rendered(request: Request, reader: Reading, template: str, /, **facts: object) -> str:
    ways = {
        name: getattr(reader, name) for name in ("say", "when", "lasting", "size", "link", "cited", "word")
    }
    csrf = getattr(request.state, "csrf", "")
    return PAGES.get_template(f"{template}.html").render(**ways, csrf=csrf, asked=reader.asked, **facts)


def _frame(request: Request, caller: Caller, reader: Reading) -> dict[str, object]:
    site: Application = application(request)
    done = request.query_params.get("done", "")
    return {
        "lang": TAGS[reader.language],
        "other": TAGS[ENGLISH] if reader.language != ENGLISH else "zh-CN",
        "back": reader.link() if request.method == "GET" else _page_above(request),
        "path": reader.here,
        "time_zone": reader.zone.key,
        "caller": caller,
        "desks": desks_of(caller, site.site.bars()),
        "done": f"done.{done}" if f"done.{done}" in catalogue(reader.language) else None,
        "alarms": request.app.state.alarms,
        "odd_signs": _odd_signs(getattr(request.state, "form", {})),
    }


def _page_above(request: Request) -> str:
    """Return the page to which the form of this address belongs: only a page can be opened again."""
    path = request.url.path
    while path:
        there = {**request.scope, "path": path, "method": "GET"}
        if any(route.matches(there)[0] is Match.FULL for route in request.app.routes):
            return path
        path = path.rpartition("/")[0]
    return "/"


def _odd_signs(form: Mapping[str, str]) -> str:
    """Return the code points in a form that nobody sees and no text may hold: they come in by pasting."""
    typed = {sign for value in form.values() for sign in value if sign not in "\n\u3000"}
    return " ".join(sorted(f"U+{ord(sign):04X}" for sign in typed if not sign.isprintable()))
