"""Reports over HTTP: findings, deadlines, the gap report, and the state of the site."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter

from evidence.answers import deadline_out, finding_out
from evidence.domain.access import Caller
from evidence.domain.explanations import GapState
from evidence.domain.findings import Severity
from evidence.domain.rights import Action
from evidence.service.gap_parts import Asked
from evidence.step_answers import gap_report_out
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["reports"])


@router.get("/findings")
def findings(
    app: App, least: Severity = Severity.INFO, caller: Caller = admitted(Action.READ_FINDINGS)
) -> list[dict[str, Any]]:
    """List current findings of at least this severity."""
    return [finding_out(one, caller) for one in app.reports.findings(caller, least)]


@router.get("/deadlines")
def deadlines(app: App, caller: Caller = admitted(Action.READ_DEADLINES)) -> list[dict[str, Any]]:
    """List all files with their deadline, the most urgent first."""
    return [deadline_out(row, caller) for row in app.deadlines.list(caller)]


@router.get("/gaps")
def gaps(
    app: App,
    device: str | None = None,
    since: date | None = None,
    until: date | None = None,
    state: GapState | None = None,
    wearer: str | None = None,
    unit: str | None = None,
    caller: Caller = admitted(Action.READ_GAPS),
) -> dict[str, Any]:
    """Return the gap report: missing, late, interrupted, to be explained; the days are those on which
    recording ended, both included. state: of what must be explained; wearer: a number; unit: and below.
    """
    asked = Asked(device, since, until, state, wearer, unit)
    return gap_report_out(app.reports.gaps(caller, asked), caller)


@router.get("/status")
def status(app: App, caller: Caller = admitted(Action.READ_STATUS)) -> dict[str, Any]:
    """Return the state of the site: protection in force, jobs, space, what is set aside."""
    return {**app.reports.status(caller), "timestamp": app.timestamping.state()}
