"""Answers that show a recording, or what was made from it, in a player: one range, marked for who may only
look, cut when the right to look ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.rights import Action
from evidence.service.lasting import Right
from evidence.service.recordings.playing import Played
from evidence.service.site import Site
from evidence.web.deps import Admission
from evidence.web.streams import EvidenceStream, read_range


def choose_range(request: Request) -> Callable[[int], tuple[int, int]]:
    """Return what picks the range that a request asks for, given the size in bytes."""
    asked = request.headers.get("range")
    return lambda size: read_range(asked, size) or (0, size)


def show(request: Request, site: Site, caller: Caller, recording_id: str, played: Played) -> Response:
    """Return a range that was opened to be shown."""
    headers = {"Content-Disposition": "inline"}
    if played.watermark is not None:
        number, at = played.watermark
        headers["Evidence-Watermark"] = f"{quote(number, safe='')} {to_text(at)}"
    return EvidenceStream(
        played.file,
        (played.start, played.end),
        played.size,
        is_part=read_range(request.headers.get("range"), played.size) is not None,
        verify=still(request, Right(site, caller, Action.PLAY, recording_id)),
        headers=headers,
        media_type=played.media_type,
    )


def still(request: Request, right: Right) -> Callable[[], Awaitable[None]]:
    """Return what asks again whether an answer may go on: its right, and the credential that asked for it."""

    async def verify() -> None:
        await run_in_threadpool(right.verify)
        await Admission(right.action)(request)

    return verify
