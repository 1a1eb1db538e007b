"""What the dock believes: a receipt signed by the pinned key that names exactly the bytes read from the card.

Source: docs/formats/signed-document.md, evidence.receipt/1. Everything else is refused, whoever sent it and
however well it is signed: a receipt for another file, device or bytes, or no receipt at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.domain.ids import is_id
from evidence.domain.instants import from_text
from evidence.domain.signed import verify_document
from evidence.errors import IntegrityFault
from evidence.ledger.entries import is_origin
from evidence.ledger.keys import VerifierKey

TYPE = "evidence.receipt/1"
_HEX64 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What was read from the card, and the recording the service named for it (None when it named none)."""

    device: str
    name: str
    size_bytes: int
    sha256: str
    recording: str | None = None


def check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Check one Ed25519 signature (RFC 8032). Raises: IntegrityFault when it is wrong."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise IntegrityFault("signature-wrong") from None


def verify_receipt(document: bytes, key: VerifierKey, expected: Expected) -> str:
    """Return the id of the recording when the document is a receipt for exactly what is expected.

    Raises: IntegrityFault: the codes of `verify_document`, `receipt-malformed` or `receipt-differs`, with the
    field.
    """
    receipt = verify_document(document, [key], TYPE, check_ed25519)
    agreed: dict[str, object] = {
        "device": expected.device,
        "name": expected.name,
        "size": expected.size_bytes,
        "sha256": expected.sha256,
    }
    for field, value in agreed.items():
        found = receipt.get(field)
        if type(found) is not type(value) or found != value:  # True is not 1
            raise IntegrityFault("receipt-differs", field=field, expected=value, found=found)
    recording = receipt.get("recording")
    if not isinstance(recording, str) or not is_id(recording):
        raise IntegrityFault("receipt-malformed", field="recording")
    if expected.recording not in (None, recording):
        raise IntegrityFault(
            "receipt-differs", field="recording", expected=expected.recording, found=recording
        )
    _check_shape(receipt)
    return recording


def _check_shape(receipt: dict[str, object]) -> None:
    """Refuse a receipt that lacks what a court would look for in it."""
    sm3, manifest = receipt.get("sm3"), receipt.get("manifest_sha256")
    if "sm3" not in receipt or (sm3 is not None and not _is_digest(sm3)):
        raise IntegrityFault("receipt-malformed", field="sm3")
    if not _is_digest(manifest):
        raise IntegrityFault("receipt-malformed", field="manifest_sha256")
    if not is_origin(receipt.get("log")):
        raise IntegrityFault("receipt-malformed", field="log")
    index = receipt.get("log_index")
    if type(index) is not int or index < 0:
        raise IntegrityFault("receipt-malformed", field="log_index")
    for field in ("sealed", "retain_until"):
        try:
            from_text(str(receipt.get(field)))
        except ValueError:
            raise IntegrityFault("receipt-malformed", field=field) from None


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None
