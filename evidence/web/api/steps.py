"""What must be recorded, over HTTP: the matrix of a case and of a unit, steps of cases, legal units."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.step import matrix_out, step_out, unit_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.domain.steps import Matter
from evidence.errors import Invalid
from evidence.service.cases.steps import StepSaid
from evidence.web.bodies import Instant, coded, described, read_json
from evidence.web.deps import App, admitted, named_case

router = APIRouter(prefix="/api/v1", tags=["what must be recorded"])

_LONGEST_BODY_BYTES = 64 << 10
Words = Annotated[str, Field(min_length=1, max_length=200)]


class StepIn(BaseModel):
    """Something that was done in a case: a kind of activity, or category, stage and matter of the annex.
    officers: their numbers."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    kind: Annotated[Words, coded("activity-kind")] | None = None
    category: Words | None = None
    stage: Words | None = None
    matter: Words | None = None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    officers: list[Words] = Field(min_length=1, max_length=20)
    place: Words | None = None

    def what(self) -> str | Matter:
        """Return what was done. Raises: Invalid("what-was-done")."""
        words = [one for one in (self.category, self.stage, self.matter) if one is not None]
        if self.kind is not None and not words:
            return self.kind
        if self.kind is None and len(words) == 3:
            return Matter(*words)
        raise Invalid("what-was-done")


class WithdrawalIn(BaseModel):
    """Why a step is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


@router.get("/matrix")
def matrix(
    app: App,
    unit: str | None = None,
    red: bool = False,
    caller: Caller = admitted(Action.READ_CASE_FILES),
) -> dict[str, Any]:
    """List the cases of a unit and below with their steps that nothing shows; without one, of all one's
    units.
    """
    return unit_out(app.matrix.of_unit(caller, unit, red=red), caller)


@router.get("/cases/{case_id}/matrix")
def case_matrix(
    app: App,
    caller: Caller = admitted(Action.READ_CASE_FILES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Return what must be recorded of a case, line by line."""
    return matrix_out(app.matrix.of_case(caller, case_id), caller)


@router.post("/cases/{case_id}/steps", status_code=201, openapi_extra=described(StepIn))
async def enter(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REGISTER_ACTS),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Enter a step of a case."""
    new = await read_json(request, StepIn, _LONGEST_BODY_BYTES)
    said = StepSaid(new.what(), new.start, new.end, new.officers, new.place)
    return step_out(await run_in_threadpool(app.steps.enter, caller, case_id, said))


@router.post(
    "/cases/{case_id}/steps/{step_id}/withdrawal", status_code=204, openapi_extra=described(WithdrawalIn)
)
async def withdraw(
    step_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REGISTER_ACTS),
    case_id: str = named_case(),
) -> None:
    """Take a step back that was entered by mistake."""
    said = await read_json(request, WithdrawalIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.steps.withdraw, caller, case_id, step_id, said.reason)


@router.put("/units/{unit_id}/legal", status_code=204)
def name_legal(unit_id: str, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> None:
    """Note that a unit is the legal one of what lies beside and below it."""
    app.steps.name_legal_unit(caller, unit_id)


@router.delete("/units/{unit_id}/legal", status_code=204)
def end_legal(unit_id: str, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> None:
    """Note that a unit is the legal one no more."""
    app.steps.end_legal_unit(caller, unit_id)
