"""What packages are written on, and what fits where: exports.md and docs/formats/package.md, "Media".

Sizes are data, from the media's own standards; what is planned leaves room for file system, log and report.
Rules of the plan:
1. Items are taken in order of time. Each goes whole to the first disc that has room.
2. An item that is more than a disc is placed file by file.
3. Only a file that is more than a disc is cut, byte for byte, and only where whoever asks has said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.errors import Invalid

BLOCK = 2048
NAMING_BYTES = 16 * 1024  # of one file, three times over: ISO 9660, Joliet, Rock Ridge or UDF
EXTENT_BYTES = 1 << 32
"""From this size on some readers of ISO 9660 see the first extent of a file only: such a file needs UDF."""


class Form(StrEnum):
    """What a bag becomes."""

    FOLDER = "folder"
    ARCHIVE = "zip"
    IMAGE = "iso"


@dataclass(frozen=True, slots=True)
class Medium:
    """holds_bytes: what the medium holds. plan_bytes: how much of it is planned for the payload. part_bytes:
    how much a part of a file that is cut may have. None: no limit of its own.
    """

    code: str
    form: Form
    holds_bytes: int | None = None
    plan_bytes: int | None = None
    part_bytes: int | None = None


MEDIA = {
    one.code: one
    for one in (
        Medium("cd", Form.IMAGE, 737_280_000, 700_000_000),
        # A part that needs no UDF wastes a fortieth of the disc, and its image is the same bytes each time.
        Medium("dvd", Form.IMAGE, 4_700_372_992, 4_400_000_000, EXTENT_BYTES - BLOCK),
        Medium("dvd-dl", Form.IMAGE, 8_547_991_552, 8_200_000_000),
        Medium("bd-25", Form.IMAGE, 24_220_008_448, 23_500_000_000),
        Medium("bd-50", Form.IMAGE, 50_050_629_632, 47_000_000_000),
        Medium("bd-100", Form.IMAGE, 100_103_356_416, 94_000_000_000),
        Medium("folder", Form.FOLDER),
        Medium("zip", Form.ARCHIVE),
    )
}
"""All media, by code, the smaller discs first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes [offset, offset + size) of a file: all of it, or one part. number: of the part from 1,
    else 0.
    """

    file: int
    offset: int
    size_bytes: int
    number: int = 0


def plan(items: Sequence[Sequence[int]], medium: Medium, *, may_cut: bool = False) -> list[list[Piece]]:
    """Return what goes onto each disc: pieces of files, which are numbered as they come, over all items.

    items: in order of time, the sizes in bytes of the files of each, its original first.
    Raises: Invalid `package-file-larger` where a file is more than a disc and must not be cut; `media`
    names those that would hold it whole.
    """
    if medium.plan_bytes is None:
        sizes = [size for item in items for size in item]
        return [[Piece(file, 0, size) for file, size in enumerate(sizes)]]
    discs = _Discs(medium, medium.plan_bytes)
    number = 0
    for item in items:
        pieces = [Piece(file, 0, size) for file, size in enumerate(item, number)]
        number += len(item)
        discs.place(pieces, may_cut)
    return discs.pieces


class _Discs:
    """Discs as they are filled."""

    def __init__(self, medium: Medium, room: int) -> None:
        self.medium, self.room = medium, room
        self.pieces: list[list[Piece]] = []
        self.left: list[int] = []

    def place(self, pieces: Sequence[Piece], may_cut: bool) -> None:
        """Place the files of an item: together where one disc holds them all."""
        if sum(map(_needs, pieces)) <= self.room:
            self._put(pieces)
            return
        for piece in pieces:
            if _needs(piece) <= self.room:
                self._put([piece])
            else:
                for part in self._cut(piece, may_cut):
                    self._put([part], from_disc=len(self.left))  # in order, each on a disc of its own

    def _put(self, pieces: Sequence[Piece], from_disc: int = 0) -> None:
        needed = sum(map(_needs, pieces))
        rooms = range(from_disc, len(self.left))
        disc = next((n for n in rooms if needed <= self.left[n]), len(self.left))
        if disc == len(self.left):
            self.pieces.append([])
            self.left.append(self.room)
        self.pieces[disc] += pieces
        self.left[disc] -= needed

    def _cut(self, piece: Piece, may_cut: bool) -> list[Piece]:
        if not may_cut:
            larger = [
                one.code
                for one in MEDIA.values()
                if one.plan_bytes is None or _needs(piece) <= one.plan_bytes
            ]
            raise Invalid("package-file-larger", size=piece.size_bytes, medium=self.medium.code, media=larger)
        most = self.medium.part_bytes or (self.room - NAMING_BYTES) // BLOCK * BLOCK
        return [
            Piece(piece.file, start, min(most, piece.size_bytes - start), number)
            for number, start in enumerate(range(0, piece.size_bytes, most), 1)
        ]


def _needs(piece: Piece) -> int:
    return -(-piece.size_bytes // BLOCK) * BLOCK + NAMING_BYTES
