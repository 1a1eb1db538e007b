"""What the player of a recording needs: its source, what is said before, what stands over the picture."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from evidence.domain.access import Purpose
from evidence.domain.derivatives import Derivative, Operation, State
from evidence.domain.rights import Action
from evidence.service.recordings.dossiers import Dossier

_PICTURES_PER_S = 25.0  # where nobody knows how many


@dataclass(frozen=True, slots=True)
class Player:
    """What the player needs. src: None until a purpose was said, where one is asked for."""

    src: str | None
    purposes: tuple[str, ...]
    purpose: str
    watermark: str | None
    step_s: float
    is_sound: bool
    has_proxy: bool
    is_derived: bool  # what plays is the proxy; the original is one click away
    shown: Derivative | None  # what somebody had made, and plays in the place of the original


def player_of(request: Request, found: Dossier) -> Player | None:
    """Return how it is played; None for who may not, or where there is nothing any more."""
    if Action.PLAY not in found.may or found.stored.gone_at is not None:
        return None
    purposes = tuple(one.value for one in Purpose if one is not Purpose.EMERGENCY)
    asked = request.query_params.get("purpose", "")
    said = asked if asked in set(Purpose) else ""
    has_proxy = found.proxy is not None and found.proxy.state is State.MADE
    is_derived = has_proxy and not request.query_params.get("original")
    shown = _shown(request, found)
    what = f"derivatives/{shown.id}/play" if shown else "proxy" if is_derived else "play"
    src = f"/api/v1/recordings/{found.stored.recording.id}/{what}"
    if not found.is_own:
        src = f"{src}?purpose={said}" if said else ""
    video = found.facts.of_kind("video") if found.facts else ()
    step = video[0].usual_step_s if video and video[0].usual_step_s else 1 / _PICTURES_PER_S
    is_sound = bool(found.facts and not video and found.facts.of_kind("audio"))
    told = (src or None, purposes, said, found.watermark, step, is_sound, has_proxy, is_derived)
    return Player(*told, shown)


def _shown(request: Request, found: Dossier) -> Derivative | None:
    asked = request.query_params.get("shown", "")
    plays = (one for one in found.made if one.state is State.MADE and one.operation is not Operation.STILL)
    return next((one for one in plays if one.id == asked), None)
