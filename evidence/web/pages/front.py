"""The front door: whoever is signed in is sent to the first room of their own desk."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.web.deps import App, admitted
from evidence.web.pages.rendering import away
from evidence.web.pages.rooms import first_room

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/")
def front(app: App, caller: Caller = admitted(Action.OWN_ACCOUNT)) -> Response:
    """Send to the desk of one's role; to one's own account where no desk is open."""
    first = first_room(caller, app.site.bars())
    return away(first.path if first else "/account")
