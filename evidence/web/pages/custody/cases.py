"""Cases: a list by number; one case with its cameras under one clock, its documents, its archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.document import documents_out
from evidence.answers.recordings import recording_out
from evidence.answers.step import cover_text
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.instants import from_text
from evidence.domain.rights import Action
from evidence.domain.wording import printable
from evidence.errors import EvidenceError, Invalid
from evidence.service.cases.case_pages import SORTS, Camera, CasePage
from evidence.service.catalogue import StoredRecording
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.timelines import Bar, Scale
from evidence.web.pages.desk import acted, desk, reading
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import sorting_of

router = APIRouter(tags=["pages"], include_in_schema=False)

MOST_TOGETHER = 4
_LONGEST = 200


@router.get("/custody/cases")
def cases(
    request: Request,
    app: App,
    number: str = "",
    after: str = "",
    sort: str = "",
    caller: Caller = admitted(Action.READ_CASE_FILES),
) -> Response:
    """List cases, by number or in another order."""
    return _listed(request, app, caller, number, after, sort)


@router.post("/custody/cases")
async def open_case(
    request: Request, app: App, caller: Caller = admitted(Action.MANAGE_CASES, form=True)
) -> Response:
    """Open a case."""
    form = await read_form(request)
    told = (form.get("case", "").strip(), form.get("unit", ""))
    try:
        made = await run_in_threadpool(app.cases.open, caller, *told)
    except EvidenceError as problem:
        return await run_in_threadpool(_listed, request, app, caller, problem=problem, typed=form)
    return away(f"/cases/{made.id}?done=case-opened")


@router.get("/cases/{case_id}")
def case(
    case_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_CASE_FILES)
) -> Response:
    """Show a case; `play` names up to four of its recordings that are to be watched together."""
    return _shown(request, app, caller, case_id)


@router.post("/cases/{case_id}/end")
async def end(
    case_id: str, request: Request, app: App, caller: Caller = admitted(Action.ARCHIVE_CASES, form=True)
) -> Response:
    """Note the day on which the act of a case ended."""
    form = await read_form(request)
    try:
        said = _day(form.get("day", "")), form.get("why") or None
        ended = await run_in_threadpool(app.case_filing.end, caller, case_id, *said)
    except EvidenceError as problem:
        again = partial(_shown, request, app, caller, case_id, problem=problem, typed=form)
        return await run_in_threadpool(again)
    return away(f"/cases/{case_id}?done={'case-ended-early' if ended.is_early else 'case-ended'}")


@router.post("/cases/{case_id}/archive")
async def archive(
    case_id: str, request: Request, app: App, caller: Caller = admitted(Action.ARCHIVE_CASES, form=True)
) -> Response:
    """Hand a case file over to the archive."""
    form = await read_form(request)
    number, gave, took = (form.get(name, "").strip() for name in ("number", "handed_by", "received_by"))

    def act() -> None:
        app.case_filing.archive(caller, case_id, number, gave, took, form.get("reason") or None)

    return await _acted(request, app, caller, case_id, act, "case-archived")


async def _acted(
    request: Request, app: Application, caller: Caller, case_id: str, act: Callable[[], None], done: str
) -> Response:
    typed = await read_form(request)

    def again(problem: EvidenceError) -> Response:
        return _shown(request, app, caller, case_id, problem=problem, typed=typed)

    return await acted(act, again, f"/cases/{case_id}?done={done}")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    case_id: str,
    *,
    problem: EvidenceError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    found, bars = app.case_pages.of(caller, case_id), app.site.bars()
    return desk(
        request,
        caller,
        "custody/case",
        problem=problem,
        typed=typed or {},
        one=found,
        acts=[_act(row) for row in documents_out(found.acts, caller)],
        rows=[(one, _name(one.stored, caller), _device(one.stored, caller)) for one in found.cameras],
        may_archive=may(caller, Action.ARCHIVE_CASES, bars),
        covered=cover_text,
        **_timeline(request, found, caller),
        **_together(request, found, caller),
    )


def _timeline(request: Request, found: CasePage, caller: Caller) -> dict[str, Any]:
    """Return the lanes of the recorders and the ticks between them."""
    scale = Scale.over([one.span for one in found.cameras if one.span is not None], folds=True)
    if scale is None:
        return {"lanes": [], "ticks": [], "breaks": []}
    lanes: dict[str, list[Camera]] = {}
    for one in sorted(found.cameras, key=lambda camera: camera.stored.recording.origin.device):
        lanes.setdefault(one.stored.recording.origin.device, []).append(one)
    return {
        "lanes": [(device, _bars(some, scale, caller)) for device, some in lanes.items()],
        "ticks": scale.told(reading(request).zone),
        "breaks": scale.breaks,
    }


def _together(request: Request, found: CasePage, caller: Caller) -> dict[str, Any]:
    """Return what is to be watched together, each with its place on their common clock."""
    every = request.query_params.getlist("play")
    asked = every[:MOST_TOGETHER]
    chosen = [
        (one, one.span)
        for one in found.cameras
        if one.stored.recording.id in asked and one.may_play and one.span
    ]
    start = min((span.start for _, span in chosen), default=None)
    end = max((span.end for _, span in chosen), default=None)
    return {
        "picked": set(asked),
        "together": [
            (one, _name(one.stored, caller), (span.start - start).total_seconds())
            for one, span in chosen
            if start
        ],
        "length": (end - start).total_seconds() if start and end else 0,
        "most": MOST_TOGETHER,
        "is_cut": len(every) > MOST_TOGETHER,
    }


def _act(row: dict[str, Any]) -> dict[str, Any]:
    """Return an enforcement document with its times as instants; those of its footage, too."""
    media = row["media"] and {**row["media"], **_instants(row["media"])}
    return {**row, **_instants(row), "media": media, "open": any(one["open"] for one in row["mismatches"])}


def _instants(row: Mapping[str, Any]) -> dict[str, datetime]:
    return {"start": from_text(row["from"]), "end": from_text(row["to"])}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("invalid-time", field="day") from None


def _listed(
    request: Request,
    app: Application,
    caller: Caller,
    number: str = "",
    after: str = "",
    sort: str = "",
    *,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    told = number.strip()[:_LONGEST], after[:_LONGEST], sorting_of(sort, SORTS)
    found, has_more = app.case_pages.page(caller, *told)
    opens = may(caller, Action.MANAGE_CASES, app.site.bars())
    return desk(
        request,
        caller,
        "custody/cases",
        problem=problem,
        cases=found,
        number=number,
        after=found[-1].number if has_more else None,
        units=app.case_pages.units(caller) if opens else {},
        typed=typed or {},
    )


def _bars(some: list[Camera], scale: Scale, caller: Caller) -> list[Bar]:
    return [
        scale.bar(one.span, "recording", _name(one.stored, caller), f"/recordings/{one.stored.recording.id}")
        for one in some
        if one.span is not None
    ]


def _device(stored: StoredRecording, caller: Caller) -> str:
    return printable(str(recording_out(stored, caller).get("device", "")))


def _name(stored: StoredRecording, caller: Caller) -> str:
    row = recording_out(stored, caller)
    return printable(str(row.get("name", "")).rsplit("/", 1)[-1] or str(row["id"]))
