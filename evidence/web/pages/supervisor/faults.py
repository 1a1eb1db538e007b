"""Fault files: opened about a line of the gap report, with its log extract; decided by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.people import people_known
from evidence.answers.things import thing_text, things_known, things_of_file
from evidence.bootstrap import Application
from evidence.domain.access import Caller, may
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Part, Verdict
from evidence.domain.people import PersonType
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, Invalid
from evidence.policy.conduct import outcomes_of
from evidence.service.gaps.fault_files import kinds_now
from evidence.service.instruments import pack_at
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away
from evidence.web.pages.sorting import in_order
from evidence.web.pages.supervisor.forms import numbers_of
from evidence.web.pages.turning import page_of

ON_FORM = (LinkKind.GAP, LinkKind.RECORDING, LinkKind.COMPLAINT, LinkKind.EXEMPTION)

SORTS: Mapping[str, Callable[[FaultFile], Any]] = {
    "opened": lambda one: one.opened_at,
    "kind": lambda one: one.kind,
    "state": lambda one: not one.is_open,
}

router = APIRouter(prefix="/faults", tags=["pages"], include_in_schema=False)


@router.get("")
def files(
    request: Request,
    app: App,
    state: str = "waiting",
    after: str | None = None,
    sort: str = "",
    caller: Caller = admitted(Action.READ_GAPS),
) -> Response:
    """Show the fault files within reach, those that wait for a decision or all."""
    found = app.fault_files.all(caller, waiting=state != "all")
    shown, then = page_of(in_order(found, sort, SORTS), after, lambda one: one.id)
    return desk(
        request,
        caller,
        "faults",
        found=shown,
        after=then,
        state=state,
        count=len(found),
        people=people_known(app.site, caller, [id_ for one in shown for id_ in _people(one)]),
    )


@router.get("/new")
def ask(request: Request, app: App, gap: str = "", caller: Caller = admitted(Action.OPEN_FAULTS)) -> Response:
    """Show the form for a fault file about a line of the gap report."""
    return _form(request, app, caller, {"gap": gap})


@router.post("")
async def open_file(
    request: Request, app: App, caller: Caller = admitted(Action.OPEN_FAULTS, form=True)
) -> Response:
    """Open a fault file. people: whom it is about, by number; else whoever wore the recorder."""
    form = await read_form(request)
    named = ((kind, form.get(kind.value, "").strip()) for kind in ON_FORM)
    links = [Link(kind, id_) for kind, id_ in named if id_]
    people = dict.fromkeys(numbers_of(form.get("people", "")), Part.SUBJECT)
    try:
        make = partial(app.fault_files.open, caller, form.get("kind", ""), form.get("reason", ""))
        file = await run_in_threadpool(make, links, people, form.get("basis", "").strip() or None)
    except EvidenceError as problem:
        return _form(request, app, caller, form, problem)
    return away(f"/faults/{file.id}?done=fault-opened-by-hand")


@router.get("/{file_id}")
def file(file_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_GAPS)) -> Response:
    """Show a fault file."""
    return _shown(request, app, caller, file_id)


@router.post("/{file_id}/decision")
async def decide(
    file_id: str, request: Request, app: App, caller: Caller = admitted(Action.DECIDE_FAULTS, form=True)
) -> Response:
    """Decide about somebody whom a file names."""
    form = await read_form(request)
    try:
        if form.get("verdict") not in tuple(Verdict):
            raise Invalid("invalid-text", field="verdict")
        verdict = Verdict(form["verdict"])
        outcome = (form.get("outcome") or None) if verdict is Verdict.FAULT else None
        find = partial(app.fault_files.decide, caller, file_id, form.get("number", ""), verdict)
        await run_in_threadpool(find, form.get("reason", ""), outcome)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, file_id, problem, form)
    return away(f"/faults/{file_id}?done=fault-decided")


def _form(
    request: Request,
    app: Application,
    caller: Caller,
    typed: dict[str, str],
    problem: EvidenceError | None = None,
) -> Response:
    kinds = kinds_now(app.site).words
    return desk(request, caller, "fault_new", problem=problem, typed=typed, kinds=kinds, rests_on=ON_FORM)


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    file_id: str,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found, now, bars = app.fault_files.get(caller, file_id), app.site.clock.now(), app.site.bars()
    packs = pack_at(app.site.policies, now), pack_at(app.site.strictest, now)
    return desk(
        request,
        caller,
        "fault",
        problem=problem,
        typed=typed or {},
        file=found,
        people=people_known(app.site, caller, _people(found)),
        things=things_known(app.site, caller, things_of_file(found)),
        thing=thing_text,
        outcomes={one.value: outcomes_of(*packs, one).words for one in PersonType},
        may_decide=may(caller, Action.DECIDE_FAULTS, bars) and found.opened_by != caller.id,
        may_extract=may(caller, Action.OPEN_FAULTS, bars),
    )


def _people(file: FaultFile) -> list[str | None]:
    return [file.opened_by, *(id_ for one in file.people for id_ in (one.person_id, one.decided_by))]
