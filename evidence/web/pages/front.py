"""The front door: whoever is signed in is sent to the first room of their first desk."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.deps import App, admitted
from evidence.web.pages.rendering import away
from evidence.web.pages.rooms import desks_of

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/")
def front(app: App, caller: Caller = admitted(Action.OWN_ACCOUNT)) -> Response:
    """Send to the first desk; to one's own account where no desk is open."""
    desks = desks_of(caller, app.site.bars())
    return away(desks[0][1][0].path if desks else "/account")
