"""Sealed recordings over HTTP: lists, one recording, its findings, its manifest, its original bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from evidence.answers import finding_out, recording_out
from evidence.domain.access import Caller
from evidence.domain.rights import Action
from evidence.errors import Invalid
from evidence.service.catalogue import StoredRecording
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/recordings", tags=["recordings"])
_BLOCK = 1 << 20
# Evidence is served as bytes to keep, never as something a browser may run.
_SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@router.get("")
def recordings(
    app: App, device: str | None = None, caller: Caller = admitted(Action.LIST_RECORDINGS)
) -> list[dict[str, Any]]:
    """List sealed recordings, oldest seal first."""
    return [recording_out(stored) for stored in app.recordings.list(caller, device)]


@router.get("/{recording_id}")
def recording(
    recording_id: str, app: App, caller: Caller = admitted(Action.LIST_RECORDINGS)
) -> dict[str, Any]:
    """Return one recording."""
    return recording_out(app.recordings.get(caller, recording_id))


@router.get("/{recording_id}/findings")
def findings(
    recording_id: str, app: App, caller: Caller = admitted(Action.READ_FINDINGS)
) -> list[dict[str, Any]]:
    """Return what examination found about one recording."""
    return [finding_out(one) for one in app.recordings.findings(caller, recording_id)]


@router.get("/{recording_id}/manifest")
def manifest(recording_id: str, app: App, caller: Caller = admitted(Action.READ_MANIFEST)) -> Response:
    """Return the signed manifest, byte for byte as it stands in the vault."""
    return Response(
        app.recordings.manifest(caller, recording_id), headers=_SAFE, media_type="application/json"
    )


@router.get("/{recording_id}/original")
def original(
    recording_id: str, request: Request, app: App, caller: Caller = admitted(Action.READ_ORIGINAL)
) -> Response:
    """Return the original's bytes, whole or one range (RFC 9110); the read is logged before the first
    byte.
    """
    stored, file = app.recordings.open_original(caller, recording_id)
    origin = stored.recording.origin
    try:
        wanted = _range(request.headers.get("range"), origin.size_bytes)
    except Invalid:
        file.close()
        raise
    start, end = wanted or (0, origin.size_bytes)
    headers = {
        **_SAFE,
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": f"attachment; filename*=UTF-8''{_file_name(stored)}",
        "Repr-Digest": f"sha-256=:{_base64(stored.recording.digests.sha256)}:",
    }
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{origin.size_bytes}"
    status = 206 if wanted else 200
    return StreamingResponse(_blocks(file, start, end), status, headers, "application/octet-stream")


def _file_name(stored: StoredRecording) -> str:
    """Return the last part of the name, percent-encoded (RFC 8187); the id where that part names a folder."""
    last = stored.recording.origin.name.rsplit("/", 1)[-1]
    return quote(stored.recording.id if last in ("", ".", "..") else last, safe="")


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
        if left:
            raise OSError(
                f"the original ended {left} bytes early"
            )  # breaks the connection: never a short 200


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes [start, end) asked for, None for the whole: what is not one valid range of bytes is
    ignored (RFC 9110 section 14.2).

    Raises: Invalid("range-not-satisfiable").
    """
    match = re.fullmatch(r"bytes=(\d{0,19})-(\d{0,19})", header or "", re.ASCII)
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = max(0, size - int(last)) if not first else int(first)
    end = size if not first or not last else min(size, int(last) + 1)
    if start >= end:
        raise Invalid("range-not-satisfiable", size=size)
    return start, end


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode("ascii")
