"""Cosignatures: a witness says when it saw that a log had only grown (C2SP tlog-cosignature v1.0.0).

The blob of a signature line is the time (8 bytes, seconds since 1970, big-endian) and a signature. Type
0x04, Ed25519, signs two lines and the whole text of the checkpoint; type 0x06, ML-DSA-44, signs a
structure that also names the cosigner, and no extension lines. A log may sign its own checkpoints with
type 0x06.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import MAX_NUMBER
from evidence.ledger.keys import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, Check, Sign, VerifierKey
from evidence.ledger.notes import NoteCheck, NoteSignature, over_text

TIME_BYTES = 8
SIGNATURE_BYTES = {COSIGNATURE_ED25519: 64, COSIGNATURE_ML_DSA_44: 2420}

_LABEL = b"subtree/v1\n\x00"


def message(key: VerifierKey, time: int, text: bytes) -> bytes:
    """Return the bytes that a cosigner signs for the text of a checkpoint.

    time: seconds since 1970-01-01 UTC, 0 ≤ time < 2^63.
    Raises: IntegrityFault `checkpoint-malformed`, `cosignature-malformed`: `time`, `origin`; Invalid
    `key-malformed` for a key of another type.
    """
    checkpoint = Checkpoint.parse(text)
    if not 0 <= time <= MAX_NUMBER:
        _malformed("time")
    if key.type == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {time}\n".encode("ascii") + text
    if key.type != COSIGNATURE_ML_DSA_44:
        raise Invalid("key-malformed", reason="algorithm", key=key.label)
    name, origin = key.name.encode("ascii"), checkpoint.origin.encode("utf-8")
    if len(origin) > 255:
        _malformed("origin")
    parts = [_LABEL, bytes([len(name)]), name, time.to_bytes(8, "big"), bytes([len(origin)]), origin]
    parts += [(0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big"), checkpoint.root]
    return b"".join(parts)


def cosign(text: bytes, key: VerifierKey, time: int, make: Sign) -> NoteSignature:
    """Cosign the text of a checkpoint that has been found consistent; make gives the raw signature.

    Raises: as `message`; IntegrityFault `cosignature-malformed`, `length`, for a signature of another length.
    """
    signed = message(key, time, text)
    blob = time.to_bytes(TIME_BYTES, "big") + make(signed)
    _open(key, blob)
    return NoteSignature(key.name, key.key_id, blob)


def time_of(signature: NoteSignature) -> int:
    """Return the time a cosignature names, in seconds since 1970-01-01 UTC; whether it is true is not known.

    Raises: IntegrityFault `cosignature-malformed`, `length`, `time`.
    """
    if len(signature.blob) <= TIME_BYTES:
        _malformed("length")
    return _time(signature.blob)


def checks(ed25519: Check, ml_dsa_44: Check | None = None) -> Mapping[int, NoteCheck]:
    """Return how `notes.verify` checks each type of key, given the arithmetic of the signatures.

    Without ml_dsa_44 keys of type 0x06 are refused, never passed.
    """

    def cosigned(check: Check) -> NoteCheck:
        def check_line(key: VerifierKey, blob: bytes, text: bytes) -> None:
            time, signature = _open(key, blob)
            check(key.public, signature, message(key, time, text))

        return check_line

    known = {ED25519: over_text(ed25519), COSIGNATURE_ED25519: cosigned(ed25519)}
    if ml_dsa_44 is not None:
        known[COSIGNATURE_ML_DSA_44] = cosigned(ml_dsa_44)
    return known


def _open(key: VerifierKey, blob: bytes) -> tuple[int, bytes]:
    if len(blob) != TIME_BYTES + SIGNATURE_BYTES.get(key.type, 0):
        _malformed("length")
    return _time(blob), blob[TIME_BYTES:]


def _time(blob: bytes) -> int:
    time = int.from_bytes(blob[:TIME_BYTES], "big")
    if time > MAX_NUMBER:
        _malformed("time")
    return time


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("cosignature-malformed", reason=reason)
