"""The texts of a BagIt 1.0 bag (RFC 8493), as we write them; strict, and the same bytes for the same bag.

Names need no escape here: layout.py lets none in that would. Reading bags is the verifier's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.bundle import layout
from evidence.bundle.shipment import Shipment


@dataclass(frozen=True, slots=True)
class Digested:
    """A file of a bag, below its folder, with its length and digests (hex). sm3: of payload files only."""

    path: str
    size_bytes: int
    sha256: str
    sha512: str
    sm3: str = ""

    def plain(self) -> dict[str, object]:
        """Return it as it stands in the set list."""
        return {
            "path": self.path,
            "size": self.size_bytes,
            "sha256": self.sha256,
            "sha512": self.sha512,
            "sm3": self.sm3,
        }


def sums(files: Iterable[Digested], algorithm: str) -> bytes:
    """Return the lines of a manifest, or of `sm3sums.txt`, that sha256sum and its like check with `-c`."""
    listed = sorted(files, key=lambda one: one.path.encode())
    return "".join(f"{getattr(one, algorithm)}  {one.path}\n" for one in listed).encode()


def declaration() -> bytes:
    """Return `bagit.txt`: section 2.1.1."""
    return b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag_info(shipment: Shipment, disc: int, discs: int, files: Sequence[Digested]) -> bytes:
    """Return `bag-info.txt`: section 2.2.2."""
    lines = [
        ("Source-Organization", shipment.agency),
        ("External-Description", shipment.about),
        ("External-Identifier", shipment.number),
        *(("External-Identifier", one) for one in shipment.identifiers),
        ("Bagging-Date", shipment.created[:10]),
        ("Payload-Oxum", f"{sum(one.size_bytes for one in files)}.{len(files)}"),
        ("Bag-Group-Identifier", shipment.number),
        ("Bag-Count", f"{disc} of {discs}"),
        ("Internal-Sender-Identifier", layout.bag(shipment.number, disc, discs)),
    ]
    return "".join(f"{label}: {text}\n" for label, text in lines if text).encode()
