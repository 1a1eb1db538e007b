"""Signed notes: a text, an empty line, and one line for each signature (C2SP signed-note v1.0.0).

Reading is strict and separate from trusting: `parse` says what stands there, `verify` who signed it. Every
line has one spelling. A signature of an unknown key is ignored, one wrong signature of a known key spoils
the note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.encodings import read_base64, write_base64
from evidence.ledger.keys import Check, Sign, VerifierKey

MAX_BYTES = 64 * 1024
MAX_LINES = 100  # signed-note: at least 16 signatures must be accepted
KEY_ID_BYTES = 4

_DASH = "\u2014 "  # em dash, space
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")  # no Unicode space, no plus
_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. name: of the key. key_id: 8 hex digits. blob: what follows the key id, not empty.

    Raises: IntegrityFault `note-malformed`: `key name`, `key id`, `no signature`.
    """

    name: str
    key_id: str
    blob: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            _malformed("key name")
        if not _KEY_ID.fullmatch(self.key_id):
            _malformed("key id")
        if not self.blob:
            _malformed("no signature")

    def line(self) -> str:
        """Write the line, its newline included."""
        return f"{_DASH}{self.name} {write_base64(bytes.fromhex(self.key_id) + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """text: UTF-8, ends in a newline, may hold empty lines; what is signed. signatures: at least one."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that a known key made over the text."""

    key: VerifierKey
    signature: NoteSignature


NoteCheck = Callable[[VerifierKey, bytes, bytes], None]
"""check(key, blob, text): returns None, or raises IntegrityFault when the blob is not a signature of text."""


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the text and the signature lines, not yet read.

    Raises: IntegrityFault `note-malformed`: `too long`, `not utf-8`, `control character`, `no end of line`,
    `no empty line`, `no signature`.
    """
    if len(raw) > MAX_BYTES or raw.count(b"\n") > MAX_LINES:
        _malformed("too long")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        _malformed("not utf-8")
    if any(byte < 0x20 and byte != 0x0A for byte in raw):
        _malformed("control character")
    if not raw.endswith(b"\n"):
        _malformed("no end of line")
    text, empty, lines = raw.rpartition(b"\n\n")
    if not empty:
        _malformed("no empty line")
    if not lines:
        _malformed("no signature")
    return text + b"\n", lines


def parse_signatures(lines: bytes) -> tuple[NoteSignature, ...]:
    """Read signature lines, as the second half of `split` or as the answer of a witness; at least one.

    Raises: IntegrityFault `note-malformed`: `not utf-8`, `no end of line`, `signature line`, `key name`,
    `key id`, `base64`, `no signature`.
    """
    try:
        text = lines.decode("utf-8")
    except UnicodeDecodeError:
        _malformed("not utf-8")
    if not text.endswith("\n"):
        _malformed("no end of line")
    return tuple(_signature(line) for line in text[:-1].split("\n"))


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        _malformed("signature line")
    raw = read_base64(encoded)
    if raw is None:
        _malformed("base64")
    return NoteSignature(name, raw[:KEY_ID_BYTES].hex(), raw[KEY_ID_BYTES:])


def parse(raw: bytes) -> Note:
    """Read a whole note, at most 64 KiB and 100 lines. Checks no signature.

    Raises: IntegrityFault `note-malformed` as `split` and `parse_signatures`.
    """
    text, lines = split(raw)
    return Note(text, parse_signatures(lines))


def write(text: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    """Return the whole note.

    Raises: IntegrityFault `note-malformed` when the result does not read as this text and these signatures
    (so nothing unreadable is ever written).
    """
    raw = text + b"\n" + "".join(one.line() for one in signatures).encode("utf-8")
    if parse(raw) != Note(text, tuple(signatures)):
        _malformed("not as written")
    return raw


def signed_by(note: Note, keys: Sequence[VerifierKey], checks: Mapping[int, NoteCheck]) -> tuple[Signed, ...]:
    """Return the signatures of the known keys, none perhaps, in the order of their lines.

    checks: for each type of key, how a signature line is checked.
    Raises: IntegrityFault `signature-wrong` for one wrong signature of a known key; Invalid `key-malformed`,
    `algorithm`, for a key whose type has no check.
    """
    known: dict[tuple[str, str], list[VerifierKey]] = {}
    for key in keys:
        if key.type not in checks:
            raise Invalid("key-malformed", reason="algorithm", key=key.label)
        known.setdefault((key.name, key.key_id), []).append(key)
    found = []
    for signature in note.signatures:
        for key in known.get((signature.name, signature.key_id), ()):
            try:
                checks[key.type](key, signature.blob, note.text)
            except IntegrityFault:
                raise IntegrityFault("signature-wrong", key=key.label) from None
            found.append(Signed(key, signature))
    return tuple(found)


def verify(note: Note, keys: Sequence[VerifierKey], checks: Mapping[int, NoteCheck]) -> tuple[Signed, ...]:
    """Return the signatures of the known keys, at least one.

    Raises: as `signed_by`; IntegrityFault `signer-unknown` when no known key signed.
    """
    found = signed_by(note, keys, checks)
    if not found:
        raise IntegrityFault("signer-unknown", signers=[f"{s.name}+{s.key_id}" for s in note.signatures])
    return found


def over_text(check: Check) -> NoteCheck:
    """Return the check of type 0x01: the blob is an Ed25519 signature (64 bytes) over the text itself."""

    def check_line(key: VerifierKey, blob: bytes, text: bytes) -> None:
        check(key.public, blob, text)

    return check_line


def sign(text: bytes, key: VerifierKey, make: Sign) -> NoteSignature:
    """Sign a text with a key of type 0x01; make gives the raw Ed25519 signature."""
    return NoteSignature(key.name, key.key_id, make(text))


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("note-malformed", reason=reason)
