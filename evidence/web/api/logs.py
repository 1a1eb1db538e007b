"""The logs over HTTP: checkpoints and keys for everybody, proofs for those whom they concern."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from evidence.answers.recordings import alarm_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.domain.signed import MAX_DOCUMENT_BYTES
from evidence.service.log.shown import Shown
from evidence.web.bodies import read_body
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1", tags=["logs"])
Size = Annotated[int, Query(ge=0, lt=2**63)]
Year = Annotated[int, Path(ge=0, le=9999)]
_NO_STORE = {"Cache-Control": "no-store"}
_LONGEST_NOTE_BYTES = 64 << 10  # with the cosignatures of many witnesses


@router.get("/log-keys")
def keys(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Return the verifier keys of the logs, in a document that the site's own key has signed."""
    return Response(app.proving.signed_keys(), headers=_NO_STORE, media_type="application/json")


@router.get("/trust-file")
def trust_file(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> PlainTextResponse:
    """Return the trust file with which a package is checked (docs/formats/trust-file.md)."""
    named = 'attachment; filename="trust.txt"'
    return PlainTextResponse(app.proving.trusted(), headers={**_NO_STORE, "Content-Disposition": named})


@router.get("/logs/custody/checkpoint")
def custody_checkpoint(app: App, _caller: Caller = admitted(Action.READ_PUBLIC)) -> PlainTextResponse:
    """Return the newest checkpoint of the log of custody."""
    return PlainTextResponse(app.proving.checkpoint("custody"), headers=_NO_STORE)


@router.get("/logs/access/{year}/checkpoint")
def access_checkpoint(
    year: int, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> PlainTextResponse:
    """Return the newest checkpoint of a year's log of access."""
    return PlainTextResponse(
        app.proving.checkpoint(f"access/{min(max(year, 0), 10_000):04d}"), headers=_NO_STORE
    )


@router.get("/logs/custody/consistency")
def custody_consistency(
    old: Size, new: Size, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> PlainTextResponse:
    """Return the proof that the log of custody only grew between two sizes; the new one has a checkpoint."""
    return PlainTextResponse(app.proving.consistency("custody", old, new), headers=_NO_STORE)


@router.get("/logs/access/{year}/consistency")
def access_consistency(
    year: Year, old: Size, new: Size, app: App, _caller: Caller = admitted(Action.READ_PUBLIC)
) -> PlainTextResponse:
    """Return the same for a year's log of access."""
    return PlainTextResponse(app.proving.consistency(f"access/{year:04d}", old, new), headers=_NO_STORE)


@router.post("/checkpoints")
async def show(request: Request, app: App, caller: Caller = admitted(Action.READ_RECEIPT)) -> dict[str, bool]:
    """Hold a checkpoint that somebody kept (the body, as it was given out) against the log as it stands. What
    our own key signed and the log contradicts raises an integrity alarm.
    """
    note = await read_body(request, _LONGEST_NOTE_BYTES)
    shown = Shown(app.site, app.signer, app.publishing.checks)
    return {"goes_on": await run_in_threadpool(shown.goes_on, caller, note)}


@router.get("/uploads/{upload_id}/proof")
def proof(upload_id: str, app: App, caller: Caller = admitted(Action.READ_RECEIPT)) -> Response:
    """Return the proof of the entry that an upload's receipt names (.tlog-proof); 409 `not-yet-published`."""
    return PlainTextResponse(app.proving.of_receipt(caller, upload_id), headers=_NO_STORE)


@router.post("/proofs")
async def proof_shown(
    request: Request, app: App, caller: Caller = admitted(Action.READ_RECEIPT)
) -> PlainTextResponse:
    """Return the proof for a receipt that a dock holds (the body, as it was given out), whichever account of
    a dock sent the bytes; 409 `not-yet-published`.
    """
    receipt = await read_body(request, MAX_DOCUMENT_BYTES)
    found = await run_in_threadpool(app.proving.of_shown, caller, receipt)
    return PlainTextResponse(found, headers=_NO_STORE)


@router.get("/alarms")
def alarms(app: App, caller: Caller = admitted(Action.READ_STATUS)) -> list[dict[str, Any]]:
    """Return the integrity alarms that stand, oldest first."""
    return [alarm_out(one) for one in app.auditing.alarms(caller)]
