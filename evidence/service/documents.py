"""The bodies of the documents that are signed: manifest and receipt (docs/formats/signed-document.md)."""

from __future__ import annotations

from datetime import datetime

from evidence import __version__
from evidence.domain.digests import Digests
from evidence.domain.instants import to_text
from evidence.domain.names import read_name
from evidence.domain.recordings import Origin, Recording
from evidence.domain.uploads import Upload
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile
from storage.vault import Lock

MANIFEST = "evidence.manifest/1"
RECEIPT = "evidence.receipt/1"


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _original(origin: Origin, digests: Digests) -> dict[str, object]:
    return {"name": origin.name, "sha256": digests.sha256, "size": origin.size_bytes, "sm3": digests.sm3}


def manifest_body(
    upload: Upload, digests: Digests, pack: Pack, lock: Lock, now: datetime, file: AnnouncedFile | None
) -> dict[str, object]:
    """Build the manifest's body (docs/formats/signed-document.md)."""
    origin = upload.origin
    named = read_name(origin.name).taken_at
    modified = origin.modified_at
    return {
        "card": origin.card_id,
        "data": f"recordings/{upload.id}/data",
        "device": origin.device,
        "labels": dict(sorted(origin.labels.items())),
        "lock": {"holds": sorted(lock.holds), "retain_until": to_text(lock.retain_until)},
        "original": _original(origin, digests),
        "policy": {"pack": pack.id, "version": pack.version},
        "recording": upload.id,
        "software": f"evidence {__version__}",
        "times": {
            "clock_offset_ms": origin.clock_offset_ms,
            "corrected": {"modified": None if modified is None else to_text(modified + origin.clock_offset)},
            "device": {"modified": _text(modified), "name": named.isoformat() if named else None},
            "server": {
                "announced": _text(file.announced_at) if file else None,
                "complete": _text(upload.completed_at),
                "first_byte": to_text(upload.created_at),
                "sealed": to_text(now),
            },
        },
        "type": MANIFEST,
        "wearer": origin.wearer,
    }


def receipt_body(recording: Recording, log_entry: int) -> dict[str, object]:
    """Build the receipt's body (docs/formats/signed-document.md)."""
    return {
        **_original(recording.origin, recording.digests),
        "device": recording.origin.device,
        "log_entry": log_entry,
        "manifest_sha256": recording.manifest_sha256,
        "recording": recording.id,
        "retain_until": to_text(recording.retain_until),
        "sealed": to_text(recording.sealed_at),
        "type": RECEIPT,
    }
