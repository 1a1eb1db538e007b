"""Complaints: taken in, given to a handler, answered; never by whom one is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.complaints import Channel, Result
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.errors import EvidenceError, Invalid
from evidence.service.cases.complaints import Intake, ListedComplaint
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import in_order
from evidence.web.pages.supervisor.forms import day_of, instant_of, numbers_of
from evidence.web.pages.turning import page_of

SORTS: Mapping[str, Callable[[ListedComplaint], Any]] = {
    "number": lambda one: one.complaint.number,
    "received": lambda one: one.complaint.received_on,
    "due": lambda one: one.clock.due,
}

router = APIRouter(prefix="/complaints", tags=["pages"], include_in_schema=False)


@router.get("")
def complaints(
    request: Request,
    app: App,
    state: str = "open",
    after: str | None = None,
    sort: str = "",
    caller: Caller = admitted(Action.READ_COMPLAINTS),
) -> Response:
    """Show the complaints of one's units, those that are open or all."""
    found = app.complaints.all(caller, is_open=state != "all")
    shown, then = page_of(in_order(found, sort, SORTS), after, lambda one: one.complaint.id)
    of = [one.complaint for one in shown]
    ids = [id_ for one in of for id_ in (one.handler, one.closed_by, *_subjects(one))]
    return desk(
        request,
        caller,
        "complaints",
        found=shown,
        after=then,
        state=state,
        count=len(found),
        people=app.naming.people(caller, ids),
        may_take=may(caller, Action.TAKE_COMPLAINTS, app.site.bars()),
    )


@router.get("/new")
def ask(request: Request, caller: Caller = admitted(Action.TAKE_COMPLAINTS)) -> Response:
    """Show the form for a complaint."""
    return desk(request, caller, "complaint_new", typed={}, channels=list(Channel))


@router.post("")
async def take(
    request: Request, app: App, caller: Caller = admitted(Action.TAKE_COMPLAINTS, form=True)
) -> Response:
    """Take a complaint in; what it concerns is held in the same act."""
    form = await read_form(request)
    try:
        taken = await run_in_threadpool(app.complaints.take, caller, _intake(app, form))
    except EvidenceError as problem:
        return desk(request, caller, "complaint_new", problem=problem, typed=form, channels=list(Channel))
    return away(f"/complaints/{taken.complaint.id}?done=complaint-taken")


@router.get("/{complaint_id}")
def complaint(
    complaint_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_COMPLAINTS)
) -> Response:
    """Show a complaint with what is held for it."""
    return _shown(request, app, caller, complaint_id)


@router.post("/{complaint_id}/handler")
async def assign(
    complaint_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ASSIGN_COMPLAINTS, form=True),
) -> Response:
    """Give a complaint to a handler."""
    form = await read_form(request)
    try:
        give = partial(app.complaints.assign, caller, complaint_id, form.get("number", "").strip())
        await run_in_threadpool(give, form.get("reason", "").strip() or None)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, complaint_id, problem, form)
    return away(f"/complaints/{complaint_id}?done=complaint-assigned")


@router.post("/{complaint_id}/close")
async def close(
    complaint_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ANSWER_COMPLAINTS, form=True),
) -> Response:
    """Close a complaint that one handles."""
    form = await read_form(request)
    try:
        if form.get("result") not in tuple(Result):
            raise Invalid("invalid-text", field="result")
        end = partial(app.complaints.close, caller, complaint_id, Result(form["result"]))
        await run_in_threadpool(end, form.get("reason", ""))
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, complaint_id, problem, form)
    return away(f"/complaints/{complaint_id}?done=complaint-closed")


def _intake(app: Application, form: dict[str, str]) -> Intake:
    if form.get("channel") not in tuple(Channel):
        raise Invalid("invalid-text", field="channel")
    since = instant_of(app, form.get("since", ""), "since")
    until = instant_of(app, form.get("until", ""), "until")
    if until <= since:
        raise Invalid("ends-before-start")
    return Intake(
        form.get("number", "").strip(),
        day_of(form.get("received_on", ""), "received_on"),
        Channel(form["channel"]),
        numbers_of(form.get("people", "")),
        Span(since, until),
        form.get("matter", ""),
        form.get("place", ""),
        form.get("complainant", "").strip() or None,
    )


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    complaint_id: str,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found, bars = app.complaints.get(caller, complaint_id), app.site.bars()
    one = found.complaint
    ids = [*_subjects(one), one.handler, one.taken_by, one.closed_by]
    return desk(
        request,
        caller,
        "complaint",
        problem=problem,
        typed=typed or {},
        found=found,
        one=one,
        people=app.naming.people(caller, ids),
        results=list(Result),
        may_assign=may(caller, Action.ASSIGN_COMPLAINTS, bars) and one.closed_at is None,
        may_answer=one.handler == caller.id and one.closed_at is None,
    )


def _subjects(one: Any) -> list[str]:
    return [subject.person_id for subject in one.subjects]
