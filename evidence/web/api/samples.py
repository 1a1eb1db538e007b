"""Samples for review over HTTP: commit, draw, review, proof of review."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.sample import drawn_out, listed_sample_out, sample_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.domain.samples import SampleOutcome
from evidence.web.bodies import Instant, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/samples", tags=["samples"])

_LONGEST_BODY_BYTES = 64 << 10


class SampleIn(BaseModel):
    """Of which unit's recordings, sealed in [since, until); that time has not begun."""

    model_config = ConfigDict(extra="forbid")
    unit: str = Field(max_length=32)
    since: Instant
    until: Instant


class SampleReviewIn(BaseModel):
    """What a look found."""

    model_config = ConfigDict(extra="forbid")
    outcome: Annotated[SampleOutcome, one_of(SampleOutcome, "sample-outcome")]
    note: str = Field(min_length=1, max_length=1000)


@router.get("")
def samples(app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)) -> list[dict[str, Any]]:
    """List the samples of the caller's units, newest first."""
    return [listed_sample_out(one) for one in app.sampling.all(caller)]


@router.post("", status_code=201, openapi_extra=described(SampleIn))
async def commit(
    request: Request, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)
) -> dict[str, Any]:
    """Commit to a seed that nobody sees before the draw."""
    new = await read_json(request, SampleIn, _LONGEST_BODY_BYTES)
    words = (new.unit, new.since, new.until)
    return sample_out(await run_in_threadpool(app.sampling.commit, caller, *words))


@router.get("/{sample_id}")
def sample(sample_id: str, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)) -> dict[str, Any]:
    """Return a sample with what was drawn, its reviews, and who was shown what of it."""
    return drawn_out(*app.sampling.drawn(caller, sample_id))


@router.get("/{sample_id}/population")
def population(sample_id: str, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)) -> dict[str, Any]:
    """Return the ids that a sample was drawn from, to draw again."""
    ids, withheld = app.sampling.population(caller, sample_id)
    return {"ids": list(ids), "withheld": withheld}


@router.post("/{sample_id}/draw")
def draw(sample_id: str, app: App, caller: Caller = admitted(Action.DRAW_SAMPLES)) -> dict[str, Any]:
    """Draw, and show the seed."""
    return sample_out(app.sampling.draw(caller, sample_id))


@router.post(
    "/{sample_id}/recordings/{recording_id}/review", status_code=204, openapi_extra=described(SampleReviewIn)
)
async def review(
    sample_id: str,
    recording_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REVIEW_SAMPLES),
) -> None:
    """Note what a look at a drawn recording found."""
    said = await read_json(request, SampleReviewIn, _LONGEST_BODY_BYTES)
    words = (sample_id, recording_id, said.outcome, said.note)
    await run_in_threadpool(app.sampling.review, caller, *words)
