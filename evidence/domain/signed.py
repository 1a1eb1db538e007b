"""Signed documents: three lines that are JSON for programs and can be checked with sed and openssl by people.

Source: docs/formats/signed-document.md; the body is RFC 8785 without fractions. Reading is strict: a document
is taken only when writing it again gives the same bytes, so no two readers see two meanings.
The arithmetic of Ed25519 is not here: callers pass a `Check`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from evidence.domain.keys import VerifierKey
from evidence.errors import IntegrityFault, Invalid

ED25519 = "Ed25519"
MAX_DOCUMENT_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: integers that every JSON reader keeps exactly

_FIRST = b'{"signed":'
_THIRD = b',"signatures":'
_SIGNATURE_KEYS = {"alg", "key", "sig"}

Check = Callable[[bytes, bytes, bytes], None]
"""check(public key, signature, message): returns None, or raises IntegrityFault when it is wrong."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: key is the label `name+keyid` of who signed, sig the raw bytes (64 for Ed25519)."""

    key: str
    sig: bytes
    alg: str = ED25519


def canonical(value: object) -> bytes:
    """Write a value as canonical JSON, UTF-8, without a newline.

    Takes dict with ASCII keys, list, tuple, str, int with |int| < 2^53, bool and None, at most 32 deep.
    Raises: Invalid `not-canonical` for anything else (a float, a lone surrogate, another type).
    """
    _admit(value, 0)
    # For what _admit lets through, Python's escapes and order of keys are those of RFC 8785 (ASCII keys have
    # the same order in UTF-16).
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid("not-canonical", reason="lone surrogate") from None


def _admit(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Invalid("not-canonical", reason="too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise Invalid("not-canonical", reason="key", key=repr(key))
            _admit(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _admit(item, depth + 1)
    elif isinstance(value, int):  # bool is an int and passes
        if abs(value) > MAX_INTEGER:
            raise Invalid("not-canonical", reason="integer too large")
    elif value is not None and not isinstance(value, str):
        raise Invalid("not-canonical", reason="type", type=type(value).__name__)


def assemble(body: bytes, signatures: Sequence[Signature]) -> bytes:
    """Return the whole document over a canonical body.

    Raises: IntegrityFault `document-malformed` when the result is not one that `disassemble` would take
    (so nothing unreadable is ever written).
    """
    listed = [
        {"alg": s.alg, "key": s.key, "sig": base64.b64encode(s.sig).decode("ascii")} for s in signatures
    ]
    document = _FIRST + b"\n" + body + b"\n" + _THIRD + canonical(listed) + b"}\n"
    disassemble(document)
    return document


def disassemble(document: bytes) -> tuple[bytes, dict[str, object], tuple[Signature, ...]]:
    """Take a document apart: the signed bytes, the same as a dict, and the signatures. Checks no signature.

    Raises: IntegrityFault `document-malformed` unless the document is, byte for byte, what `assemble` writes
    and at most 64 KiB.
    """
    if len(document) > MAX_DOCUMENT_BYTES:
        _malformed("too long")
    lines = document.split(b"\n")
    if len(lines) != 4 or lines[3] != b"":
        _malformed("not three lines")
    first, body, third = lines[:3]
    if first != _FIRST or not third.startswith(_THIRD + b"[") or not third.endswith(b"]}"):
        _malformed("frame")
    fields = _read(body)
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        _malformed("no type")
    listed = _read(third[len(_THIRD) : -1])
    if not isinstance(listed, list) or not listed:
        _malformed("no signatures")
    return body, fields, tuple(_signature(item) for item in listed)


def verify_document(
    document: bytes, keys: Sequence[VerifierKey], type_: str, check: Check
) -> dict[str, object]:
    """Return the body of a document of this type that at least one of the known keys signed.

    Signatures of unknown keys are ignored; one wrong signature of a known key spoils the document.
    Raises: IntegrityFault `document-malformed`, `document-type`, `signer-unknown` or `signature-wrong`.
    """
    body, fields, signatures = disassemble(document)
    if fields["type"] != type_:
        raise IntegrityFault("document-type", expected=type_, found=fields["type"])
    known = [(key, s) for s in signatures for key in keys if key.label == s.key]
    if not known:
        raise IntegrityFault("signer-unknown", signers=[s.key for s in signatures])
    for key, signature in known:
        if signature.alg != ED25519:
            raise IntegrityFault("signature-wrong", key=signature.key, alg=signature.alg)
        try:
            check(key.public, signature.sig, body)
        except IntegrityFault:
            raise IntegrityFault("signature-wrong", key=signature.key) from None
    return fields


def _signature(item: object) -> Signature:
    if not isinstance(item, dict) or set(item) != _SIGNATURE_KEYS:
        _malformed("signature")
    alg, key, text = item["alg"], item["key"], item["sig"]
    if not (isinstance(alg, str) and isinstance(key, str) and isinstance(text, str)):
        _malformed("signature")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        _malformed("base64")
    if base64.b64encode(raw).decode("ascii") != text:
        _malformed("base64")
    return Signature(key, raw, alg)


def _read(line: bytes) -> object:
    """Read one line of canonical JSON; what does not come out the same when written again is refused."""
    try:
        value: object = json.loads(
            line.decode("utf-8"), object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse
        )
        again = canonical(value)
    except (ValueError, RecursionError, Invalid) as fault:
        raise IntegrityFault("document-malformed", reason="not canonical JSON") from fault
    if again != line:
        _malformed("not canonical JSON")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice")
    return fields


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"not allowed here: {text[:32]}")


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("document-malformed", reason=reason)
