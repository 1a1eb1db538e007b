"""Our tus 1.0.0 server: core, creation, creation-with-upload, checksum, expiration, termination
(docs/formats/dock-protocol.md).

The body is read only after the caller is known. It is moved by pouring.py in blocks once the upload is
locked, so memory stays flat whatever the file size; a short one that comes with the creation is read whole
first, for one commit. What is durable and when is service/intake/reception.py's business.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import format_datetime
from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence.domain.access import Caller
from evidence.domain.instants import from_text
from evidence.domain.recordings import NOT_MEASURED, Origin
from evidence.domain.rights import Action
from evidence.domain.uploads import Upload
from evidence.errors import Invalid, Refused
from evidence.service.intake.reception import CHECKSUMS, Checksum, Reception
from evidence.service.jobs import SMALL_BYTES
from evidence.web.bodies import read_body
from evidence.web.deps import App, admitted
from evidence.web.pouring import pour

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

VERSION = "1.0.0"
_OFFSET_TYPE = "application/offset+octet-stream"
_HEADERS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}


@router.options("", status_code=204)
async def describe(_caller: Caller = admitted(Action.READ_PUBLIC)) -> Response:
    """Say what this server can."""
    return Response(
        status_code=204,
        headers={
            **_HEADERS,
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        },
    )


@router.post("", status_code=201)
async def create(request: Request, app: App, caller: Caller = admitted(Action.SEND_RECORDING)) -> Response:
    """Open an upload; take what bytes of it came along."""
    _speaks_tus(request)
    length, checksum = _body_bytes(request), _checksum(request)
    if "upload-defer-length" in request.headers:
        raise Invalid("length-not-deferrable")
    size = _number(request, "upload-length")
    fields = _metadata(request.headers.get("upload-metadata", ""))
    origin = _origin(fields, size)
    opened = partial(app.uploads.create, caller, origin, fields.get("sha256"))
    if length is not None and length <= SMALL_BYTES:
        body = await read_body(request, SMALL_BYTES) if length else b""
        upload = await run_in_threadpool(opened, body, checksum if length else None)
    else:
        upload = await run_in_threadpool(opened)
        upload = await _taken(request, app, caller, upload.id, 0)
    headers = {"Location": f"/api/v1/uploads/{upload.id}", **_standing(upload)}
    return Response(status_code=201, headers=headers)


@router.head("/{upload_id}")
async def status(
    upload_id: str, request: Request, app: App, caller: Caller = admitted(Action.SEND_RECORDING)
) -> Response:
    """Say how many bytes are durable."""
    _speaks_tus(request)
    upload = await run_in_threadpool(app.uploads.status, caller, upload_id)
    return Response(headers={"Upload-Length": str(upload.origin.size_bytes), **_standing(upload)})


@router.patch("/{upload_id}", status_code=204)
async def receive(
    upload_id: str, request: Request, app: App, caller: Caller = admitted(Action.SEND_RECORDING)
) -> Response:
    """Take bytes; answer only when they are durable."""
    _speaks_tus(request)
    _verify_octets(request)
    upload = await _taken(request, app, caller, upload_id, _number(request, "upload-offset"))
    return Response(status_code=204, headers=_standing(upload))


@router.delete("/{upload_id}", status_code=204)
async def terminate(
    upload_id: str, request: Request, app: App, caller: Caller = admitted(Action.SEND_RECORDING)
) -> Response:
    """Give up an upload whose bytes are not all here."""
    _speaks_tus(request)
    await run_in_threadpool(app.uploads.terminate, caller, upload_id)
    return Response(status_code=204, headers=_HEADERS)


async def _taken(request: Request, app: App, caller: Caller, upload_id: str, offset: int) -> Upload:
    """Take the body into an upload, and return that when it is durable."""
    length = _number(request, "content-length") if "content-length" in request.headers else None
    async with _in_thread(app, caller, upload_id, offset, length, _checksum(request)) as reception:
        await pour(request, reception)
        return await run_in_threadpool(reception.commit)


@asynccontextmanager
async def _in_thread(
    app: App, caller: Caller, upload_id: str, offset: int, length: int | None, checksum: Checksum | None
) -> AsyncIterator[Reception]:
    """Hold a reception open from the event loop; opening and closing wait in threads, never in the loop."""
    holder = app.uploads.receive(caller, upload_id, offset, length, checksum)
    reception = await run_in_threadpool(holder.__enter__)
    try:
        yield reception
    finally:
        # Closing is quick (no flush) and must happen even when the request was cancelled.
        holder.__exit__(None, None, None)


def _speaks_tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise Refused("tus-version", expected=VERSION)


def _verify_octets(request: Request) -> None:
    if request.headers.get("content-type") != _OFFSET_TYPE:
        raise Invalid("wrong-content-type", expected=_OFFSET_TYPE)


def _checksum(request: Request) -> Checksum | None:
    header = request.headers.get("upload-checksum")
    return Checksum.parse(header) if header is not None else None


def _body_bytes(request: Request) -> int | None:
    """Return how many bytes come with a creation; None when their sender does not say."""
    if "transfer-encoding" not in request.headers:
        length = _number(request, "content-length") if "content-length" in request.headers else 0
        if length == 0:
            return 0
        _verify_octets(request)
        return length
    _verify_octets(request)
    return None


def _number(request: Request, header: str) -> int:
    """Read a decimal header. Raises: Invalid for anything but digits below 2^63."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or int(text) >= 2**63:
        raise Invalid("invalid-header", header=header)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Read `Upload-Metadata`: pairs of key and base64 text. Raises: Invalid."""
    fields: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            text = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError) as problem:
            raise Invalid("invalid-metadata", key=key) from problem
        if key in fields:
            raise Invalid("invalid-metadata", key=key)
        fields[key] = text
    return fields


def _origin(fields: dict[str, str], size: int) -> Origin:
    try:
        modified = from_text(fields["modified"]) if fields.get("modified") else None
        offset_ms = int(fields.get("clock-offset-ms", "0"))
    except (ValueError, OverflowError) as problem:  # overflow: year 1 or 9999 with a zone
        raise Invalid("invalid-metadata", key="modified or clock-offset-ms") from problem
    labels = {key[6:]: text for key, text in fields.items() if key.startswith("label-") and text}
    return Origin(
        device=fields.get("device", ""),
        wearer=fields.get("wearer", ""),
        name=fields.get("filename", ""),
        size_bytes=size,
        modified_at=modified,
        clock_offset_ms=offset_ms,
        card_id=fields.get("card") or None,
        labels={**labels, **({} if "clock-offset-ms" in fields else NOT_MEASURED)},
    )


def _standing(upload: Upload) -> dict[str, str]:
    headers = {**_HEADERS, "Upload-Offset": str(upload.offset)}
    if upload.is_resumable:
        headers["Upload-Expires"] = _http_date(upload.expires_at)
    return headers


def _http_date(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)
