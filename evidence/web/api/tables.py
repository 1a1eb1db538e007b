"""Tables over HTTP: CSV and XLSX bodies, bounded and read after the caller is known."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from evidence.errors import Conflict
from evidence.roll_answers import outcome_out
from evidence.service.people_sheets import Outcome

MOST_BYTES = 16 << 20
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
    """Read a body of at most MOST_BYTES. Raises: Conflict("too-many-bytes")."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise Conflict("too-many-bytes", limit=MOST_BYTES)
    return bytes(body)


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
