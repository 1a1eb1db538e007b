"""Fault files over HTTP: opened with what they rest on, viewed, decided; their log extract with proofs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.fault import fault_out, links_of, people_of, proven_out
from evidence.answers.people import with_names
from evidence.answers.things import named_out, things_known, things_of_file
from evidence.domain.access import Caller
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Part, Verdict
from evidence.domain.rights import Action
from evidence.web.bodies import coded, described, one_of, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["faults"])

_LONGEST_BODY_BYTES = 64 << 10
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Ids = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)]


class EvidenceIn(BaseModel):
    """What a fault file rests on, by id (a gap by its name, a device by serial number too); whom it names, by
    number."""

    model_config = ConfigDict(extra="forbid")
    recordings: Ids = []
    gaps: Ids = []
    explanations: Ids = []
    devices: Ids = []
    complaints: Ids = []
    exemptions: Ids = []
    subjects: Ids = []
    commanders: Ids = []

    def links(self) -> list[Link]:
        """Return what it rests on."""
        said = {
            LinkKind.RECORDING: self.recordings,
            LinkKind.GAP: self.gaps,
            LinkKind.EXPLANATION: self.explanations,
            LinkKind.DEVICE: self.devices,
            LinkKind.COMPLAINT: self.complaints,
            LinkKind.EXEMPTION: self.exemptions,
        }
        return links_of(said)

    def people(self) -> dict[str, Part]:
        """Return whom it names."""
        return people_of(self.subjects, self.commanders)


class FaultIn(EvidenceIn):
    """A fault file. kind: as the policy pack names it. basis: a written ground that it rests on."""

    kind: Annotated[str, coded("fault-kind"), Field(max_length=40)]
    reason: Words
    basis: Words | None = None


class ViewIn(BaseModel):
    """What somebody has to say about a file that names them."""

    model_config = ConfigDict(extra="forbid")
    text: Words


class DecisionIn(BaseModel):
    """A decision about somebody, by number. outcome: what follows on a fault, as the policy pack names it."""

    model_config = ConfigDict(extra="forbid")
    number: Annotated[str, Field(min_length=1, max_length=200)]
    verdict: Annotated[Verdict, one_of(Verdict, "verdict")]
    reason: Words
    outcome: Annotated[str, coded("fault-outcome"), Field(max_length=40)] | None = None


@router.get("/faults")
def faults(
    app: App, waiting: bool = False, caller: Caller = admitted(Action.READ_GAPS)
) -> list[dict[str, Any]]:
    """List the fault files, newest first; waiting: only those that wait for a decision."""
    found = [fault_out(one, caller) for one in app.fault_files.all(caller, waiting=waiting)]
    return with_names(app.site, caller, found)


@router.post("/faults", status_code=201, openapi_extra=described(FaultIn))
async def open_fault(
    request: Request, app: App, caller: Caller = admitted(Action.OPEN_FAULTS)
) -> dict[str, Any]:
    """Open a fault file, with what it rests on and where the logs speak of that."""
    new = await read_json(request, FaultIn, _LONGEST_BODY_BYTES)
    words = (new.kind, new.reason, new.links(), new.people(), new.basis)
    open_ = partial(app.fault_files.open, caller, *words)
    return _told(app, caller, await run_in_threadpool(open_))


@router.get("/faults/{file_id}")
def fault(file_id: str, app: App, caller: Caller = admitted(Action.READ_GAPS)) -> dict[str, Any]:
    """Return a fault file."""
    return _told(app, caller, app.fault_files.get(caller, file_id))


@router.post("/faults/{file_id}/evidence", openapi_extra=described(EvidenceIn))
async def add(
    file_id: str, request: Request, app: App, caller: Caller = admitted(Action.OPEN_FAULTS)
) -> dict[str, Any]:
    """Add to a fault file: people, what it rests on, and its entries until now."""
    new = await read_json(request, EvidenceIn, _LONGEST_BODY_BYTES)
    more = partial(app.fault_files.add, caller, file_id, new.links(), new.people())
    return _told(app, caller, await run_in_threadpool(more))


@router.post("/faults/{file_id}/decision", openapi_extra=described(DecisionIn))
async def decide(
    file_id: str, request: Request, app: App, caller: Caller = admitted(Action.DECIDE_FAULTS)
) -> dict[str, Any]:
    """Decide about somebody whom a fault file names."""
    said = await read_json(request, DecisionIn, _LONGEST_BODY_BYTES)
    words = (said.number, said.verdict, said.reason, said.outcome)
    find = partial(app.fault_files.decide, caller, file_id, *words)
    return _told(app, caller, await run_in_threadpool(find))


@router.get("/faults/{file_id}/log")
def log_extract(
    file_id: str, app: App, caller: Caller = admitted(Action.OPEN_FAULTS)
) -> list[dict[str, Any]]:
    """Return the log extract of a fault file: each entry with its proof up to the present checkpoint."""
    return [proven_out(one) for one in app.proving.of_fault(caller, file_id)]


@router.get("/own/faults")
def about_me(app: App, caller: Caller = admitted(Action.OWN_CONDUCT)) -> list[dict[str, Any]]:
    """List the fault files that name the caller."""
    return [fault_out(one, caller, own=True) for one in app.fault_files.about_me(caller)]


@router.post("/own/faults/{file_id}/view", openapi_extra=described(ViewIn))
async def state_view(
    file_id: str, request: Request, app: App, caller: Caller = admitted(Action.OWN_CONDUCT)
) -> dict[str, Any]:
    """Say what one has to say about a fault file that names oneself."""
    said = await read_json(request, ViewIn, _LONGEST_BODY_BYTES)
    say_it = partial(app.fault_files.state_view, caller, file_id, said.text)
    return fault_out(await run_in_threadpool(say_it), caller, own=True)


def _told(app: App, caller: Caller, file: FaultFile) -> dict[str, Any]:
    known = things_known(app.site, caller, things_of_file(file))
    return {**with_names(app.site, caller, [fault_out(file, caller)])[0], "named": named_out(known)}
