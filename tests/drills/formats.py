"""The written formats read a second time, by hand: signed documents, verifier keys, lock records.

Sources: docs/formats/signed-document.md; storage/locks.py (its docstring) for lock records. Deliberately
not the product's own readers.
"""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Malformed(Exception):
    """Something is not as its format says."""


def verifier(text: str) -> dict[str, Ed25519PublicKey]:
    """Read lines of `name+keyid+base64(0x01 ‖ key)` as label → key."""
    keys = {}
    for line in text.split():
        name, key_id, encoded = line.split("+", 2)
        keys[f"{name}+{key_id}"] = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    return keys


def read_signed(document: bytes, keys: dict[str, Ed25519PublicKey]) -> dict[str, Any]:
    """Return the body of a signed document: line 2 is what is signed. Raises: Malformed."""
    lines = document.split(b"\n")
    if len(lines) != 4 or lines[0] != b'{"signed":' or lines[3]:
        raise Malformed("not three lines")
    try:
        whole = json.loads(document)
        (signature,) = whole["signatures"]
        keys[signature["key"]].verify(base64.b64decode(signature["sig"]), lines[1])
    except (ValueError, KeyError, InvalidSignature) as fault:
        raise Malformed(f"signature: {fault!r}") from fault
    body: dict[str, Any] = whole["signed"]
    return body


def read_lock(path: Path) -> dict[str, Any]:
    """Return the last record of an object's chain of lock records. Raises: Malformed."""
    names = sorted(path.parent.glob(path.name + "~lock.*.json"))
    follows = ""
    record: dict[str, Any] = {}
    for serial, name in enumerate(names, 1):
        record = _record(name)
        if (record["serial"], record["follows"]) != (serial, follows):
            raise Malformed(f"record {serial} does not follow")
        follows = record["check"]
    if not record:
        raise Malformed("no lock record")
    return record


def _record(path: Path) -> dict[str, Any]:
    text = path.read_bytes()
    try:
        record: dict[str, Any] = json.loads(text)
        check = record["check"]
    except (ValueError, KeyError) as fault:
        raise Malformed(f"{path.name}: {fault!r}") from fault
    if sha256(re.sub(rb'"check":"[0-9a-f]{64}",', b"", text)).hexdigest() != check:
        raise Malformed(f"{path.name}: altered")
    return record
