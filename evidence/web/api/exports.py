"""Exports over HTTP: footage is asked for, decided about, built, handed over, and its documents."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.export import export_out
from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.exports import Ground, Medium, Said, Way
from evidence.domain.rights import Action
from evidence.service.cases.case_access import case_named, told_as_named
from evidence.service.cases.cases import LONGEST_NUMBER
from evidence.service.court.export_access import Handout
from evidence.service.court.export_lists import ListedExport
from evidence.service.court.exports import MOST_ITEMS, Wish
from evidence.web.bodies import counted, described, one_of, read_json
from evidence.web.deps import Admission, App, admitted
from evidence.web.showing import choose_range
from evidence.web.streams import SAFE, EvidenceStream, kept_as, read_range

router = APIRouter(prefix="/api/v1", tags=["exports"])

_LONGEST_BODY_BYTES = 64 << 10
Line = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Id = Annotated[str, Field(max_length=32)]


class ExportIn(BaseModel):
    """What is asked for. redacted: recordings that go out only as a derivative, each with its id."""

    model_config = ConfigDict(extra="forbid")
    way: Annotated[Way, one_of(Way, "export-way")]
    recordings: Annotated[list[Id], Field(min_length=1, max_length=MOST_ITEMS)]
    recipient: Line
    purpose: Line
    basis: Line
    medium: Annotated[Medium, one_of(Medium, "export-medium")] = Medium.FOLDER
    case: Annotated[str, Field(max_length=LONGEST_NUMBER)] | None = None
    unit: Id | None = None
    applicant: Line | None = None
    relation: Line | None = None
    identity: Line | None = None
    redacted: dict[Id, Id] = {}

    def wish(self, case: str | None) -> Wish:
        """Return what is asked for. case: its id."""
        told = (self.recipient, self.purpose, self.basis, self.applicant, self.relation, self.identity)
        more = (self.medium, case, self.unit, self.redacted)
        return Wish(self.way, tuple(self.recordings), Said(*told), *more)


class DecisionIn(BaseModel):
    """A decision about what somebody else asked for. refused: recordings that do not go out, with grounds."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    reason: Words
    secrecy: Words | None = None
    refused: dict[Id, Annotated[Ground, one_of(Ground, "export-ground")]] = {}


class WithdrawalIn(BaseModel):
    """Why a request is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: Words


class WrittenIn(BaseModel):
    """A medium that was written: its own serial number, and the SHA-256 of what was read back."""

    model_config = ConfigDict(extra="forbid")
    serial: Line
    read_back: Annotated[str, Field(min_length=64, max_length=64)]


class HandOverIn(BaseModel):
    """The number of the second person of ours, and who received."""

    model_config = ConfigDict(extra="forbid")
    beside: Line
    receiver: Line


class ReceiptIn(BaseModel):
    """The number of the seal, where there is one."""

    model_config = ConfigDict(extra="forbid")
    seal: Line | None = None


@router.get("/exports")
def exports(
    app: App, red: bool = False, caller: Caller = admitted(Action.READ_EXPORTS)
) -> list[dict[str, Any]]:
    """List the exports of one's units, newest first; red: those that nobody has decided in time."""
    return [export_out(one) for one in app.court.exports.all(caller, red=red)]


@router.post("/exports", status_code=201, openapi_extra=described(ExportIn))
async def ask(request: Request, app: App, caller: Caller = admitted(Action.EXPORT)) -> dict[str, Any]:
    """Ask that footage leave; somebody else decides."""
    new = await read_json(request, ExportIn, _LONGEST_BODY_BYTES)
    return export_out(await run_in_threadpool(_ask, app, caller, new))


@router.get("/exports/{export_id}")
def export(export_id: str, app: App, caller: Caller = admitted(Action.READ_EXPORTS)) -> dict[str, Any]:
    """Return an export."""
    return export_out(app.court.exports.get(caller, export_id))


@router.post("/exports/{export_id}/decision", openapi_extra=described(DecisionIn))
async def decide(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.DECIDE_EXPORTS)
) -> dict[str, Any]:
    """Approve or refuse what somebody else has asked for, file by file."""
    said = await read_json(request, DecisionIn, _LONGEST_BODY_BYTES)
    act = partial(
        app.court.exports.decide,
        caller,
        export_id,
        is_approved=said.approve,
        reason=said.reason,
        secrecy=said.secrecy,
        refused=said.refused,
    )
    return export_out(await run_in_threadpool(act))


@router.post("/exports/{export_id}/withdrawal", openapi_extra=described(WithdrawalIn))
async def withdraw(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)
) -> dict[str, Any]:
    """Take back what one has asked for, before anybody has decided."""
    said = await read_json(request, WithdrawalIn, _LONGEST_BODY_BYTES)
    act = partial(app.court.withdrawing.withdraw, caller, export_id, said.reason)
    return export_out(await run_in_threadpool(act))


@router.post("/exports/{export_id}/build", status_code=202)
def build(export_id: str, app: App, caller: Caller = admitted(Action.EXPORT)) -> None:
    """Have an export built again whose last build came to nothing."""
    app.court.building.again(caller, export_id)


@router.get("/exports/{export_id}/media-list")
def media_list(export_id: str, app: App, caller: Caller = admitted(Action.EXPORT)) -> Response:
    """Return `media.json`: the media with the commands to burn and to read back."""
    listed = app.court.taking_out.media_list(caller, export_id)
    return _handed(listed, "application/json")


@router.get("/exports/{export_id}/seal-proof")
def seal_proof(export_id: str, app: App, caller: Caller = admitted(Action.READ_EXPORTS)) -> Response:
    """Return the proof of the export's seal (.tlog-proof), for `verify.py --seal`."""
    proof = app.proving.of_seal(caller, export_id)
    return _handed(proof, "text/plain")


@router.get("/exports/{export_id}/media/{number}")
def medium(
    export_id: str, number: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)
) -> Response:
    """Return a medium of a package, to be written: its image or archive, of a folder a ZIP file; each range
    is logged before its first byte."""
    taken = app.court.taking_out.medium(caller, export_id, counted(number), choose_range(request))
    # As media.json names it, for the commands there: it begins with the number of the export.
    name = taken.name if taken.name.endswith((".iso", ".zip")) else f"{taken.name}.zip"

    async def verify() -> None:
        await run_in_threadpool(taken.verify)
        await Admission(Action.EXPORT)(request)

    return EvidenceStream(
        taken.file,
        (taken.start, taken.end),
        taken.size,
        is_part=read_range(request.headers.get("range"), taken.size) is not None,
        verify=verify,
        headers=kept_as(name),
        media_type="application/octet-stream",
    )


@router.post("/exports/{export_id}/media/{number}", status_code=204, openapi_extra=described(WrittenIn))
async def written(
    export_id: str, number: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)
) -> None:
    """Note that a medium was written, and what was read back from it."""
    said = await read_json(request, WrittenIn, _LONGEST_BODY_BYTES)
    note = partial(app.court.handing_over.note_written, caller, export_id, counted(number))
    await run_in_threadpool(note, said.serial, said.read_back)


@router.post("/exports/{export_id}/hand-over", status_code=204, openapi_extra=described(HandOverIn))
async def hand_over(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)
) -> None:
    """Hand a package over, with a second person; of a transfer, a copy is sealed in the same step."""
    said = await read_json(request, HandOverIn, _LONGEST_BODY_BYTES)
    give = partial(app.court.handing_over.hand_over, caller, export_id, said.beside, said.receiver)
    await run_in_threadpool(give)


@router.post("/exports/{export_id}/receipt", openapi_extra=described(ReceiptIn))
async def note_receipt(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.EXPORT)
) -> Response:
    """Note that the recipient has signed; the answer is the receipt that the site signs."""
    said = await read_json(request, ReceiptIn, _LONGEST_BODY_BYTES)
    document = await run_in_threadpool(app.court.handing_over.note_receipt, caller, export_id, said.seal)
    return Response(document, headers=SAFE, media_type="application/json")


@router.get("/exports/{export_id}/receipt")
def receipt(export_id: str, app: App, caller: Caller = admitted(Action.READ_EXPORTS)) -> Response:
    """Return the signed receipt."""
    return _handed(app.court.handing_over.receipt(caller, export_id), "application/json", "inline")


@router.get("/exports/{export_id}/documents/{kind}")
def document(export_id: str, kind: str, app: App, caller: Caller = admitted(Action.READ_EXPORTS)) -> Response:
    """Return a document about an export as PDF: custody-report, evidence-list, hand-over, refusal,
    us-certificate."""
    return _handed(app.court.taking_out.document(caller, export_id, kind), "application/pdf", "inline")


@router.put("/units/{unit_id}/transfers", status_code=204)
def name_transfer_unit(unit_id: str, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> None:
    """Have a unit provide the footage that goes to procuratorates and courts."""
    app.court.transfer_units.name(caller, unit_id)


@router.delete("/units/{unit_id}/transfers", status_code=204)
def end_transfer_unit(unit_id: str, app: App, caller: Caller = admitted(Action.MANAGE_UNITS)) -> None:
    """Have a unit provide it no more."""
    app.court.transfer_units.name(caller, unit_id, ends=True)


def _handed(file: Handout, media_type: str, how: str = "attachment") -> Response:
    return Response(file.body, headers={**SAFE, **kept_as(file.name, how)}, media_type=media_type)


def _ask(app: Application, caller: Caller, new: ExportIn) -> ListedExport:
    if new.case is None:
        return app.court.exports.ask(caller, new.wish(None))
    case_id = case_named(app.site, new.case)
    with told_as_named(new.case, case_id):
        return app.court.exports.ask(caller, new.wish(case_id))
