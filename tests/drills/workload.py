"""A client that behaves like a dock and remembers what it was told: creates, sends in several requests with
checksums, resumes, fetches receipts, sends a file again as if the reply had been lost, and sends other
bytes under a name that is taken. Then some small files, each with its creation, before it asks for a receipt
of any: they are sealed together.

It lives through the service's deaths: `run` raises Lost when the service is gone, and `run` again goes on
where the *service* says it stands. Every acknowledgement is in the log before the next step. What
contradicts an earlier acknowledgement is a Violation at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tests.drills.acknowledgements import AcknowledgementLog, Offset, Receipt, Refusal

DEVICE = "DSJX9A00123"
PIECE = 100_000
SHORT = 4_096


class Lost(Exception):
    """The service went away; nothing is known about the request in flight."""


class Violation(AssertionError):
    """The service broke its word."""


class Said(Exception):
    """The service refused with a code; over HTTP with a status too."""

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Line(Protocol):
    """A way to a service. Every method raises Lost or Said."""

    def create(self, name: str, device: str, size: int, sha256: str | None, body: bytes = b"") -> str:
        """Open an upload, with its bytes if they are given; return its id."""

    def head(self, upload: str) -> int:
        """Return the durable offset."""

    def patch(self, upload: str, offset: int, body: bytes, checksum: str) -> int:
        """Send bytes; return the new offset."""

    def receipt(self, upload: str) -> str:
        """Return the receipt, waiting for it at most 60 s. Raises: Violation when it does not come."""


@dataclass
class Sending:
    """One file on its way. ends: "receipt", or the code of the refusal that must come."""

    name: str
    body: bytes
    ends: str = "receipt"
    declares: bool = False
    is_small: bool = False
    upload: str = ""
    acknowledged: int = 0
    done: bool = False

    @property
    def sha256(self) -> str:
        """Digest of the whole file."""
        return hashlib.sha256(self.body).hexdigest()


def files(seed: int) -> list[Sending]:
    """Three recordings, the first of them once more, other bytes under the first one's name, and small ones,
    of which the last is the second's bytes under another name.
    """
    random_ = random.Random(seed)
    bodies = [random_.randbytes(size) for size in (300_007, 262_144, 199_999)]
    names = [f"DCIM/100/{DEVICE}_012345_2026030209300{n}_000{n}.mp4" for n in range(3)]
    first = [Sending(names[n], bodies[n], declares=n == 1) for n in range(3)]
    again = Sending(names[0], bodies[0])
    other = Sending(names[0], bodies[0][:-1] + bytes([bodies[0][-1] ^ 1]), ends="name-reused")
    small = [random_.randbytes(size) for size in (10_000, 1, 4_097)]
    together = [
        Sending(f"DCIM/101/{n}.jpg", body, is_small=True) for n, body in enumerate([*small, small[1]])
    ]
    return [*first, again, other, *together]


@dataclass
class Workload:
    """What is to be sent, and how far it is known to be."""

    log: AcknowledgementLog
    sendings: list[Sending] = field(default_factory=lambda: files(1))

    def run(self, line: Line) -> Iterator[Sending]:
        """Do what is left; yield each file after the first request of a resumption (for a look at staging).

        Raises: Lost, Violation.
        """
        left = [one for one in self.sendings if not one.done]
        for sending in left:
            if not sending.is_small:
                yield from self._send(line, sending)
        small = [one for one in left if one.is_small]
        for sending in small:
            self._send_whole(line, sending)
        for sending in small:
            self._finish(line, sending)

    def _send_whole(self, line: Line, sending: Sending) -> None:
        """Send a small file with its creation; ask where it stands if that was done before."""
        if sending.upload:
            self.note_offset(sending, line.head(sending.upload))
        else:
            size = len(sending.body)
            sending.upload = line.create(sending.name, DEVICE, size, None, sending.body)
            self.note_offset(sending, size)

    def _send(self, line: Line, sending: Sending) -> Iterator[Sending]:
        begun = bool(sending.upload)
        if not begun:
            declared = sending.sha256 if sending.declares else None
            sending.upload = line.create(sending.name, DEVICE, len(sending.body), declared)
            self.note_offset(sending, 0)
        offset = line.head(sending.upload)
        self.note_offset(sending, offset)
        while offset < len(sending.body):
            piece = sending.body[offset : offset + (SHORT if begun else PIECE)]
            offset = line.patch(sending.upload, offset, piece, self.checksum(piece))
            self.note_offset(sending, offset)
            if begun and offset < len(sending.body):
                yield sending
            begun = False
        self._finish(line, sending)

    @staticmethod
    def checksum(piece: bytes) -> str:
        """The words of tus for a piece's digest."""
        return "sha256 " + base64.b64encode(hashlib.sha256(piece).digest()).decode()

    def note_offset(self, sending: Sending, offset: int) -> None:
        """Take an offset the service named. Raises: Violation when it is less than one named before."""
        if not sending.acknowledged <= offset <= len(sending.body):
            raise Violation(f"{sending.name}: offset {offset} after {sending.acknowledged} was acknowledged")
        sending.acknowledged = offset
        digest = hashlib.sha256(sending.body[:offset]).hexdigest()
        self.log.note(Offset(sending.upload, offset, digest))

    def _finish(self, line: Line, sending: Sending) -> None:
        facts = (sending.upload, DEVICE, sending.name, len(sending.body), sending.sha256)
        try:
            document = line.receipt(sending.upload)
        except Said as refusal:
            if refusal.code != sending.ends:
                raise Violation(f"{sending.name}: {refusal.code} instead of {sending.ends}") from refusal
            self.log.note(Refusal(*facts, refusal.code))
        else:
            if sending.ends != "receipt":
                raise Violation(f"{sending.name}: a receipt instead of {sending.ends}")
            self._verify_receipt(sending, document)
            self.log.note(Receipt(*facts, document))
        sending.done = True

    def _verify_receipt(self, sending: Sending, document: str) -> None:
        body = json.loads(document)["signed"]
        found = (body["device"], body["name"], body["size"], body["sha256"])
        if found != (DEVICE, sending.name, len(sending.body), sending.sha256):
            raise Violation(f"the receipt for {sending.name} is about something else: {found}")
        receipts = [one for one in self.log.said if isinstance(one, Receipt)]
        if {one.document for one in receipts if one.name == sending.name} - {document}:
            raise Violation(f"{sending.name}: another receipt than before for the same file")
