"""Hiding parts of a recording in a copy of it: boxes over the picture, seconds of sound, each with a reason.

The page draws and lists; what it sends is an order as programs send it (web/api/derivatives.py), asked for by
whoever presses the button. What a detector proposes is taken over by a person, one by one, or is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.derivatives import Derivative, State
from evidence.domain.orders import Cover, Hush, Region, Span, read_order
from evidence.domain.rights import Action
from evidence.service.proposing import LONGEST_MS
from evidence.web.deps import App, admitted
from evidence.web.pages.custody.player import Player, player_of
from evidence.web.pages.desk import desk

router = APIRouter(prefix="/recordings", tags=["pages"], include_in_schema=False)

TONES = {State.ASKED: "wait", State.MADE: "good", State.FAILED: "bad", State.GONE: ""}


@router.get("/{recording_id}/redaction")
def redaction(
    recording_id: str,
    request: Request,
    app: App,
    shown: str = "",
    caller: Caller = admitted(Action.DERIVE),
) -> Response:
    """Show what was hidden in copies of a recording, and the form for another one. shown: a redaction that
    plays in the place of the original."""
    made = app.derivatives.redactions(caller, recording_id)
    found = app.dossiers.of(caller, recording_id)
    playing = next((one for one in made if one.id == shown and one.state is State.MADE), None)
    video = found.facts.of_kind("video")[:1] if found.facts else ()
    tracker = app.site.tracker
    return desk(
        request,
        caller,
        "custody/redaction",
        one=found,
        row=recording_out(found.stored, caller),
        may_hide=Action.DERIVE in found.may and found.stored.gone_at is None,
        player=_playing(player_of(request, found), recording_id, playing),
        playing=playing,
        picture=video[0] if video else None,
        length=round(found.facts.duration_s or 0.0, 3) if found.facts else 0.0,
        has_sound=bool(found.facts and found.facts.of_kind("audio")),
        made=[(one, _hidden(one)) for one in reversed(made)],
        tones=TONES,
        covers=list(Cover),
        hushes=list(Hush),
        detector=None if tracker is None else tracker.name,
        longest=LONGEST_MS // 1000,
    )


def _playing(player: Player | None, recording_id: str, playing: Derivative | None) -> Player | None:
    """Return the player of the original, or of a redaction of it."""
    if player is None or playing is None or player.src is None:
        return player
    purpose = f"?purpose={player.purpose}" if "?" in player.src else ""
    src = f"/api/v1/recordings/{recording_id}/derivatives/{playing.id}/play{purpose}"
    return replace(player, src=src, is_derived=True)


def _hidden(one: Derivative) -> Sequence[Mapping[str, Any]]:
    """Return what is hidden in a redaction, as it was asked for; a reason that is not told is empty."""
    order = read_order(one.operation, one.parameters, one.words)
    hidden: list[Region | Span] = [*order.regions, *order.spans]
    return [_line(each) for each in hidden]


def _line(one: Region | Span) -> Mapping[str, Any]:
    if isinstance(one, Span):
        begins, ends, how = one.from_ms, one.to_ms, f"hush-{one.hush.value}"
    else:
        begins, ends, how = one.boxes[0].at_ms, one.until_ms, f"cover-{one.cover.value}"
    return {"from_s": begins / 1000, "to_s": ends / 1000, "how": how, "reason": one.reason}
