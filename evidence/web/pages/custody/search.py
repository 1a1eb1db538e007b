"""Search: recordings by what is known of them, with counts to narrow by; searches that one keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.findings import Code
from evidence.domain.ids import is_id
from evidence.domain.rights import Action
from evidence.domain.shifts import day_span
from evidence.domain.standing import Classification
from evidence.errors import EvidenceError, Invalid
from evidence.service.listing import Listing
from evidence.service.recordings.search_ports import Place, Sought, State
from evidence.service.recordings.searching import MOST_COUNTED
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk, reading
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import sorting_of

router = APIRouter(prefix="/custody/search", tags=["pages"], include_in_schema=False)

TEXTS = ("case", "party", "wearer", "device")
CHOICES = ("unit", "code", "class", "state")
DAYS = ("since", "until")
_KEPT = (*TEXTS, *CHOICES, *DAYS, "sort")
_LONGEST = 200
E = TypeVar("E", bound=Enum)


@router.get("")
def search(request: Request, app: App, caller: Caller = admitted(Action.READ_MANIFEST)) -> Response:
    """Show what was found."""
    return _shown(request, app, caller, dict(request.query_params))


@router.post("/save")
async def save(
    request: Request, app: App, caller: Caller = admitted(Action.READ_MANIFEST, form=True)
) -> Response:
    """Keep the search under a name."""
    form = await read_form(request)
    asked = _kept(dict(parse_qsl(form.get("asked", ""))))
    query = urlencode(asked)
    try:
        await run_in_threadpool(app.searching.save, caller, form.get("name", ""), query)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, asked, problem, form.get("name", ""))
    return away(f"/custody/search?{urlencode({**asked, 'done': 'search-saved'})}")


@router.post("/forget")
async def forget(
    request: Request, app: App, caller: Caller = admitted(Action.READ_MANIFEST, form=True)
) -> Response:
    """Take a saved search away."""
    form = await read_form(request)
    await run_in_threadpool(app.searching.forget, caller, form.get("id", ""))
    return away("/custody/search?done=search-forgotten")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    asked: Mapping[str, str],
    problem: EvidenceError | None = None,
    name: str = "",
) -> Response:
    found = None
    try:
        sought = _sought(request, asked)
        unit = asked.get("unit") or None
        found = app.searching.search(caller, sought, unit, place_of(asked.get("after", "")))
    except EvidenceError as wrong:
        problem = problem or wrong
    kept = _kept(asked)
    return desk(
        request,
        caller,
        "custody/search",
        problem=problem,
        found=found,
        filters={one: value for one, value in kept.items() if one != "sort"},
        query=urlencode(kept),
        values={one: asked.get(one, "") for one in (*_KEPT, "after")},
        codes=[one.value for one in Code],
        classes=[one.value for one in Classification],
        states=[one.value for one in State],
        most=MOST_COUNTED,
        saved=app.searching.saved(caller),
        name=name,
    )


def _kept(asked: Mapping[str, str]) -> dict[str, str]:
    return {one: asked[one] for one in _KEPT if asked.get(one)}


def _sought(request: Request, asked: Mapping[str, str]) -> Sought:
    """Read what is asked. Raises: Invalid("invalid-text", "invalid-time", "days-reversed")."""
    told = {one: asked.get(one, "").strip() or None for one in TEXTS}
    for one, value in told.items():
        if value is not None and (len(value) > _LONGEST or not value.isprintable()):
            raise Invalid("invalid-text", field=one)
    if asked.get("unit") and not is_id(asked["unit"]):
        raise Invalid("invalid-text", field="unit")
    since, until = _day(request, asked, "since"), _day(request, asked, "until")
    if since and until and until <= since:
        raise Invalid("days-reversed", since=asked["since"], until=asked["until"])
    return Sought(
        case=told["case"],
        party=told["party"],
        wearer=told["wearer"],
        device=told["device"],
        code=_choice(Code, asked, "code"),
        classification=_choice(Classification, asked, "class"),
        state=_choice(State, asked, "state"),
        since=since,
        until=until,
        oldest_first=sorting_of(asked.get("sort", ""), ("time",)) == Listing("time"),
    )


def _choice(kind: type[E], asked: Mapping[str, str], field: str) -> E | None:
    if not asked.get(field):
        return None
    try:
        return kind(asked[field])
    except ValueError:
        raise Invalid("invalid-text", field=field) from None


def _day(request: Request, asked: Mapping[str, str], field: str) -> datetime | None:
    """Return when a day of the law's time zone begins; the last one: when it is over."""
    if not asked.get(field):
        return None
    try:
        span = day_span(date.fromisoformat(asked[field]), reading(request).zone)
    except (ValueError, OverflowError):
        raise Invalid("invalid-time", field=field) from None
    return span.end if field == "until" else span.start


def place_of(after: str) -> Place | None:
    """Read the key of the last row before a page. Raises: Invalid("invalid-text")."""
    if not after:
        return None
    moment, _, recording_id = after.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Invalid("invalid-text", field="after") from None
    if at.tzinfo is None or not is_id(recording_id):
        raise Invalid("invalid-text", field="after")
    return Place(at, recording_id)
