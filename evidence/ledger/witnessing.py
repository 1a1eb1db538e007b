"""What a witness decides: whether a log has only grown since it last looked (C2SP tlog-witness v1.0.0).

Order of the questions, each with its verdict:
1. Can the request be read? `MALFORMED`
2. Is the log known? `UNKNOWN_LOG`
3. Did a known key of that log sign, and none of them wrongly? `UNTRUSTED`
4. Is the old size at most the new one? `MALFORMED`
5. Is the old size the one this witness cosigned last? `OTHER_SIZE`
6. Is the new tree a continuation of the old one? `INCONSISTENT`
Whoever calls `decide` reads the stored state and writes the new one in one transaction, before cosigning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from evidence.errors import IntegrityFault
from evidence.ledger import notes
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.encodings import HASH_BYTES, MAX_NUMBER, read_decimal, read_hash, write_base64
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, Hasher
from evidence.ledger.proofs import MAX_PROOF, verify_consistency

MAX_BYTES = 68 * 1024  # a note of 64 KiB, 63 hashes and the first line
SIZE_TYPE = "text/x.tlog.size"


class Verdict(IntEnum):
    """The numbers are the protocol's own."""

    COSIGN = 200
    MALFORMED = 400
    UNTRUSTED = 403
    UNKNOWN_LOG = 404
    OTHER_SIZE = 409
    INCONSISTENT = 422


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness keeps of a log: the size and the root (32 bytes) it cosigned last."""

    size: int
    root: bytes


NOTHING_SEEN = Seen(0, SHA256.empty)


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request. old: size that the log believes the witness has seen. proof: at most 63 hashes of 32 bytes.

    checkpoint: the signed note, verbatim. Raises: IntegrityFault `witness-request-malformed`.
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old <= MAX_NUMBER:
            _malformed("old size")
        if len(self.proof) > MAX_PROOF or any(len(one) != HASH_BYTES for one in self.proof):
            _malformed("proof")

    def write(self) -> bytes:
        """Write the body of the request."""
        lines = [f"old {self.old}", *map(write_base64, self.proof), "", ""]
        return "\n".join(lines).encode("ascii") + self.checkpoint

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read the body of a request; the checkpoint is not looked into.

        Raises: IntegrityFault `witness-request-malformed`: `too long`, `no empty line`, `old size`, `proof`.
        """
        if len(body) > MAX_BYTES:
            _malformed("too long")
        head, empty, checkpoint = body.partition(b"\n\n")
        if not empty:
            _malformed("no empty line")
        first, *lines = head.decode("ascii", "replace").split("\n")  # what is not ASCII is refused below
        old = read_decimal(first.removeprefix("old "))
        if old is None or not first.startswith("old "):
            _malformed("old size")
        return cls(old, tuple(_hash(line) for line in lines), checkpoint)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be decided: the request, and the checkpoint that a known log signed."""

    request: AddCheckpoint
    note: notes.Note
    checkpoint: Checkpoint


def read(
    body: bytes, logs: Mapping[str, Sequence[VerifierKey]], checks: Mapping[int, notes.NoteCheck]
) -> Asked | Verdict:
    """Answer questions 1 to 4: the request if it may be decided, else the verdict. A bad body raises nothing.

    logs: the keys of each log that this witness knows, by origin.
    """
    try:
        request = AddCheckpoint.parse(body)
        text, lines = notes.split(request.checkpoint)
        checkpoint = Checkpoint.parse(text)
    except IntegrityFault:
        return Verdict.MALFORMED
    if checkpoint.origin not in logs:
        return Verdict.UNKNOWN_LOG
    try:
        note = notes.Note(text, notes.parse_signatures(lines))
        notes.verify(note, logs[checkpoint.origin], checks)
    except IntegrityFault:
        return Verdict.UNTRUSTED
    if request.old > checkpoint.size:
        return Verdict.MALFORMED
    return Asked(request, note, checkpoint)


def decide(asked: Asked, seen: Seen = NOTHING_SEEN, hasher: Hasher = SHA256) -> Verdict:
    """Answer questions 5 and 6. Only with `COSIGN` may the new size and root be stored and cosigned.

    The body of an answer `OTHER_SIZE` is `size_body(seen)`, its type `SIZE_TYPE`.
    """
    old, new = asked.request.old, asked.checkpoint
    if old != seen.size:
        return Verdict.OTHER_SIZE
    try:
        verify_consistency(old, new.size, seen.root, new.root, asked.request.proof, hasher)
    except IntegrityFault:
        return Verdict.INCONSISTENT
    return Verdict.COSIGN


def size_body(seen: Seen) -> bytes:
    """Write what a witness answers when it has seen another size."""
    return f"{seen.size}\n".encode("ascii")


def read_size_body(body: bytes) -> int:
    """Read what `size_body` writes. Raises: IntegrityFault `witness-answer-malformed`."""
    size = read_decimal(body[:-1].decode("ascii", "replace")) if body.endswith(b"\n") else None
    if size is None:
        raise IntegrityFault("witness-answer-malformed")
    return size


def _hash(line: str) -> bytes:
    raw = read_hash(line)
    if raw is None:
        _malformed("proof")
    return raw


def _malformed(reason: str) -> NoReturn:
    raise IntegrityFault("witness-request-malformed", reason=reason)
