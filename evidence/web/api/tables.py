"""Tables over HTTP: CSV and XLSX bodies, bounded and read after the caller is known, few at once.

Reading a large table takes a processor for seconds. Whoever sends many waits for themselves, and keeps no
thread from others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from evidence.answers.roll import outcome_out
from evidence.service.people.people_sheets import Outcome
from evidence.web.bodies import read_body

P = ParamSpec("P")
R = TypeVar("R")
MOST_BYTES = 16 << 20
AT_ONCE = 2
_TURNS = CapacityLimiter(AT_ONCE)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TABLE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def read_table(request: Request) -> bytes:
    """Read a body of at most MOST_BYTES. Raises: as `read_body`."""
    return await read_body(request, MOST_BYTES)


async def in_turn(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something in a thread when fewer than AT_ONCE others do. Raises: what it raises."""
    return await run_sync(partial(do, *args, **kwargs), limiter=_TURNS)


def outcome_response(done: Outcome, apply: bool) -> JSONResponse:
    """Answer an import: 422 where it was to be done and was not."""
    return JSONResponse(outcome_out(done), 422 if apply and not done.applied else 200)


def table_response(content: bytes, form: str, name: str) -> Response:
    """Answer with a table as a file; its name is ours."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=TYPES[form], headers=headers)
