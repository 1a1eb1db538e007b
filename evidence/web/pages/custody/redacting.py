"""Hiding parts of a recording in a copy of it: boxes over the picture, seconds of sound, each with a reason.

The page draws and lists; what it sends is an order as programs send it (web/api/derivatives.py), asked for by
whoever presses the button. What a detector proposes is taken over by a person, one by one, or is not there.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.orders import Cover, Hush
from evidence.domain.rights import Action
from evidence.service.court.proposing import LONGEST_MS
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.made import made_lines
from evidence.web.pages.custody.player import player_of
from evidence.web.pages.desk import desk, reading

router = APIRouter(prefix="/recordings", tags=["pages"], include_in_schema=False)


@router.get("/{recording_id}/redaction")
def redaction(
    recording_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.DERIVE),
) -> Response:
    """Show what was hidden in copies of a recording, and the form for another one. `shown` in the
    address: one that plays in the place of the original."""
    made = app.derivatives.redactions(caller, recording_id)
    found = app.dossiers.of(caller, recording_id)
    player = player_of(request, found)
    video = found.facts.of_kind("video")[:1] if found.facts else ()
    tracker = app.site.tracker
    return desk(
        request,
        caller,
        "custody/redaction",
        one=found,
        row=recording_out(found.stored, caller),
        may_hide=Action.DERIVE in found.may and found.stored.gone_at is None,
        player=player,
        playing=player and player.shown,
        picture=video[0] if video else None,
        length=round(found.facts.duration_s or 0.0, 3) if found.facts else 0.0,
        has_sound=bool(found.facts and found.facts.of_kind("audio")),
        made=made_lines(reading(request), reversed(made.derivatives), made.people),
        covers=list(Cover),
        hushes=list(Hush),
        detector=None if tracker is None else tracker.name,
        longest=LONGEST_MS // 1000,
    )
