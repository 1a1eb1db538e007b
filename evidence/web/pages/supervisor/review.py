"""Reviewing explanations one after the other, by keyboard or without: after a decision comes the next."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.bootstrap import Application
from evidence.domain.access import Caller, Purpose
from evidence.domain.explanations import Outcome
from evidence.domain.rights import Action
from evidence.errors import EvidenceError, Invalid
from evidence.service.gaps.reviewing import Waiting
from evidence.web.bodies import read_form
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.rendering import away

router = APIRouter(prefix="/review", tags=["pages"], include_in_schema=False)

_LEAD_IN_S = 3  # played before what is to be seen
_DONE = {Outcome.ACCEPTED: "accepted", Outcome.SENT_BACK: "sent-back", Outcome.FAULT: "fault-opened"}


@router.get("")
def queue(
    request: Request, app: App, at: str | None = None, caller: Caller = admitted(Action.REVIEW_GAPS)
) -> Response:
    """Show the explanation that is asked for, or the first that waits."""
    return _shown(request, app, caller, at)


@router.post("/{explanation_id}")
async def decide(
    explanation_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REVIEW_GAPS, form=True),
) -> Response:
    """Accept an explanation, send it back, or open a fault file; then the next one comes."""
    form = await read_form(request)
    try:
        if form.get("outcome") not in tuple(Outcome):
            raise Invalid("invalid-text", field="outcome")
        outcome = Outcome(form["outcome"])
        kind = form.get("kind") if outcome is Outcome.FAULT else None
        review = partial(app.explanations.review, caller, explanation_id, outcome)
        await run_in_threadpool(review, form.get("reason", ""), kind)
    except EvidenceError as problem:
        return await run_in_threadpool(_shown, request, app, caller, explanation_id, problem, form)
    then = form.get("then", "")
    return away(f"/review?{f'at={then}&' if then.isalnum() else ''}done={_DONE[outcome]}")


def _shown(
    request: Request,
    app: Application,
    caller: Caller,
    at: str | None,
    problem: EvidenceError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = app.reviewing.desk(caller, at)
    if found is None:
        return desk(request, caller, "review_none", problem=problem)
    now, before, after = found.now, found.beside(-1), found.beside(1)
    return desk(
        request,
        caller,
        "review",
        problem=problem,
        desk=found,
        now=now,
        before=before,
        next=after,
        then=after or before,
        typed=typed or {},
        gap_at=_gap_at(now),
        purpose=Purpose.SUPERVISION.value,
    )


def _gap_at(now: Waiting) -> float | None:
    """Return the second at which the player starts: a little before the gap; None where nobody knows it."""
    start = now.gap.subject.place.start_ms
    return None if start is None else max(start / 1000 - _LEAD_IN_S, 0)
