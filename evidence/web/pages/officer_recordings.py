"""What I recorded: what lacks labels first, many labelled at once; and who has viewed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.lacked_fields import told_to
from evidence.domain.access import Caller, may
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, Invalid
from evidence.policy.rules import Label, MustRecord
from evidence.service.gaps.own_shift import PAGE, Wanted
from evidence.service.instruments import pack_at
from evidence.service.oversight.views import View
from evidence.web.bodies import read_chosen, read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away

router = APIRouter(tags=["pages"], include_in_schema=False)

WORDS = (Label.CASE_NUMBER, Label.INSPECTED_PARTY, Label.PLACE)
NOT_YET = "not-yet"
LISTED = ("only", "device", "since", "until", "ids", "after")  # of the list's address; its form repeats it
_LOOKS = 200


@router.get("/shift/recordings")
def recordings(
    request: Request,
    app: App,
    only: str = "lacking",
    device: str = "",
    since: str = "",
    until: str = "",
    ids: str = "",
    after: str | None = None,
    caller: Caller = admitted(Action.OWN_SHIFT),
) -> Response:
    """Show a page of one's own recordings. ids: some of them only, with dots between."""
    asked = {"only": only, "device": device, "since": since, "until": until, "ids": ids, "after": after or ""}
    return _shown(request, app, caller, asked, {}, None)


@router.post("/shift/recordings/labels")
async def label(request: Request, app: App, caller: Caller = admitted(Action.LABEL, form=True)) -> Response:
    """Label all that were ticked, or say by which day their case number is to follow."""
    form, chosen = await read_form(request), await read_chosen(request, "recording")
    done = "own-labelled"
    try:
        if form.get("act") == NOT_YET:
            due = _day(form.get("due", ""))
            if due is None:
                raise Invalid("invalid-time", field="due")
            await run_in_threadpool(app.labelling.say_not_yet, caller, chosen, due)
        else:
            lines = pack_at(app.site.policies, app.site.clock.now()).must_record
            told = await run_in_threadpool(app.labelling.give, caller, chosen, _labels(form, lines))
            if told.unknown_case:
                done = "own-labelled-unknown-case"
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, form, form, problem, chosen)
    return away(f"/shift/recordings?only=all&ids={'.'.join(chosen)}&done={done}")


@router.get("/shift/recordings/{recording_id}/views")
def views(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_VIEWS)
) -> Response:
    """Show who has viewed a recording; looks that follow each other are told as one."""
    looks = app.oversight.views.of(caller, recording_id, _LOOKS)
    return desk(
        request,
        caller,
        "officer/views",
        looks=[(one, from_text(began), count) for one, began, count in _together(looks)],
        whole=len(looks) < _LOOKS,
    )


def _shown(
    request: Request,
    app: App,
    caller: Caller,
    asked: Mapping[str, str],
    typed: Mapping[str, str],
    problem: EvidenceError | None,
    chosen: Sequence[str] = (),
) -> Response:
    """Show the list that was asked for; after a refused form the same, with what was ticked and typed."""
    wanted = _wanted(asked)
    shown = app.own_shift.recordings(caller, wanted)
    rules, bars = pack_at(app.site.policies, app.site.clock.now()), app.site.bars()
    return desk(
        request,
        caller,
        "officer/recordings",
        problem=problem,
        page=shown,
        wanted=wanted,
        listed={name: asked.get(name, "") for name in LISTED},
        typed=typed,
        chosen=frozenset(chosen),
        words=[one.value for one in WORDS],
        known={f"label.{one.value}" for one in Label},
        matters=list(enumerate(rules.must_record)),
        may_follow=rules.labels.not_yet_days,
        may_label=may(caller, Action.LABEL, bars),
        may_see_looks=may(caller, Action.READ_VIEWS, bars),
        shows_device=bool(told_to({"device": ""}, caller, caller.name)),
    )


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """Read which recordings an address or a form asks for."""
    ids = [one for one in asked.get("ids", "").split(".") if is_id(one)][:PAGE]
    days = _day(asked.get("since", "")), _day(asked.get("until", ""))
    lacking = asked.get("only", "lacking") == "lacking"
    return Wanted(lacking, asked.get("device") or None, *days, ids, asked.get("after") or None)


def _labels(form: Mapping[str, str], lines: Sequence[MustRecord]) -> Mapping[str, str]:
    """Return the labels that a form gives: what is left empty is not said. lines: of the annex."""
    said = {one.value: form.get(one.value, "").strip() for one in WORDS}
    chosen = form.get("matter", "")
    if chosen.isdecimal() and int(chosen) < len(lines):
        line = lines[int(chosen)]
        said |= {Label.CATEGORY: line.category, Label.STAGE: line.stage, Label.MATTER: line.matter}
    return {str(name): text for name, text in said.items() if text}


def _together(looks: Sequence[View]) -> Sequence[tuple[View, str, int]]:
    """Return looks of the same person, act and purpose that follow within ten minutes as one: the newest,
    when it began, how many."""
    found: list[tuple[View, str, int]] = []
    for one in looks:
        if found:
            last, began, count = found[-1]
            same = (last.seer.id, last.act, last.result, last.purpose) == (
                one.seer.id,
                one.act,
                one.result,
                one.purpose,
            )
            if same and (from_text(began) - from_text(one.at)).total_seconds() < 600:
                found[-1] = (last, one.at, count + 1)
                continue
        found.append((one, one.at, 1))
    return found


def _day(text: str) -> date | None:
    """Read a day of a form or an address; None for none, and for one that is no day."""
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None
