"""Receipts over HTTP (docs/formats/dock-protocol.md, 3), and the key they are checked with."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.service.recordings import StillSealing
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["receipts"])
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


@router.get("/key")
def key(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> PlainTextResponse:
    """Return the public verifier key, to be pinned over a trusted way."""
    return PlainTextResponse(app.site.signer.verifier_key() + "\n")
