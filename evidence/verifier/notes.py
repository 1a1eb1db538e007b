"""Signed notes, their keys, and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature v1)."""

from __future__ import annotations

import hashlib
import re
from typing import List, NamedTuple, Tuple

from evidence.verifier.arithmetic import Wrong, read_base64, read_decimal
from evidence.verifier.curve import verify_ed25519

ED25519, COSIGNATURE, ML_DSA_44 = 0x01, 0x04, 0x06
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f]+")


class Key(NamedTuple):
    """A verifier key: name, id (8 hex digits), type, public key."""

    name: str
    key_id: str
    type: int
    public: bytes

    @property
    def label(self) -> str:
        """Name and id, as they stand beside a signature."""
        return "%s+%s" % (self.name, self.key_id)


class Note(NamedTuple):
    """A text, and its signature lines: name of the key, its id, the signature itself."""

    text: bytes
    lines: List[Tuple[str, str, bytes]]


class Checkpoint(NamedTuple):
    """What a log says of its tree."""

    origin: str
    size: int
    root: bytes


def read_key(vkey: str) -> Key:
    """Read a verifier key. Raises: Wrong("key")."""
    parts = vkey.strip().split("+", 2)
    if len(parts) != 3:
        raise Wrong("key", more=vkey[:80])
    name, key_id, encoded = parts
    raw = read_base64(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    if not _KEY_NAME.fullmatch(name) or key_id != expected:
        raise Wrong("key", more=vkey[:80])
    lengths = {ED25519: 33, COSIGNATURE: 33, ML_DSA_44: 1313}
    if not raw or lengths.get(raw[0]) != len(raw):
        raise Wrong("key", more=vkey[:80])
    return Key(name, key_id, raw[0], raw[1:])


def read_note(raw: bytes, where: str) -> Note:
    """Read a signed note; checks no signature. Raises: Wrong("note")."""
    if len(raw) > 1 << 16 or any(byte < 0x20 and byte != 0x0A for byte in raw) or not raw.endswith(b"\n"):
        raise Wrong("note", where)
    text, empty, signatures = raw.rpartition(b"\n\n")
    try:
        raw.decode("utf-8")
        lines = [_line(one) for one in signatures.decode("utf-8")[:-1].split("\n")]
    except (UnicodeDecodeError, Wrong):
        raise Wrong("note", where) from None
    if not empty:
        raise Wrong("note", where)
    return Note(text + b"\n", lines)


def _line(line: str) -> Tuple[str, str, bytes]:
    name, space, encoded = line[2:].partition(" ")
    raw = read_base64(encoded)
    if line[:2] != "\u2014 " or not space or not _KEY_NAME.fullmatch(name) or len(raw) <= 4:
        raise Wrong("note")
    return name, raw[:4].hex(), raw[4:]


def read_checkpoint(text: bytes, where: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises: Wrong("checkpoint")."""
    lines = text.decode("utf-8").split("\n")
    try:
        origin, size, root = lines[0], read_decimal(lines[1]), read_base64(lines[2])
    except (IndexError, Wrong):
        raise Wrong("checkpoint", where) from None
    if not origin or len(root) != 32 or "" in lines[:-1]:
        raise Wrong("checkpoint", where)
    return Checkpoint(origin, size, root)


def as_published(raw: bytes, origin: str) -> bytes:
    """Return a checkpoint with the signatures of its log only: what it was before witnesses had seen it."""
    text, _, lines = raw.rpartition(b"\n\n")
    own = [one for one in lines.split(b"\n") if one.startswith("\u2014 {} ".format(origin).encode())]
    return text + b"\n\n" + b"".join(one + b"\n" for one in own)


def signers(note: Note, keys: List[Key], where: str) -> List[Key]:
    """Return which of these keys signed. Raises: Wrong("signature") for one wrong signature of any of them.

    A key of type ML-DSA-44 is never among them: this program cannot check it.
    """
    found = []
    for name, key_id, blob in note.lines:
        for key in keys:
            if (key.name, key.key_id) != (name, key_id) or key.type == ML_DSA_44:
                continue
            try:
                _check(key, blob, note.text)
            except Wrong:
                raise Wrong("signature", where, key.label) from None
            found.append(key)
    return found


def _check(key: Key, blob: bytes, text: bytes) -> None:
    if key.type == ED25519:
        verify_ed25519(key.public, blob, text)
        return
    if len(blob) != 72:
        raise Wrong("signature")
    time = int.from_bytes(blob[:8], "big")
    verify_ed25519(key.public, blob[8:], b"cosignature/v1\ntime %d\n" % time + text)
