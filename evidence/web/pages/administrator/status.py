"""The state of the site: strength of the vault in force, queue, disk, time stamps, witnesses."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.intake.opening import RESERVE_BYTES
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk

router = APIRouter(prefix="/status", tags=["pages"], include_in_schema=False)


@router.get("")
def status(request: Request, app: App, caller: Caller = admitted(Action.READ_STATUS)) -> Response:
    """Show the state of the site as it is measured now."""
    return desk(
        request,
        caller,
        "status",
        found=app.reports.status(caller),
        measures=app.measuring.now(caller),
        stamp=app.timestamping.state(),
        standing=len(app.auditing.alarms(caller)),
        unsound=app.auditing.unsound(caller),
        reserve=RESERVE_BYTES,
        witnesses=[one.name for one in app.auditing.witnesses],
        inside=app.settings.runs_own_workers,
    )
