"""Checkpoints: what a log says about its tree at one size (C2SP tlog-checkpoint v1.0.0).

The text of a signed note: origin, size, root, and lines of extension, which this program never writes. Who
must have signed it is in trust.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault
from evidence.ledger.encodings import HASH_BYTES, MAX_NUMBER, read_decimal, read_hash, write_base64
from evidence.ledger.merkle import SHA256

_LINE = re.compile(r"[^\x00-\x1f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """origin: the log, one line, not empty. size: leaves, 0 ≤ size < 2^63. root: 32 bytes.

    extensions: further lines, not empty; nobody can audit them.
    Raises: IntegrityFault `checkpoint-malformed`: `origin`, `size`, `root`, `extension`.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _LINE.fullmatch(self.origin):
            _malformed("origin")
        if not 0 <= self.size <= MAX_NUMBER:
            _malformed("size")
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != SHA256.empty):
            _malformed("root")
        if not all(_LINE.fullmatch(line) for line in self.extensions):
            _malformed("extension")

    def text(self) -> bytes:
        """Write the text of the note: what is signed."""
        lines = (self.origin, str(self.size), write_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode("utf-8")

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read the text of a note, as `notes.parse` returns it.

        Raises: IntegrityFault `checkpoint-malformed`: `not utf-8`, `lines`, and as the class.
        """
        try:
            lines = text.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            _malformed("not utf-8")
        if len(lines) < 4 or lines.pop() != "":
            _malformed("lines")
        origin, written_size, written_root, *extensions = lines
        size, root = read_decimal(written_size), read_hash(written_root)
        if size is None:
            _malformed("size")
        if root is None:
            _malformed("root")
        return cls(origin, size, root, tuple(extensions))


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("checkpoint-malformed", reason=reason)
