"""Reports over HTTP: findings, deadlines, the gap report, and the state of the site."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.recordings import deadline_out, finding_out
from evidence.answers.step import gap_report_out
from evidence.bootstrap import Application
from evidence.documents.gaps import file_name, gap_document, tongue_of
from evidence.domain.access import Caller
from evidence.domain.explanations import GapState
from evidence.domain.findings import Severity
from evidence.domain.rights import Action
from evidence.service.gaps.gap_parts import Asked
from evidence.web.api.tables import TYPES as TABLES
from evidence.web.api.tables import in_turn
from evidence.web.bodies import one_of
from evidence.web.deps import App, admitted

TYPES = {"svg": "image/svg+xml", "pdf": "application/pdf", "xlsx": TABLES["xlsx"]}
router = APIRouter(prefix="/api/v1", tags=["reports"])


@router.get("/findings")
def findings(
    app: App,
    least: Annotated[Severity, one_of(Severity, "severity")] = Severity.INFO,
    caller: Caller = admitted(Action.READ_FINDINGS),
) -> list[dict[str, Any]]:
    """List current findings of at least this severity."""
    return [finding_out(one, caller) for one in app.reports.findings(caller, least)]


@router.get("/deadlines")
def deadlines(app: App, caller: Caller = admitted(Action.READ_DEADLINES)) -> list[dict[str, Any]]:
    """List all files with their deadline, the most urgent first."""
    return [deadline_out(row, caller) for row in app.deadlines.list(caller)]


@router.get("/gaps", response_model=None, responses={200: {"content": {one: {} for one in TYPES.values()}}})
async def gaps(
    app: App,
    device: str | None = None,
    since: date | None = None,
    until: date | None = None,
    state: Annotated[GapState, one_of(GapState, "gap-state")] | None = None,
    wearer: str | None = None,
    unit: str | None = None,
    form: Annotated[Literal["json", "svg", "pdf", "xlsx"], Query(alias="format")] = "json",
    language: Literal["zh", "en"] = "zh",
    caller: Caller = admitted(Action.READ_GAPS),
) -> dict[str, Any] | Response:
    """Return the gap report: missing, late, interrupted, to be explained; the days are those on which
    recording ended, both included. state: of what must be explained; wearer: a number; unit: and below.
    format: page data, or a document in a language, whose name tells the place of the log it was made at.
    """
    asked = Asked(device, since, until, state, wearer, unit)
    if form == "json":
        report = await run_in_threadpool(app.reports.gaps, caller, asked)
        return await run_in_threadpool(gap_report_out, report, caller)
    return await in_turn(_document, app, caller, asked, form, language)


def _document(app: Application, caller: Caller, asked: Asked, form: str, language: str) -> Response:
    report = app.reports.gaps(caller, asked, form)
    content = gap_document(report, caller, form, app.makers, tongue_of(language))
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(report, form)}"',
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(content, media_type=TYPES[form], headers=headers)


@router.get("/status")
def status(app: App, caller: Caller = admitted(Action.READ_STATUS)) -> dict[str, Any]:
    """Return the state of the site: protection in force, jobs, space, what is set aside."""
    return {**app.reports.status(caller), "timestamp": app.timestamping.state()}
