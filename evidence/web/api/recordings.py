"""Sealed recordings over HTTP: lists, one recording, its findings, its manifest, its original bytes."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from evidence.answers.recordings import finding_out, recording_out
from evidence.domain.access import Caller, Purpose
from evidence.domain.rights import Action
from evidence.errors import Invalid
from evidence.service.catalogue import StoredRecording
from evidence.service.lasting import Right
from evidence.web.bodies import one_of
from evidence.web.deps import App, admitted
from evidence.web.showing import choose_range, show, still
from evidence.web.streams import SAFE, EvidenceStream, kept_as, read_range

router = APIRouter(prefix="/api/v1/recordings", tags=["recordings"])


@router.get("")
def recordings(
    app: App, device: str | None = None, caller: Caller = admitted(Action.LIST_RECORDINGS)
) -> list[dict[str, Any]]:
    """List sealed recordings, oldest seal first."""
    return [recording_out(stored, caller) for stored in app.recordings.list(caller, device)]


@router.get("/{recording_id}")
def recording(
    recording_id: str, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)
) -> dict[str, Any]:
    """Return one recording."""
    return recording_out(app.recordings.get(caller, recording_id), caller)


@router.get("/{recording_id}/findings")
def findings(
    recording_id: str, app: App, caller: Caller = admitted(Action.READ_FINDINGS)
) -> list[dict[str, Any]]:
    """Return what examination found about one recording."""
    return [finding_out(one, caller) for one in app.recordings.findings(caller, recording_id)]


@router.get("/{recording_id}/manifest")
def manifest(recording_id: str, app: App, caller: Caller = admitted(Action.READ_MANIFEST)) -> Response:
    """Return the signed manifest, byte for byte as it stands in the vault."""
    return Response(
        app.recordings.manifest(caller, recording_id), headers=SAFE, media_type="application/json"
    )


@router.get("/{recording_id}/original")
def original(
    recording_id: str,
    request: Request,
    app: App,
    purpose: Annotated[Purpose, one_of(Purpose, "purpose")] | None = None,
    approval: str | None = None,
    caller: Caller = admitted(Action.READ_ORIGINAL),
) -> Response:
    """Return the original's bytes to keep, whole or one range (RFC 9110); the read is logged before the first
    byte. purpose: what somebody who did not record it wants it for; approval: id of the export by which, for
    anything but a case.
    """
    stored, file = app.recordings.open_original(caller, recording_id, purpose, approval)
    size = stored.recording.origin.size_bytes
    try:
        wanted = read_range(request.headers.get("range"), size)
    except Invalid:
        file.close()
        raise
    headers = {
        **kept_as(_file_name(stored)),
        "Repr-Digest": f"sha-256=:{_base64(stored.recording.digests.sha256)}:",
    }
    return EvidenceStream(
        file,
        wanted or (0, size),
        size,
        is_part=wanted is not None,
        verify=still(request, Right(app.site, caller, Action.READ_ORIGINAL, recording_id)),
        headers=headers,
        media_type="application/octet-stream",
    )


@router.get("/{recording_id}/play")
def play(
    recording_id: str,
    request: Request,
    app: App,
    purpose: Annotated[Purpose, one_of(Purpose, "purpose")] | None = None,
    caller: Caller = admitted(Action.PLAY),
) -> Response:
    """Return an original to be seen and heard in a player, whole or one range; each is logged before its
    first byte. purpose: what somebody who did not record it looks for.
    """
    played = app.playing.play(caller, recording_id, choose_range(request), purpose)
    return show(request, app.site, caller, recording_id, played)


def _file_name(stored: StoredRecording) -> str:
    """Return the last part of the name; the id where that part names a folder."""
    last = stored.recording.origin.name.rsplit("/", 1)[-1]
    return stored.recording.id if last in ("", ".", "..") else last


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode("ascii")
