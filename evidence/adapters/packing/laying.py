"""The payload of an export, laid into bags: each original is read once, and held against what was
promised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evidence.adapters.packing.copying import Copier, Target, put
from evidence.bundle import bagit, layout
from evidence.bundle.bagit import Digested
from evidence.bundle.media import Medium, Piece, plan
from evidence.bundle.set_list import Placed, Wanted, wanted
from evidence.bundle.shipment import LaidBag, Shipment
from evidence.errors import IntegrityFault
from evidence.ledger.canonical import canonical


@dataclass
class Bag:
    """A bag as it grows below `folder`."""

    name: str
    folder: Path
    payload: list[Digested] = field(default_factory=list)
    tags: list[Digested] = field(default_factory=list)

    def file(self, path: str) -> Path:
        """Return where a path of the bag lies; the folders above it are there."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def put(self, path: str, body: bytes) -> None:
        """Write a file of payload, or a tag file."""
        into = self.payload if path.startswith(layout.PAYLOAD) else self.tags
        into.append(put(self.file(path), path, body))

    def laid(self) -> LaidBag:
        """Return what the log is to hear of it; the manifests are written."""
        manifest = next(one for one in self.tags if one.path == layout.MANIFESTS["sha256"])
        size = sum(one.size_bytes for one in self.payload)
        return LaidBag(self.name, manifest.sha256, manifest.sm3, len(self.payload), size)


@dataclass(frozen=True)
class Laid:
    """All bags of an export, their payload whole, their manifests written."""

    bags: list[Bag]
    placed: list[Placed]


def lay(shipment: Shipment, medium: Medium, may_cut: bool, place: Path) -> Laid:
    """Copy all that is wanted into bags below `place`.

    Raises: Invalid `package-file-larger`, IntegrityFault `package-source-differs`, OSError, and what
    opening and reading the sources raises.
    """
    items = wanted(shipment)
    discs = plan([[one.source.size_bytes for one in item] for item in items], medium, may_cut=may_cut)
    names = [layout.bag(shipment.number, disc, len(discs)) for disc in range(1, len(discs) + 1)]
    bags = [Bag(name, place / name) for name in names]
    pieces: dict[int, list[tuple[int, Piece]]] = defaultdict(list)
    for disc, on_it in enumerate(discs, 1):
        for piece in on_it:
            pieces[piece.file].append((disc, piece))
    placed = []
    with Copier() as copier:
        for number, one in enumerate(one for item in items for one in item):
            found = sorted(pieces[number], key=lambda piece: piece[1].offset)
            placed.append(_copy(copier, one, found, bags))
    _describe(shipment, placed, bags)
    for bag in bags:
        for algorithm, name in (*layout.MANIFESTS.items(), ("sm3", layout.SM3_SUMS)):
            bag.put(name, bagit.sums(bag.payload, algorithm))
    return Laid(bags, placed)


def _copy(copier: Copier, one: Wanted, pieces: Sequence[tuple[int, Piece]], bags: Sequence[Bag]) -> Placed:
    targets, places = [], []
    for disc, piece in pieces:
        path = one.path(piece.number)
        targets.append(Target(bags[disc - 1].file(path), path, piece.size_bytes))
        places.append((disc, path, piece.offset, piece.size_bytes))
    with one.source.open() as source:
        whole, parts = copier.copy(source, targets)
    promised, found = one.source, whole
    sm3_differs = promised.sm3 is not None and promised.sm3 != found.sm3
    if found.size_bytes != promised.size_bytes or found.sha256 != promised.sha256 or sm3_differs:
        raise IntegrityFault(
            "package-source-differs",
            id=one.id,
            promised=promised.sha256,
            found=found.sha256,
            promised_size=promised.size_bytes,
        )
    for (disc, _), part in zip(pieces, parts, strict=True):
        bags[disc - 1].payload.append(part)
    return Placed(one, whole, tuple(places))


def _describe(shipment: Shipment, placed: Sequence[Placed], bags: Sequence[Bag]) -> None:
    """Write what is known of each item onto the first disc that holds something of it."""
    first: dict[str, int] = {}
    for one in placed:
        first.setdefault(one.wanted.parent or one.wanted.id, one.places[0][0])
    for item in shipment.items:
        bag = bags[first[item.id] - 1]
        bag.put(layout.metadata(item.id), canonical({**item.facts, "id": item.id}) + b"\n")
        if item.manifest is not None:
            bag.put(layout.signed_manifest(item.id), item.manifest)
