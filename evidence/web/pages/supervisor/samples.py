"""Samples for review: a seed that nobody has seen, a draw that anybody can repeat, and what looks found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, Purpose
from evidence.domain.rights import Action
from evidence.domain.samples import SampleOutcome
from evidence.errors import EvidenceError, Invalid
from evidence.service.oversight.sampling import ListedSample
from evidence.service.people.units import full_names
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import in_order
from evidence.web.pages.supervisor.forms import instant_of
from evidence.web.pages.turning import page_of

SORTS: Mapping[str, Callable[[ListedSample], Any]] = {
    "period": lambda one: one.sample.since,
    "reviewed": lambda one: one.reviewed,
}

router = APIRouter(prefix="/samples", tags=["pages"], include_in_schema=False)


@router.get("")
def samples(
    request: Request,
    app: App,
    state: str = "owed",
    after: str | None = None,
    sort: str = "",
    caller: Caller = admitted(Action.DRAW_SAMPLES),
) -> Response:
    """Show the samples of one's units: those that are to be drawn or reviewed, or all."""
    return _listed(request, app, caller, state, after, sort)


@router.post("")
async def commit(
    request: Request, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES, form=True)
) -> Response:
    """Commit to a seed for what will be recorded in a time to come."""
    form = await read_form(request)
    try:
        since, until = (instant_of(app, form.get(key, ""), key) for key in ("since", "until"))
        await run_in_threadpool(app.sampling.commit, caller, form.get("unit", ""), since, until)
    except EvidenceError as problem:
        return await run_in_threadpool(_listed, request, app, caller, "owed", None, "", problem, form)
    return away("/samples?state=all&done=sample-committed")


@router.get("/{sample_id}")
def sample(
    sample_id: str, request: Request, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)
) -> Response:
    """Show a sample with what was drawn, and the reviews."""
    return _shown(request, app, caller, sample_id)


@router.post("/{sample_id}/draw")
async def draw(
    sample_id: str, request: Request, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES, form=True)
) -> Response:
    """Draw, and show the seed."""
    try:
        await run_in_threadpool(app.sampling.draw, caller, sample_id)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, sample_id, problem)
    return away(f"/samples/{sample_id}?done=sample-drawn")


@router.post("/{sample_id}/recordings/{recording_id}/review")
async def review(
    sample_id: str,
    recording_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REVIEW_SAMPLES, form=True),
) -> Response:
    """Note what a look at a drawn recording found."""
    form = await read_form(request)
    try:
        if form.get("outcome") not in tuple(SampleOutcome):
            raise Invalid("invalid-text", field="outcome")
        found = SampleOutcome(form["outcome"])
        note = partial(app.sampling.review, caller, sample_id, recording_id, found)
        await run_in_threadpool(note, form.get("note", ""))
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, sample_id, problem)
    return away(f"/samples/{sample_id}?done=sample-reviewed")


def _listed(
    request: Request,
    app: Application,
    caller: Caller,
    state: str,
    after: str | None,
    sort: str = "",
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    every = app.sampling.all(caller)
    found = [one for one in every if state == "all" or one.sample.drawn is None or one.is_owed]
    every_unit = app.organisation.units.all(caller)
    names = full_names(every_unit)
    keys = {**SORTS, "unit": lambda one: names.get(one.sample.unit_id)}
    shown, then = page_of(in_order(found, sort, keys), after, lambda one: one.sample.id)
    units = [one for one in every_unit if one.closed_at is None]
    return desk(
        request,
        caller,
        "samples",
        problem=problem,
        typed=typed or {},
        found=shown,
        after=then,
        state=state,
        count=len(found),
        names=full_names(units),
        now=app.site.clock.now(),
    )


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    sample_id: str,
    problem: EvidenceError | None = None,
) -> Response:
    one, found = app.sampling.drawn(caller, sample_id)
    names = full_names(app.organisation.units.all(caller))
    return desk(
        request,
        caller,
        "sample",
        problem=problem,
        one=one,
        unit=names.get(one.unit_id, "—"),
        found=[it for it in found if it.item is not None],
        withheld=sum(it.item is None for it in found),
        outcomes=list(SampleOutcome),
        purpose=Purpose.SAMPLE.value,
        may_draw=one.drawn is None and one.until <= app.site.clock.now(),
    )
