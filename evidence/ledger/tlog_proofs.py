"""A proof in one file: index, inclusion proof and checkpoint; no network is needed (C2SP tlog-proof@v1).

Framing only; who must have signed the checkpoint is in trust.py, and the arithmetic in proofs.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault
from evidence.ledger.encodings import (
    HASH_BYTES,
    MAX_NUMBER,
    read_base64,
    read_decimal,
    read_hash,
    write_base64,
)
from evidence.ledger.merkle import SHA256, Hasher
from evidence.ledger.notes import NoteCheck
from evidence.ledger.proofs import MAX_PROOF, verify_inclusion
from evidence.ledger.trust import Trust, Trusted

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class TlogProof:
    """index: of the leaf. hashes: from its sibling upwards, 32 bytes each. checkpoint: the note, verbatim.

    extra: data that nothing vouches for, or None. Raises: IntegrityFault `tlog-proof-malformed`.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_NUMBER:
            _malformed("index")
        if len(self.hashes) > MAX_PROOF or any(len(one) != HASH_BYTES for one in self.hashes):
            _malformed("hash")
        if not self.checkpoint.endswith(b"\n"):
            _malformed("checkpoint")
        if self.extra == b"":
            _malformed("extra")

    def write(self) -> bytes:
        """Write the file; by custom its name ends in `.tlog-proof`. At most 128 KiB."""
        lines = [FIRST_LINE, f"index {self.index}", *map(write_base64, self.hashes), "", ""]
        if self.extra is not None:
            lines.insert(1, f"extra {write_base64(self.extra)}")
        raw = "\n".join(lines).encode("ascii") + self.checkpoint
        if len(raw) > MAX_BYTES:
            _malformed("too long")
        return raw

    @classmethod
    def parse(cls, raw: bytes) -> TlogProof:
        """Read what `write` writes.

        Raises: IntegrityFault `tlog-proof-malformed`: `too long`, `no empty line`, `first line`, `extra`,
        `index`, `hash`, `checkpoint`.
        """
        if len(raw) > MAX_BYTES:
            _malformed("too long")
        head, empty, checkpoint = raw.partition(b"\n\n")
        if not empty:
            _malformed("no empty line")
        first, *lines = head.decode("ascii", "replace").split("\n")  # what is not ASCII is refused below
        if first != FIRST_LINE:
            _malformed("first line")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = read_base64(lines.pop(0).removeprefix("extra "))
            if extra is None:
                _malformed("extra")
        index = read_decimal(lines[0].removeprefix("index ")) if lines else None
        if index is None or not lines[0].startswith("index "):
            _malformed("index")
        return cls(index, tuple(_hash(line) for line in lines[1:]), checkpoint, extra)

    def verify(
        self, entry: bytes, trust: Trust, checks: Mapping[int, NoteCheck], hasher: Hasher = SHA256
    ) -> Trusted:
        """Verify that an entry (its stored bytes) is in a trusted log; return its checkpoint.

        Raises: IntegrityFault as `Trust.open` and `verify_inclusion`.
        """
        trusted = trust.open(self.checkpoint, checks)
        at = trusted.checkpoint
        verify_inclusion(self.index, at.size, hasher.leaf(entry), self.hashes, at.root, hasher)
        return trusted


def _hash(line: str) -> bytes:
    raw = read_hash(line)
    if raw is None:
        _malformed("hash")
    return raw


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("tlog-proof-malformed", reason=reason)
