"""Signed documents: three lines that are JSON for programs and can be checked with sed and openssl by people.

Source: docs/formats/signed-document.md; the body is RFC 8785 without fractions. Reading is strict: a document
is taken only when writing it again gives the same bytes, so no two readers see two meanings.
The arithmetic of Ed25519 is not here: callers pass a `Check`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical, read_canonical
from evidence.ledger.encodings import read_base64, write_base64
from evidence.ledger.keys import Check, VerifierKey

ED25519 = "Ed25519"
MAX_DOCUMENT_BYTES = 64 * 1024

_FIRST = b'{"signed":'
_THIRD = b',"signatures":'
_SIGNATURE_KEYS = {"alg", "key", "sig"}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: key is the label `name+keyid` of who signed, sig the raw bytes (64 for Ed25519)."""

    key: str
    sig: bytes
    alg: str = ED25519


def assemble(body: bytes, signatures: Sequence[Signature]) -> bytes:
    """Return the whole document over a canonical body.

    Raises: IntegrityFault `document-malformed` when the result is not one that `disassemble` would take
    (so nothing unreadable is ever written).
    """
    listed = [{"alg": s.alg, "key": s.key, "sig": write_base64(s.sig)} for s in signatures]
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
    raw = read_base64(text)
    if raw is None:
        _malformed("base64")
    return Signature(key, raw, alg)


def _read(line: bytes) -> object:
    try:
        return read_canonical(line)
    except IntegrityFault as fault:
        raise IntegrityFault("document-malformed", reason="not canonical JSON") from fault


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("document-malformed", reason=reason)
