"""Labels over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.filing import Asked, filed_out
from evidence.answers.label import history_out, labelled_out, missing_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.recordings.labelling import MOST
from evidence.web.bodies import coded, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["labels"])

_LONGEST_BODY_BYTES = 64 << 10
Recordings = Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=MOST)]
Text = Annotated[str, Field(max_length=1000)]


class LabelsIn(BaseModel):
    """Labels, and the recordings that get them."""

    model_config = ConfigDict(extra="forbid")
    recordings: Recordings
    labels: dict[Annotated[str, coded("label")], Text] = Field(min_length=1, max_length=20)


class NotYetIn(BaseModel):
    """Recordings without a case number yet, and the day by which it is to follow."""

    model_config = ConfigDict(extra="forbid")
    recordings: Recordings
    due: date


class LabelEndIn(BaseModel):
    """A label that is taken off these recordings, and why."""

    model_config = ConfigDict(extra="forbid")
    recordings: Recordings
    label: Annotated[str, coded("label")] = Field(max_length=40)
    reason: Text = Field(min_length=1)


@router.post("/labels", openapi_extra=described(LabelsIn))
async def give(request: Request, app: App, caller: Caller = admitted(Action.LABEL)) -> dict[str, Any]:
    """Give recordings labels, in the place of those that stand; all of them, or none. Says which changed,
    what stood before, and the case number that is of no registered case."""
    said = await read_json(request, LabelsIn, _LONGEST_BODY_BYTES)
    words = (said.recordings, said.labels)
    return labelled_out(await run_in_threadpool(app.labelling.give, caller, *words))


@router.post("/labels/not-yet", openapi_extra=described(NotYetIn))
async def say_not_yet(request: Request, app: App, caller: Caller = admitted(Action.LABEL)) -> dict[str, Any]:
    """Say by which day the case number of recordings is to follow; all of them, or none."""
    said = await read_json(request, NotYetIn, _LONGEST_BODY_BYTES)
    words = (said.recordings, said.due)
    return {"changed": list(await run_in_threadpool(app.labelling.say_not_yet, caller, *words))}


@router.post("/labels/end", status_code=204, openapi_extra=described(LabelEndIn))
async def end(request: Request, app: App, caller: Caller = admitted(Action.LABEL)) -> None:
    """Take a label off recordings; all of them, or none. It stays in their history."""
    said = await read_json(request, LabelEndIn, _LONGEST_BODY_BYTES)
    words = (said.recordings, said.label, said.reason)
    await run_in_threadpool(app.labelling.end, caller, *words)


@router.get("/labels/missing")
def missing(app: App, caller: Caller = admitted(Action.READ_GAPS)) -> dict[str, Any]:
    """Return the recordings that lack labels, most urgent first, with counts by label, unit and wearer."""
    return missing_out(app.unlabelled.missing(caller), caller)


@router.get("/labels/filed")
def filed(
    app: App,
    party: str | None = None,
    officer: str | None = None,
    since: date | None = None,
    until: date | None = None,
    caller: Caller = admitted(Action.LIST_RECORDINGS),
) -> dict[str, Any]:
    """Return recordings by inspected party, officer (number) and day of use, with the counts of each; since
    and until: days, both in.
    """
    asked = Asked(party, officer, since, until)
    return filed_out(app.recordings.list(caller), caller, asked, app.site.policies.latest.time_zone)


@router.get("/recordings/{recording_id}/labels")
def history(recording_id: str, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)) -> dict[str, Any]:
    """Return all that was ever said of a recording's labels, what came with it first."""
    return history_out(app.labelling.history(caller, recording_id), caller)
