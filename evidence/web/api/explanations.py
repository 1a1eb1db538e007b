"""Explanations of lines of the gap report, decisions about them, exemption statements, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.gap import exemption_out, explanation_out, history_out
from evidence.answers.people import with_names
from evidence.domain.access import Caller
from evidence.domain.explanations import Exemption, Outcome, Spoken
from evidence.domain.rights import Action
from evidence.domain.spans import Span
from evidence.errors import Invalid
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.gap_words import Said
from evidence.web.bodies import Instant, coded, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["explanations"])

_LONGEST_BODY_BYTES = 64 << 10
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Seconds = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class SpokenIn(BaseModel):
    """Where the cause was spoken."""

    model_config = ConfigDict(extra="forbid")
    recording: str = Field(max_length=32)
    from_s: Seconds
    to_s: Seconds

    def value(self) -> Spoken:
        """Return it to the millisecond."""
        return Spoken(self.recording, round(self.from_s * 1000), round(self.to_s * 1000))


class ExplanationIn(BaseModel):
    """A cause of the policy pack, and where it was spoken (seconds, or a check-point) or a report; of no
    interruption, a reason only.
    """

    model_config = ConfigDict(extra="forbid")
    text: Text | None = None
    cause: Annotated[str | None, coded("cause")] = Field(default=None, max_length=40)
    spoken: SpokenIn | None = None
    marker: str | None = Field(default=None, max_length=32)


class ReviewIn(BaseModel):
    """A decision about an explanation. fault: its kind, as the policy pack names it."""

    model_config = ConfigDict(extra="forbid")
    outcome: Annotated[Outcome, one_of(Outcome, "review-outcome")]
    reason: str = Field(default="", max_length=1000)
    fault: Annotated[str | None, coded("fault-kind")] = Field(default=None, max_length=40)


class ExemptionIn(BaseModel):
    """A statement that somebody did not record from `since` to `until`. wearer: their number."""

    model_config = ConfigDict(extra="forbid")
    wearer: str = Field(max_length=100)
    ground: Annotated[str, coded("exempting")] = Field(max_length=40)
    basis: Text
    since: Instant
    until: Instant
    device_state: Text


class WithdrawalIn(BaseModel):
    """Why a statement is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: Text


class ReceiptIn(BaseModel):
    """A head's receipt of a statement, with their view of it. despite: they agree, and know that there is
    footage of that time.
    """

    model_config = ConfigDict(extra="forbid")
    agrees: bool
    view: Text
    despite: bool = False


@router.post("/gaps/{gap}/explanations", status_code=201, openapi_extra=described(ExplanationIn))
async def explain(
    gap: str, request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN)
) -> dict[str, Any]:
    """Explain a line of the gap report, by its name there."""
    new = await read_json(request, ExplanationIn, _LONGEST_BODY_BYTES)
    spoken = None if new.spoken is None else new.spoken.value()
    said = Said(new.text, new.cause, spoken, new.marker)
    return explanation_out(await run_in_threadpool(app.explanations.explain, caller, gap, said), caller)


@router.get("/gaps/{gap}/explanations")
def history(gap: str, app: App, caller: Caller = admitted(Action.READ_GAPS)) -> dict[str, Any]:
    """Return all that was said and decided about a line of the gap report."""
    return history_out(app.explanations.history(caller, gap), caller)


@router.post("/explanations/{explanation_id}/review", openapi_extra=described(ReviewIn))
async def review(
    explanation_id: str, request: Request, app: App, caller: Caller = admitted(Action.REVIEW_GAPS)
) -> dict[str, Any]:
    """Accept an explanation, send it back, or open a fault file, which another one decides."""
    said = await read_json(request, ReviewIn, _LONGEST_BODY_BYTES)
    decide = partial(app.explanations.review, caller, explanation_id, said.outcome, said.reason, said.fault)
    return explanation_out(await run_in_threadpool(decide), caller)


@router.post("/exemptions", status_code=201, openapi_extra=described(ExemptionIn))
async def state_exemption(
    request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN)
) -> dict[str, Any]:
    """State why somebody did not record, on one of the grounds of the law."""
    new = await read_json(request, ExemptionIn, _LONGEST_BODY_BYTES)
    if new.until < new.since:
        raise Invalid("ends-before-start")
    stated = Stated(new.wearer, new.ground, new.basis, Span(new.since, new.until), new.device_state)
    return _stated(app, caller, [await run_in_threadpool(app.exemptions.state, caller, stated)])[0]


@router.get("/exemptions")
def exemptions(app: App, caller: Caller = admitted(Action.READ_GAPS)) -> list[dict[str, Any]]:
    """List the exemption statements, newest first."""
    return _stated(app, caller, app.exemptions.stated(caller))


@router.post("/exemptions/{exemption_id}/receipt", openapi_extra=described(ReceiptIn))
async def receive_exemption(
    exemption_id: str, request: Request, app: App, caller: Caller = admitted(Action.REVIEW_GAPS)
) -> dict[str, Any]:
    """Receive a statement as a head, with a view of it."""
    said = await read_json(request, ReceiptIn, _LONGEST_BODY_BYTES)
    how = said.model_dump()
    receive = partial(app.exemptions.receive, caller, exemption_id, **how)
    return _stated(app, caller, [await run_in_threadpool(receive)])[0]


@router.post("/exemptions/{exemption_id}/withdrawal", openapi_extra=described(WithdrawalIn))
async def withdraw_exemption(
    exemption_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPLAIN)
) -> dict[str, Any]:
    """Take back what one stated oneself, before a head has received it."""
    said = await read_json(request, WithdrawalIn, _LONGEST_BODY_BYTES)
    withdraw = partial(app.exemptions.withdraw, caller, exemption_id, said.reason)
    return _stated(app, caller, [await run_in_threadpool(withdraw)])[0]


def _stated(app: App, caller: Caller, found: Sequence[Exemption]) -> list[dict[str, Any]]:
    known = app.exemptions.against(caller, found)
    return with_names(app.site, caller, [exemption_out(one, caller, known) for one in found])
