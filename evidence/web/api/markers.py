"""Check-points on the time line over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.marker import check_list_out, marker_out, markers_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.policy.check_points import MarkerKind
from evidence.web.bodies import described, one_of, read_json
from evidence.web.deps import App, admitted, named_case

router = APIRouter(prefix="/api/v1", tags=["check-points"])

_LONGEST_BODY_BYTES = 64 << 10
Seconds = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class MarkerIn(BaseModel):
    """A check-point: its kind, and from which second to which."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[MarkerKind, one_of(MarkerKind, "marker")]
    from_s: Seconds
    to_s: Seconds


class WhyIn(BaseModel):
    """Why a proposal is none, or a check-point is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


@router.post("/recordings/{recording_id}/markers", status_code=201, openapi_extra=described(MarkerIn))
async def pin(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.LABEL)
) -> dict[str, Any]:
    """Pin a check-point to seconds of a recording."""
    new = await read_json(request, MarkerIn, _LONGEST_BODY_BYTES)
    place = round(new.from_s * 1000), round(new.to_s * 1000)
    pinned = partial(app.markers.pin, caller, recording_id, new.kind, *place)
    return marker_out(await run_in_threadpool(pinned))


@router.get("/recordings/{recording_id}/markers")
def of(recording_id: str, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)) -> dict[str, Any]:
    """Return all check-points and proposals of a recording, also those dismissed and taken back."""
    return markers_out(app.markers.of(caller, recording_id), caller)


@router.get("/recordings/{recording_id}/markers/needed")
def needed(recording_id: str, app: App, caller: Caller = admitted(Action.READ_GAPS)) -> dict[str, Any]:
    """Return which check-points a recording must have, and how each stands."""
    return check_list_out(app.marker_lists.of_recording(caller, recording_id), caller)


@router.get("/markers/missing")
def missing(app: App, caller: Caller = admitted(Action.READ_GAPS)) -> dict[str, Any]:
    """Return the check-points that recordings lack, and the restarts of which nothing says why."""
    return check_list_out(app.marker_lists.missing(caller), caller)


@router.get("/cases/{case_id}/markers")
def of_case(
    app: App,
    caller: Caller = admitted(Action.READ_CASE_FILES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Return which check-points the recordings of a case must have, and how each stands."""
    return check_list_out(app.marker_lists.of_case(caller, case_id), caller)


@router.post("/markers/{marker_id}/confirm")
def confirm(marker_id: str, app: App, caller: Caller = admitted(Action.LABEL)) -> dict[str, Any]:
    """Confirm what a detector proposed."""
    return marker_out(app.markers.confirm(caller, marker_id))


@router.post("/markers/{marker_id}/dismiss", openapi_extra=described(WhyIn))
async def dismiss(
    marker_id: str, request: Request, app: App, caller: Caller = admitted(Action.LABEL)
) -> dict[str, Any]:
    """Dismiss what a detector proposed, with the reason."""
    said = await read_json(request, WhyIn, _LONGEST_BODY_BYTES)
    return marker_out(await run_in_threadpool(app.markers.dismiss, caller, marker_id, said.reason))


@router.post("/markers/{marker_id}/withdraw", openapi_extra=described(WhyIn))
async def withdraw(
    marker_id: str, request: Request, app: App, caller: Caller = admitted(Action.LABEL)
) -> dict[str, Any]:
    """Take a check-point back, with the reason. It stays in the history."""
    said = await read_json(request, WhyIn, _LONGEST_BODY_BYTES)
    return marker_out(await run_in_threadpool(app.markers.withdraw, caller, marker_id, said.reason))
