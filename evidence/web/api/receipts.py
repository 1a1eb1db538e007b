"""Receipts over HTTP (docs/formats/dock-protocol.md, 3), and the key they are checked with."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import EvidenceError
from evidence.service.catalogue import StoredRecording
from evidence.service.recordings.recordings import StillSealing
from evidence.web.bodies import described, read_json
from evidence.web.deps import App, admitted
from evidence.web.errors import problem_response, status_of

router = APIRouter(prefix="/api/v1", tags=["receipts"])
MOST_ASKED, _LONGEST_QUESTION_BYTES = 100, 64 << 10
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/uploads/{upload_id}/receipt")
def receipt(upload_id: str, app: App, caller: Caller = admitted(Action.READ_RECEIPT)) -> Response:
    """Return the signed receipt and the last check of the original, 202 while sealing goes on."""
    try:
        stored = app.recordings.sealed_as(caller, upload_id)
    except StillSealing:
        return Response(
            '{"state":"sealing"}', 202, {**_NO_STORE, "Retry-After": "1"}, media_type="application/json"
        )
    told = {} if stored.check_result is None else {"Evidence-Check": stored.check_result}
    return Response(stored.receipt, headers={**_NO_STORE, **told}, media_type="application/json")


class AskedIn(BaseModel):
    """Of which uploads the receipts are asked for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    uploads: list[str] = Field(min_length=1, max_length=MOST_ASKED)


@router.post("/receipts", openapi_extra=described(AskedIn))
async def receipts(request: Request, app: App, caller: Caller = admitted(Action.READ_RECEIPT)) -> Response:
    """Return the receipts of several uploads; what has none yet, or none ever, says so in its place."""
    asked = await read_json(request, AskedIn, _LONGEST_QUESTION_BYTES)
    found = await run_in_threadpool(app.recordings.all_sealed_as, caller, asked.uploads)
    told = [{"upload": one, **_told(it)} for one, it in zip(asked.uploads, found, strict=True)]
    return JSONResponse({"receipts": told}, headers=_NO_STORE)


def _told(found: StoredRecording | EvidenceError) -> dict[str, object]:
    if isinstance(found, StillSealing):
        return {"state": "sealing"}
    if isinstance(found, EvidenceError):
        problem = problem_response(status_of(found), found.code, found.fields)
        return {"state": "problem", "problem": json.loads(bytes(problem.body))}
    return {"state": "sealed", "receipt": found.receipt.decode(), "check": found.check_result}


@router.get("/key")
def key(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> PlainTextResponse:
    """Return the public verifier key, to be pinned over a trusted way."""
    return PlainTextResponse(app.site.signer.verifier_key() + "\n")
