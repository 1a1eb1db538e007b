"""Enforcement documents over HTTP: registered, held against footage, explained; and as a table."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.document import document_out, documents_out, table_out
from evidence.domain.access import Caller
from evidence.domain.act_documents import MismatchKind
from evidence.domain.rights import Action
from evidence.service.cases.act_documents import DocumentSaid
from evidence.web.api.tables import TABLE, in_turn, read_table
from evidence.web.bodies import Instant, coded, described, one_of, read_json
from evidence.web.deps import App, admitted, named_case

router = APIRouter(prefix="/api/v1", tags=["enforcement documents"])

_LONGEST_BODY_BYTES = 64 << 10
Words = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class DocumentIn(BaseModel):
    """An enforcement document. type: as the policy pack names it. signers: their numbers."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    number: Words
    type: Annotated[Words, coded("document-type")]
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    signers: list[Words] = Field(min_length=1, max_length=20)


class RemovalIn(BaseModel):
    """Why a document is taken out."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


class ReasonIn(BaseModel):
    """Why something does not agree. signer: the number, where that is what it is about."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[MismatchKind, one_of(MismatchKind, "mismatch")]
    reason: Reason
    signer: Words | None = None


@router.get("/act-documents/mismatches")
def mismatches(
    app: App, unit: str | None = None, caller: Caller = admitted(Action.READ_CASE_FILES)
) -> list[dict[str, Any]]:
    """List the documents of a unit and below about which something needs a reason; without one, of all one's
    units."""
    return documents_out(app.act_documents.mismatches(caller, unit), caller)


@router.post("/act-documents/table", openapi_extra=TABLE)
async def import_(
    request: Request, app: App, apply: bool = False, caller: Caller = admitted(Action.REGISTER_ACTS)
) -> JSONResponse:
    """Take a table of documents; a dry run unless `apply`. 422 with the bad cells where it could not be
    done.
    """
    content = await read_table(request)
    done = await in_turn(app.organisation.act_document_table.import_table, caller, content, apply=apply)
    return JSONResponse(table_out(done), 422 if apply and not done.applied else 200)


@router.get("/cases/{case_id}/act-documents")
def documents(
    app: App,
    caller: Caller = admitted(Action.READ_CASE_FILES),
    case_id: str = named_case(),
) -> list[dict[str, Any]]:
    """List the documents of a case as they compare with footage."""
    return documents_out(app.act_documents.of_case(caller, case_id), caller)


@router.post("/cases/{case_id}/act-documents", status_code=201, openapi_extra=described(DocumentIn))
async def register(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REGISTER_ACTS),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Register a document of a case."""
    new = await read_json(request, DocumentIn, _LONGEST_BODY_BYTES)
    said = DocumentSaid(new.number, new.type, new.start, new.end, new.signers)
    return document_out(await run_in_threadpool(app.act_documents.register, caller, case_id, said))


@router.post(
    "/cases/{case_id}/act-documents/{document_id}/removal",
    status_code=204,
    openapi_extra=described(RemovalIn),
)
async def strike(
    document_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REGISTER_ACTS),
    case_id: str = named_case(),
) -> None:
    """Take a document out that was registered by mistake."""
    said = await read_json(request, RemovalIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.act_documents.strike, caller, case_id, document_id, said.reason)


@router.post(
    "/cases/{case_id}/act-documents/{document_id}/reasons",
    status_code=204,
    openapi_extra=described(ReasonIn),
)
async def explain(
    document_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.REGISTER_ACTS),
    case_id: str = named_case(),
) -> None:
    """Say in writing why a document and its footage do not agree."""
    said = await read_json(request, ReasonIn, _LONGEST_BODY_BYTES)
    words = (case_id, document_id, said.kind, said.reason, said.signer)
    await run_in_threadpool(app.act_documents.explain, caller, *words)
