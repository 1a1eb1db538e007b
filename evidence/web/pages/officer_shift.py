"""The first room of an officer: what I wear, what is due by when, what is missing; with one step to each."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk
from evidence.web.pages.officer_words import told

router = APIRouter(tags=["pages"], include_in_schema=False)

RED, AMBER = timedelta(hours=4), timedelta(hours=8)  # as static/desk.js colours what is left


@router.get("/shift")
def shift(request: Request, app: App, caller: Caller = admitted(Action.OWN_SHIFT)) -> Response:
    """Show what one wears and what is to be done."""
    shown, now = app.own_shift.now(caller), app.site.clock.now()
    tones = {
        one.file.id: "bad" if left < RED else "wait" if left < AMBER else "none"
        for one in shown.coming
        for left in [one.row.state.due_at - now]
    }
    asked = [told(one) for one in shown.asked]
    return desk(request, caller, "officer/shift", shift=shown, now=now, tones=tones, lines=asked)
