"""Docking in the browser: one page; what it sends goes by the doors of docks (api/cards.py, tus.py)."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller, may
from evidence.domain.rights import Action
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk, reading

router = APIRouter(tags=["pages"], include_in_schema=False)

# What the script says; `docking.KEY` in the catalogues.
WORDS = (
    "waits",
    "sending",
    "sealing",
    "sealed",
    "sealed-before",
    "failed",
    "damaged",
    "line-cut",
    "signed-out",
    "receipt",
    "overall",
    "all-done",
    "done-lacking",
    "some-failed",
    "nothing-chosen",
    "announcing",
    "announced",
    "cannot-announce",
    "other-bytes",
    "differs",
    "gone",
    "unreadable",
    "no-space",
)
# What stands in them, for the script to fill in.
_FIELDS = {
    name: f"{{{name}}}"
    for name in ("seconds", "count", "of", "done", "total", "speed", "left", "title", "names")
}


@router.get("/docking")
def docking(
    request: Request, app: App, device: str = "", caller: Caller = admitted(Action.ANNOUNCE_CARD)
) -> Response:
    """Show where a card is docked."""
    held = [one.serial for one in app.hand_docking.devices(caller)]
    reader = reading(request)
    words = json.dumps({key: reader.say(f"docking.{key}", **_FIELDS) for key in WORDS}, ensure_ascii=False)
    bars = app.site.bars()
    chosen = device or (held[0] if len(held) == 1 else "")
    return desk(
        request,
        caller,
        "officer/docking",
        held=held,
        chosen=chosen,
        may_name=may(caller, Action.MANAGE_DEVICES, bars),
        has_shift=may(caller, Action.OWN_SHIFT, bars),
        words=words,
    )
