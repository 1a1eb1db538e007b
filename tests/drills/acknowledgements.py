"""The acknowledgement log: what the service has told a client, kept on another disc than the service's.

One JSON line per acknowledgement, on the disc before the client goes on: whatever then happens to the
service, the log knows what it had promised. The oracle reads it; the service never sees it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Offset:
    """The service said that the first `offset` bytes of an upload are durable; sha256 is theirs."""

    upload: str
    offset: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The service gave this receipt for an upload of these bytes."""

    upload: str
    device: str
    name: str
    size: int
    sha256: str
    document: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service refused an upload for good, with this code."""

    upload: str
    device: str
    name: str
    size: int
    sha256: str
    code: str


Acknowledgement = Offset | Receipt | Refusal
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Offset, Receipt, Refusal)}


@dataclass
class AcknowledgementLog:
    """An append-only file of acknowledgements."""

    path: Path
    said: list[Acknowledgement] = field(default_factory=list)

    def note(self, one: Acknowledgement) -> None:
        """Write it down durably; only then may the client go on."""
        line = json.dumps({"kind": type(one).__name__, **asdict(one)}) + "\n"
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, line.encode())
            os.fsync(fd)
        finally:
            os.close(fd)
        self.said.append(one)


def read(path: Path) -> list[Acknowledgement]:
    """Read a log back."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found: list[Acknowledgement] = []
    for line in lines:
        fields = json.loads(line)
        found.append(_KINDS[fields.pop("kind")](**fields))
    return found
