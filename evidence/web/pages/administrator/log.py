"""The log explorer: entries by place, act or object; one entry with its proof; how far the logs are."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.rights import Action
from evidence.errors import NotFound
from evidence.web.deps import App, admitted
from evidence.web.pages.desk import desk

router = APIRouter(prefix="/log", tags=["pages"], include_in_schema=False)

_LARGEST = 10**15


@router.get("")
def explore(
    request: Request,
    app: App,
    log: str = "custody",
    act: str = "",
    about: str = "",
    after: str = "",
    caller: Caller = admitted(Action.READ_LOG),
) -> Response:
    """Show the newest entries of a log, or those that are asked for. after: the index before which."""
    heads = app.log_exploring.heads(caller)
    facts: dict[str, Any] = {"heads": heads, "acts": sorted(Act), "log": log, "act": act, "about": about}
    if about:
        found = app.log_exploring.about(caller, about.strip())
        return desk(request, caller, "log", entries=found, after=None, **facts)
    page = app.log_exploring.page(caller, log, _index(after) if after else None, act or None)
    return desk(request, caller, "log", entries=page.entries, after=page.before, **facts)


@router.get("/entry")
def entry(
    log: str, index: str, request: Request, app: App, caller: Caller = admitted(Action.READ_LOG)
) -> Response:
    """Show one entry as it was logged."""
    found = app.log_exploring.entry(caller, log, _index(index))
    told = found.one.told
    return desk(
        request,
        caller,
        "log_entry",
        found=found,
        one=found.one,
        facts=told.get("facts", {}),
        withheld=sorted(told.get("pd", {})),
        objects=told.get("obj", []),
        written=json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True),
        checkpoint=f"/api/v1/logs/{quote(log)}/checkpoint",
    )


@router.get("/proof")
def proof(log: str, index: str, app: App, caller: Caller = admitted(Action.READ_LOG)) -> Response:
    """Return the proof that a signed checkpoint covers an entry, as a file."""
    place = _index(index)
    body = app.proving.of_place(caller, log, place)
    name = f"{log.replace('/', '-')}-{place}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return PlainTextResponse(body, headers=headers)


def _index(text: str) -> int:
    """Return an index. Raises: NotFound("log-not-found")."""
    if not (text.isascii() and text.isdecimal()) or int(text) >= _LARGEST:
        raise NotFound("log-not-found")
    return int(text)
