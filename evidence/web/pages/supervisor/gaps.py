"""The gap report as a page: what is asked for stands in the address, so that it can be sent to somebody.

It says what the documents say (evidence/documents/gaps.py), at the same place of the log. Without days in the
address it is of the last seven: whoever wants more says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.answers.step import STEP_PARTS, cover_text
from evidence.bootstrap import Application
from evidence.documents.gap_pages import GapPage, gap_page
from evidence.documents.gaps import FORMS, TONGUES
from evidence.domain.access import Caller, may
from evidence.domain.explanations import GapState
from evidence.domain.instants import from_text
from evidence.domain.rights import Action
from evidence.domain.shift_pictures import style
from evidence.domain.wording import printable
from evidence.errors import EvidenceError, Invalid
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.gap_reports import GapReport
from evidence.service.instruments import local_day
from evidence.service.people.units import full_names
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.language import language_of
from evidence.web.pages.rendering import picture
from evidence.web.pages.sorting import in_order, sorting_of
from evidence.web.pages.supervisor.board import STEP_TONES
from evidence.web.pages.turning import page_of

router = APIRouter(prefix="/gaps", tags=["pages"], include_in_schema=False)

USUAL = timedelta(days=6)
SHIFTS = 30  # in the picture of one page
MOST_STEPS = 100  # of activities on one page; the documents have all
PARTS = ("faults", "missing", "late", "interruptions", "to_explain", "set_aside")
SORTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "day": itemgetter("day"),
    "device": itemgetter("device"),
    "wearer": itemgetter("wearer"),
    "file": lambda one: one["name"] or None,
    "state": itemgetter("gap_state"),
}
_NOTHING = dict.fromkeys(("code", "device", "wearer", "gap", "gap_state", "late_by_s", "recording"))
_TONES: Mapping[str, str] = {
    GapState.OPEN: "bad",
    GapState.SENT_BACK: "bad",
    GapState.EXPLAINED: "wait",
    GapState.FAULT_OPEN: "wait",
    GapState.FAULT: "none",
    GapState.NO_FAULT: "good",
    GapState.ACCEPTED: "good",
    GapState.EXEMPT: "good",
}


@router.get("/shifts.css")
def shift_style(_caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return the style of the time lines."""
    return Response(style(), media_type="text/css; charset=utf-8")


@router.get("")
def gaps(
    request: Request,
    app: App,
    device: str = "",
    since: str = "",
    until: str = "",
    state: str = "",
    wearer: str = "",
    unit: str = "",
    after: str | None = None,
    shifts: str = "0",
    sort: str = "",
    caller: Caller = admitted(Action.READ_GAPS),
) -> Response:
    """Show the gap report, or the part of it that is asked for."""
    typed = {"device": device, "since": since, "until": until, "state": state, "wearer": wearer, "unit": unit}
    first = int(shifts) if shifts.isdecimal() and len(shifts) < 5 else 0
    try:
        asked = _asked(app, typed)
        sorting_of(sort, SORTS)
        report, is_drawn = _report(app, caller, asked)
    except EvidenceError as problem:
        return desk(request, caller, "gaps", problem=problem, typed=typed, page=None, **_choices(app, caller))
    typed |= {"since": str(asked.since or ""), "until": str(asked.until or "")}
    page = gap_page(report, caller, language_of(request), first, SHIFTS)
    facts: dict[str, Any] = {"typed": typed, "report": report, "documents": _documents(request, asked)}
    facts["is_drawn"] = is_drawn
    return desk(request, caller, "gaps", **facts, **_facts(page, first, after, sort), **_choices(app, caller))


def _report(app: Application, caller: Caller, asked: Asked) -> tuple[GapReport, bool]:
    """Return the report with its time lines; without, where they are too many to be drawn."""
    try:
        return app.reports.gaps(caller, asked, "svg"), True
    except Invalid as problem:
        if problem.code != "too-many-shifts":
            raise
        return app.reports.gaps(caller, asked), False


def _facts(page: GapPage, first: int, after: str | None, sort: str) -> dict[str, Any]:
    lines, steps = in_order(_lines(page), sort, SORTS), _steps(page)
    shown, then = page_of(lines, after, lambda one: str(one["key"]))
    return {
        "page": page,
        "picture": picture(page.picture),
        "shown_shifts": page.shifts[first : first + SHIFTS],
        "first": first,
        "step": SHIFTS,
        "lines": shown,
        "after": then,
        "all_lines": len(lines),
        "steps": steps[:MOST_STEPS],
        "all_steps": len(steps),
        "step_tones": STEP_TONES,
        "covered": cover_text,
        "tones": _TONES,
    }


def _documents(request: Request, asked: Asked) -> dict[str, str]:
    """Return where the same question is answered as a document, by form."""
    tongue = next(tag for tag, language in TONGUES.items() if language == language_of(request))
    query = {name: str(value) for name, value in _told(asked).items() if value is not None}
    return {
        form: f"/api/v1/gaps?{urlencode({**query, 'format': form, 'language': tongue})}" for form in FORMS
    }


def _choices(app: Application, caller: Caller) -> dict[str, Any]:
    units = app.organisation.units.all(caller) if may(caller, Action.READ_PEOPLE, app.site.bars()) else []
    names = sorted(full_names(units).items(), key=lambda pair: pair[1])
    may_open = may(caller, Action.OPEN_FAULTS, app.site.bars())
    return {"states": list(GapState), "units": names, "may_open": may_open}


def _asked(app: Application, typed: Mapping[str, str]) -> Asked:
    """Return what is asked for. Raises: Invalid("invalid-text", "invalid-time")."""
    today = local_day(app.site.policies, app.site.clock.now())
    since, until = _day(typed["since"]), _day(typed["until"])
    if since is None:
        since = (until or today) - USUAL
    if typed["state"] and typed["state"] not in tuple(GapState):
        raise Invalid("invalid-text", field="state")
    state = GapState(typed["state"]) if typed["state"] else None
    return Asked(typed["device"] or None, since, until, state, typed["wearer"] or None, typed["unit"] or None)


def _told(asked: Asked) -> dict[str, object]:
    """Return the same as the API asks for it."""
    return {
        "device": asked.device,
        "since": asked.since,
        "until": asked.until,
        "state": asked.state,
        "wearer": asked.wearer,
        "unit": asked.unit_id,
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("invalid-time", field="day") from None


def _lines(page: GapPage) -> list[dict[str, Any]]:
    """Return the lines of all parts, each with a key that lasts as long as the line is there."""
    found = []
    for part in PARTS:
        for row in page.told[part]:
            name = printable(row.get("name") or row.get("file") or "")
            about = row.get("gap") or f"{row.get('code', '')}-{row.get('device', '')}-{name}"
            found.append({**_NOTHING, **row, "part": part, "name": name, "key": f"{part}-{about}"})
    return found


def _steps(page: GapPage) -> list[dict[str, Any]]:
    """Return the steps that nothing shows, then those of which too little is shown."""
    return [
        {**_NOTHING, **row, **{end: from_text(row[end]) for end in ("from", "to")}}
        for part in STEP_PARTS
        for row in page.told[part]
    ]
