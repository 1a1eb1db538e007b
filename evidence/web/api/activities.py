"""Records of activities over HTTP: a table that is matched to recordings, which get its labels."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from evidence.answers.label import match_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.api.tables import TABLE, in_turn, read_table
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/activities", tags=["labels"])


@router.post("/table", openapi_extra=TABLE)
async def import_(
    request: Request, app: App, apply: bool = False, caller: Caller = admitted(Action.LABEL)
) -> JSONResponse:
    """Take a table of activities and label what was recorded meanwhile; a dry run unless `apply`. 422 with
    the bad cells where it could not be done.
    """
    content = await read_table(request)
    desk = app.organisation.activities
    done = await in_turn(desk.import_table, caller, content, apply=apply)
    return JSONResponse(match_out(done), 422 if apply and not done.applied else 200)
