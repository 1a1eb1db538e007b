"""Cases: a list by number, and one case with all its cameras under one clock."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers import recording_out
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.domain.wording import printable
from evidence.errors import EvidenceError
from evidence.service.case_pages import SORTS, Camera
from evidence.service.catalogue import StoredRecording
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.timelines import Bar, Scale
from evidence.web.pages.desk import desk, reading
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
    found, reader = app.case_pages.of(caller, case_id), reading(request)
    scale = Scale.over([one.span for one in found.cameras if one.span is not None], folds=True)
    lanes: dict[str, list[Camera]] = {}
    for one in sorted(found.cameras, key=lambda camera: camera.stored.recording.origin.device):
        lanes.setdefault(one.stored.recording.origin.device, []).append(one)
    asked = request.query_params.getlist("play")[:MOST_TOGETHER]
    chosen = [one for one in found.cameras if one.stored.recording.id in asked and one.may_play and one.span]
    start = min((one.span.start for one in chosen if one.span), default=None)
    end = max((one.span.end for one in chosen if one.span), default=None)
    return desk(
        request,
        caller,
        "custody/case",
        one=found,
        lanes=[(device, _bars(some, scale, caller)) for device, some in lanes.items()] if scale else [],
        ticks=scale.told(reader.zone) if scale else [],
        breaks=scale.breaks if scale else [],
        rows=[(one, _name(one.stored, caller)) for one in found.cameras],
        picked=set(asked),
        together=[(one, _name(one.stored, caller), (one.span.start - start).total_seconds())
                  for one in chosen if one.span and start],
        length=(end - start).total_seconds() if start and end else 0,
        most=MOST_TOGETHER,
        may_export=may(caller, Action.EXPORT, app.site.bars()),
    )  # fmt: skip


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


def _name(stored: StoredRecording, caller: Caller) -> str:
    row = recording_out(stored, caller)
    return printable(str(row.get("name", "")).rsplit("/", 1)[-1] or str(row["id"]))
