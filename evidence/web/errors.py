"""Errors as RFC 9457 problem documents, and as pages. The only place that knows HTTP statuses of errors.

The text comes from the catalogues, Chinese first; `code` and the fields are for programs. No stack, no
version.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from evidence.answers.coded_words import choices
from evidence.answers.refusal_words import another
from evidence.errors import (
    Busy,
    Conflict,
    EvidenceError,
    IntegrityFault,
    Invalid,
    Misconfigured,
    NoSpace,
    NotFound,
    Refused,
    Unavailable,
)
from evidence.locale import say
from storage.errors import Damaged, Missing, StorageError, StoreFull, StoreUnavailable
from storage.errors import Misconfigured as StoreMisconfigured

log = logging.getLogger("evidence.web")

# On every answer, errors included.
PROTECTIVE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# What the OpenAPI document says about every error.
DESCRIBED: dict[str, Any] = {
    "description": "RFC 9457 problem document",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "code"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                },
            }
        }
    },
}
_BY_CODE = {
    "not-signed-in": 401,
    "two-credentials": 400,
    "body-too-slow": 408,
    "unknown-word": 422,  # as any other value that a body cannot have
    "checksum-differs": 460,  # tus 1.0, checksum extension
    "too-many-bytes": 413,
    "upload-expired": 410,
    "recording-destroyed": 410,
    "upload-incomplete": 425,
    "tus-version": 412,
    "wrong-content-type": 415,
    "range-not-satisfiable": 416,
}
_BY_FAMILY: tuple[tuple[type[Exception], int], ...] = (
    (NoSpace, 507),
    (StoreFull, 507),
    (Busy, 423),
    (Conflict, 409),
    (NotFound, 404),
    (Missing, 500),  # the catalogue names an object the vault does not have: our fault, never the caller's
    (Damaged, 500),
    (Invalid, 400),
    (Refused, 403),
    (IntegrityFault, 500),
    (Misconfigured, 500),  # no "try again": somebody must correct a setting
    (StoreMisconfigured, 500),
    (Unavailable, 503),
    (StoreUnavailable, 503),
)


def status_of(problem: EvidenceError | StorageError) -> int:
    """Return the HTTP status of an error: by its code, else by its family, else 500."""
    if problem.code in _BY_CODE:
        return _BY_CODE[problem.code]
    return next((status for family, status in _BY_FAMILY if isinstance(problem, family)), 500)


def problem_response(status: int, code: str, fields: Mapping[str, object]) -> Response:
    """Build a problem document."""
    body = {
        "type": f"urn:evidence:problem:{code}",
        "title": say(f"error.{code}"),
        "status": status,
        "code": code,
        **({"detail": say(other.key, **other.fields)} if (other := another(code, fields)) else {}),
        **({"choices": known} if (known := choices(fields)) else {}),
        **{
            key: value if isinstance(value, int | str | None) else str(value) for key, value in fields.items()
        },
    }
    headers = {"Cache-Control": "no-store", "Tus-Resumable": "1.0.0"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="evidence"'
    if status in (423, 425, 503, 507):
        headers["Retry-After"] = "5" if status in (503, 507) else "1"
    if status == 412:
        headers["Tus-Version"] = "1.0.0"
    if status == 416:
        headers["Content-Range"] = f"bytes */{fields['size']}"
    if code == "offset-differs" and isinstance(fields.get("offset"), int):
        headers["Upload-Offset"] = str(fields["offset"])
    return Response(
        json.dumps(body, ensure_ascii=False), status, headers, media_type="application/problem+json"
    )


Shown = Callable[[Request, int, str, Mapping[str, object]], Response | None]
"""Returns a problem as a page for a person; None for a program."""


def install(app: FastAPI, shown: Shown) -> None:
    """Turn all errors of an application into pages for people and problem documents for programs."""

    def told(request: Request, status: int, code: str, fields: Mapping[str, object]) -> Response:
        return shown(request, status, code, fields) or problem_response(status, code, fields)

    @app.exception_handler(EvidenceError)
    async def known(request: Request, problem: EvidenceError) -> Response:
        status = status_of(problem)
        if status >= 500:
            log.error("%s", problem)
        return told(request, status, problem.code, problem.fields)

    @app.exception_handler(StorageError)
    async def stored(request: Request, problem: StorageError) -> Response:
        log.error("%s", problem)
        return told(request, status_of(problem), problem.code, {})

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, problem: RequestValidationError) -> Response:
        where = [".".join(str(part) for part in error["loc"]) for error in problem.errors()[:20]]
        return told(request, 422, "invalid-request", {"where": ", ".join(where)})

    @app.exception_handler(HTTPException)
    async def plain(request: Request, problem: HTTPException) -> Response:
        code = {404: "not-found", 405: "method-not-allowed"}.get(problem.status_code, "invalid-request")
        response = told(request, problem.status_code, code, {})
        response.headers.update(problem.headers or {})  # Allow, with 405
        return response

    @app.exception_handler(Exception)
    async def unknown(request: Request, problem: Exception) -> Response:
        log.exception("unexpected error", exc_info=problem)
        response = told(request, 500, "unexpected", {})
        response.headers.update(PROTECTIVE)  # this one is sent from outside the layer that adds them
        return response
