"""The bodies of the documents that are signed: manifest and receipt (docs/formats/signed-document.md),
the
row that a manifest makes, and whether a row says what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evidence import __version__
from evidence.domain.audit import Place
from evidence.domain.digests import Digests
from evidence.domain.instants import from_text, to_text
from evidence.domain.names import read_name
from evidence.domain.recordings import Origin, Recording
from evidence.domain.uploads import Upload
from evidence.errors import IntegrityFault
from evidence.policy.rules import Pack
from evidence.service.catalogue import AnnouncedFile, StoredRecording
from storage.vault import Lock, Sealed

MANIFEST = "evidence.manifest/1"
RECEIPT = "evidence.receipt/1"


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def original_out(origin: Origin, digests: Digests) -> dict[str, object]:
    """Return what signed documents say of an original."""
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
        "original": original_out(origin, digests),
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


def promised_until(said: Mapping[str, Any]) -> datetime:
    """Return until when a manifest says that its recording is kept."""
    return from_text(said["lock"]["retain_until"])


def recording_of(
    upload: Upload, digests: Digests, data: Sealed, manifest: Sealed, said: Mapping[str, object]
) -> Recording:
    """Build the catalogue's row from the manifest that stands in the vault: the manifest is the truth.

    Raises: IntegrityFault("manifest-malformed").
    """
    times, policy = said["times"], said["policy"]
    if not isinstance(times, dict) or not isinstance(policy, dict):
        raise IntegrityFault("manifest-malformed", recording=upload.id)
    return Recording(
        id=upload.id,
        origin=upload.origin,
        digests=digests,
        sealed_at=from_text(times["server"]["sealed"]),
        retain_until=data.lock.retain_until,
        policy_id=policy["pack"],
        policy_version=policy["version"],
        data_key=data.key,
        data_version=data.version,
        manifest_key=manifest.key,
        manifest_version=manifest.version,
        manifest_sha256=manifest.sha256,
    )


def receipt_body(recording: Recording, place: Place) -> dict[str, object]:
    """Build the receipt's body (docs/formats/signed-document.md)."""
    return {
        **original_out(recording.origin, recording.digests),
        "device": recording.origin.device,
        "log": place.log,
        "log_index": place.index,
        "manifest_sha256": recording.manifest_sha256,
        "recording": recording.id,
        "retain_until": to_text(recording.retain_until),
        "sealed": to_text(recording.sealed_at),
        "type": RECEIPT,
    }


def says_the_same(stored: StoredRecording, manifest: Any, receipt: Any) -> bool:
    """Compare the catalogue's row with the signed manifest and the receipt; anything missing differs."""
    try:
        if stored.recording.retain_until < from_text(manifest["lock"]["retain_until"]):
            return False  # it may be kept longer than was promised at the seal, never shorter
        return _signed(manifest, receipt) == _held(stored)
    except (KeyError, TypeError, ValueError):
        return False


def _signed(manifest: Any, receipt: Any) -> tuple[object, ...]:
    """Return what manifest and receipt say, in the order of _held."""
    original, policy, times = manifest["original"], manifest["policy"], manifest["times"]
    return (
        manifest["recording"],
        manifest["device"],
        manifest["wearer"],
        manifest["labels"],
        manifest["card"],
        original["name"],
        original["size"],
        Digests(original["sha256"], original["sm3"]),
        policy["pack"],
        policy["version"],
        from_text(times["server"]["sealed"]),
        times["device"]["modified"],
        times["clock_offset_ms"],
        receipt["recording"],
        receipt["manifest_sha256"],
    )


def _held(stored: StoredRecording) -> tuple[object, ...]:
    """Return what the catalogue's row says."""
    recording, origin = stored.recording, stored.recording.origin
    return (
        recording.id,
        origin.device,
        origin.wearer,
        dict(origin.labels),
        origin.card_id,
        origin.name,
        origin.size_bytes,
        recording.digests,
        recording.policy_id,
        recording.policy_version,
        recording.sealed_at,
        to_text(origin.modified_at) if origin.modified_at else None,
        origin.clock_offset_ms,
        recording.id,
        recording.manifest_sha256,
    )
