"""The list of all files on all media of an export, `set.json`: docs/formats/package.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.bundle import layout
from evidence.bundle.bagit import Digested
from evidence.bundle.shipment import Shipment, Source


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of the shipment as it is to lie in the package. kind: `recording`, or `derivative` with its
    parent.
    """

    id: str
    kind: str
    parent: str
    began: str
    source: Source

    def path(self, part: int) -> str:
        """Return where it lies, or one of its parts (from 1; 0: it is whole)."""
        of_kind = layout.original if self.kind == "recording" else layout.derivative
        return of_kind(self.id, self.source.name, part)


@dataclass(frozen=True, slots=True)
class Placed:
    """A wanted file as it was written: its digests as a whole, and where its bytes lie: disc (from 1),
    path, offset, size.
    """

    wanted: Wanted
    whole: Digested
    places: tuple[tuple[int, str, int, int], ...]


def wanted(shipment: Shipment) -> list[list[Wanted]]:
    """Return the files of a shipment by item, in order of time, the original of each before its
    derivatives.
    """
    found = []
    for item in sorted(shipment.items, key=lambda one: (one.began, one.id)):
        own = [] if item.original is None else [Wanted(item.id, "recording", "", item.began, item.original)]
        made = [Wanted(one.id, "derivative", item.id, item.began, one.source) for one in item.derivatives]
        found.append([*own, *made])
    return found


def set_list(
    shipment: Shipment,
    medium: str,
    bags: Sequence[tuple[str, Sequence[Digested]]],
    placed: Sequence[Placed],
) -> dict[str, object]:
    """Return the set list. bags: name and payload files of each. placed: in the order of `wanted`."""
    return {
        "type": "evidence.set/1",
        "export": {"id": shipment.id, "number": shipment.number, "created": shipment.created},
        "medium": medium,
        "bags": [
            {
                "name": name,
                "files": [one.plain() for one in sorted(files, key=lambda one: one.path.encode())],
            }
            for name, files in bags
        ],
        "items": [_item(one) for one in placed],
        "join": [_join(one) for one in placed if len(one.places) > 1],
    }


def _item(one: Placed) -> Mapping[str, object]:
    parent = {"parent": one.wanted.parent} if one.wanted.parent else {}
    return {
        "id": one.wanted.id,
        "kind": one.wanted.kind,
        **parent,
        "began": one.wanted.began,
        "device_name": one.wanted.source.name,
        "name": layout.name_on_disc(one.wanted.source.name),
        "size": one.whole.size_bytes,
        "sha256": one.whole.sha256,
        "sha512": one.whole.sha512,
        "sm3": one.whole.sm3,
        "places": [
            {"bag": disc, "path": path, "offset": offset, "size": size}
            for disc, path, offset, size in one.places
        ],
    }


def _join(one: Placed) -> Mapping[str, object]:
    """The commands that make a file of its parts, where these lie in one folder."""
    name = layout.name_on_disc(one.wanted.source.name)
    parts = [path.rpartition("/")[2] for _, path, _, _ in one.places]
    quoted = " ".join("'" + part.replace("'", "'\\''") + "'" for part in parts)
    return {
        "id": one.wanted.id,
        "posix": f"cat -- {quoted} > '" + name.replace("'", "'\\''") + "'",
        "windows": "copy /b " + "+".join(f'"{part}"' for part in parts) + f' "{name}"',
    }
