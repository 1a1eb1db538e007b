"""Shares over HTTP: links are made, listed, revoked; whoever has one opens it with its code, with no account.

What was opened and may be taken along is asked for with a token in the Authorization header, one file and
range at a time. What may only be shown is shown on the link's page (pages/shared.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.answers.share import file_out, share_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Refused
from evidence.service.court.shared_files import Shown
from evidence.web.bodies import counted, described, read_json
from evidence.web.deps import App, admitted
from evidence.web.showing import choose_range
from evidence.web.streams import EvidenceStream, kept_as, read_range

router = APIRouter(prefix="/api/v1", tags=["shares"])

_LONGEST_BODY_BYTES = 4 << 10
Secret = Annotated[str, Field(min_length=1, max_length=100)]


class ShareIn(BaseModel):
    """For how many hours, and whether the files may be taken along."""

    model_config = ConfigDict(extra="forbid")
    hours: Annotated[int, Field(ge=1)]
    download: bool = False


class OpenIn(BaseModel):
    """A link's token, and the code that came on another way."""

    model_config = ConfigDict(extra="forbid")
    token: Secret
    code: Secret


@router.post("/exports/{export_id}/shares", status_code=201, openapi_extra=described(ShareIn))
async def share(
    export_id: str, request: Request, app: App, caller: Caller = admitted(Action.SHARE)
) -> dict[str, Any]:
    """Make a link to what was approved; its token and its code are told once, here."""
    said = await read_json(request, ShareIn, _LONGEST_BODY_BYTES)
    make = partial(app.court.sharing.share, caller, export_id, said.hours, may_download=said.download)
    made = await run_in_threadpool(make)
    now = app.site.clock.now()
    return {**share_out(made.share, now), "token": made.token, "code": made.code}


@router.get("/exports/{export_id}/shares")
def shares(export_id: str, app: App, caller: Caller = admitted(Action.SHARE)) -> list[dict[str, Any]]:
    """List the links of an export."""
    now = app.site.clock.now()
    return [share_out(one, now) for one in app.court.sharing.of(caller, export_id)]


@router.post("/shares/{share_id}/revoke")
def revoke(share_id: str, app: App, caller: Caller = admitted(Action.SHARE)) -> dict[str, Any]:
    """Make a link worthless at once."""
    return share_out(app.court.sharing.revoke(caller, share_id), app.site.clock.now())


@router.post("/shared/open", openapi_extra=described(OpenIn))
async def open_share(
    request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> dict[str, Any]:
    """Open a link, once, with its code; `session` is what to come with from now on."""
    said = await read_json(request, OpenIn, _LONGEST_BODY_BYTES)
    opened = await run_in_threadpool(app.court.sharing.open, said.token, said.code)
    files = [file_out(one) for one in opened.files]
    told = share_out(opened.share, app.site.clock.now())
    return {"session": opened.session, "files": files, "until": told["until"], "download": told["download"]}


@router.get("/shared/files/{number}")
def shared_file(
    number: str, request: Request, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> Response:
    """Return a file of what was opened, whole or one range; each is logged before its first byte."""
    session = _session(request)
    sharing, which = app.court.sharing, counted(number)
    return answered(request, sharing.read(session, which, choose_range(request), to_keep=True))


def answered(request: Request, shown: Shown, media_type: str | None = None) -> Response:
    """Return a range of a file of a link: to be kept, or to be shown as what it may be called."""
    return EvidenceStream(
        shown.file,
        (shown.start, shown.end),
        shown.size,
        is_part=read_range(request.headers.get("range"), shown.size) is not None,
        verify=_still(shown),
        headers={"Content-Disposition": "inline"} if media_type else kept_as(shown.name),
        media_type=media_type or "application/octet-stream",
    )


def _session(request: Request) -> str:
    scheme, _, session = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not session.strip():
        raise Refused("share-refused")
    return session.strip()


def _still(shown: Shown) -> Callable[[], Awaitable[None]]:
    async def verify() -> None:
        await run_in_threadpool(shown.verify)

    return verify
