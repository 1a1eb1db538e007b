"""Case files over HTTP: the end of the act, documents, hand-over to the archive, what is red."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.answers.case import by_unit_out, document_out, ended_out, filed_out, index_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted, named_case

router = APIRouter(prefix="/api/v1/case-files", tags=["case files"])

_LONGEST_BODY_BYTES = 64 << 10
Name = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class EndIn(BaseModel):
    """The day on which the act ended; a reason where another day stands."""

    model_config = ConfigDict(extra="forbid")
    day: date
    reason: Reason | None = None


class DocumentIn(BaseModel):
    """A written document of a case file."""

    model_config = ConfigDict(extra="forbid")
    title: Name
    pages: int = Field(ge=1, le=100_000)
    dated: date


class RemovalIn(BaseModel):
    """Why a document does not belong there."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


class ArchiveIn(BaseModel):
    """The number in the archive, and who gives and who takes, by their numbers; why it goes while something
    is open.
    """

    model_config = ConfigDict(extra="forbid")
    number: Name
    handed_by: Name
    received_by: Name
    reason: Reason | None = None


@router.get("")
def case_files(
    app: App, red: bool = False, caller: Caller = admitted(Action.READ_CASE_FILES)
) -> list[dict[str, Any]]:
    """List the case files of the caller's units with their time; red: only those whose time is over."""
    return [filed_out(one) for one in app.case_filing.all(caller, red=red)]


@router.get("/units")
def units(app: App, caller: Caller = admitted(Action.READ_CASE_FILES)) -> list[dict[str, Any]]:
    """Count the case files of each unit by their state."""
    return by_unit_out(app.case_filing.all(caller))


@router.get("/{case_id}")
def case_file(
    app: App,
    caller: Caller = admitted(Action.READ_CASE_FILES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Return a case file with its index."""
    return index_out(app.case_filing.index(caller, case_id), caller)


@router.put("/{case_id}/end", openapi_extra=described(EndIn))
async def end(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ARCHIVE_CASES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Note the day on which the act ended; return it with what of the case is later."""
    said = await read_json(request, EndIn, _LONGEST_BODY_BYTES)
    return ended_out(await run_in_threadpool(app.case_filing.end, caller, case_id, said.day, said.reason))


@router.post("/{case_id}/documents", status_code=201, openapi_extra=described(DocumentIn))
async def add_document(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ARCHIVE_CASES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """List a written document."""
    new = await read_json(request, DocumentIn, _LONGEST_BODY_BYTES)
    words = (case_id, new.title, new.pages, new.dated)
    return document_out(await run_in_threadpool(app.case_filing.add_document, caller, *words))


@router.post(
    "/{case_id}/documents/{document_id}/removal", status_code=204, openapi_extra=described(RemovalIn)
)
async def take_out(
    document_id: str,
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ARCHIVE_CASES),
    case_id: str = named_case(),
) -> None:
    """Take a document out of the list again."""
    said = await read_json(request, RemovalIn, _LONGEST_BODY_BYTES)
    await run_in_threadpool(app.case_filing.take_out, caller, case_id, document_id, said.reason)


@router.post("/{case_id}/archive", status_code=201, openapi_extra=described(ArchiveIn))
async def archive(
    request: Request,
    app: App,
    caller: Caller = admitted(Action.ARCHIVE_CASES),
    case_id: str = named_case(),
) -> dict[str, Any]:
    """Hand a case file over to the archive: nothing goes in or out of it any more."""
    said = await read_json(request, ArchiveIn, _LONGEST_BODY_BYTES)
    words = (case_id, said.number, said.handed_by, said.received_by, said.reason)
    return filed_out(await run_in_threadpool(app.case_filing.archive, caller, *words))
