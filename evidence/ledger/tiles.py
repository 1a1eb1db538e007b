"""Tiles: the tree and its entries as files that never change (C2SP tlog-tiles).

A tile of level L holds up to 256 hashes: of leaves at level 0, else the roots of full tiles of the level
below. An entry bundle holds the entries under a tile of level 0. Which tiles there are follows from the
tree's size. Which bytes lie where on a disc or in a bucket is not here: callers pass a `ReadTile`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.encodings import HASH_BYTES, MAX_NUMBER
from evidence.ledger.merkle import SHA256, Frontier, Hasher, root_of

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL_BYTES = WIDTH * HASH_BYTES
ENTRIES = -1  # the level of entry bundles
MAX_ENTRY_BYTES = 65_535  # their length is written in 16 bits
MAX_LEVEL = 63

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)((?:/x[0-9]{3}){0,6}/[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile or an entry bundle. width: how many hashes or entries, 1 to 256."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not ENTRIES <= self.level <= MAX_LEVEL:
            raise Invalid("tile-malformed", reason="level", level=self.level)
        if not 0 <= self.index <= MAX_NUMBER:
            raise Invalid("tile-malformed", reason="index", index=self.index)
        if not 1 <= self.width <= WIDTH:
            raise Invalid("tile-malformed", reason="width", width=self.width)

    def path(self) -> str:
        """Write the name as tlog-tiles does: `tile/0/x001/x234/067`, `tile/entries/000.p/3`."""
        digits = str(self.index)
        digits = digits.zfill((len(digits) + 2) // 3 * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Read what `path` writes. Raises: Invalid `tile-malformed`."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise Invalid("tile-malformed", reason="path", path=path)
        level, name, width = found.groups()
        index = int(re.sub("[/x]", "", name))
        tile = cls(ENTRIES if level == "entries" else int(level), index, int(width) if width else WIDTH)
        if tile.path() != path:  # leading groups of zeroes
            raise Invalid("tile-malformed", reason="path", path=path)
        return tile


ReadTile = Callable[[Tile], bytes]
"""read(tile): its bytes. For a partial tile the full one may be given instead, as tlog-tiles allows."""


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return the name that tile `index` of a level has in a tree of `size` leaves.

    Raises: Invalid `tile-malformed` when that tree has no such tile.
    """
    hashes = size >> HEIGHT * max(level, 0)
    return Tile(level, index, min(hashes - index * WIDTH, WIDTH))


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles and bundles of the tree of `new` leaves that the tree of `old` leaves does not have.

    Bundles first, then level by level, so that nothing is named before what it rests on.
    Raises: Invalid `tile-malformed` unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise Invalid("tile-malformed", reason="sizes", old=old, new=new)
    for level in range(ENTRIES, MAX_LEVEL + 1):
        shift = HEIGHT * max(level, 0)
        before, after = old >> shift, new >> shift
        if after == 0:
            return
        if before != after:
            for index in range(before // WIDTH, (after + WIDTH - 1) // WIDTH):
                yield tile_at(level, index, new)


def read_hashes(tile: Tile, read: ReadTile) -> list[bytes]:
    """Return the hashes of a tile, tile.width times 32 bytes.

    Raises: IntegrityFault `tile-wrong`, `length`, unless it is as long as its width, or full.
    """
    raw = read(tile)
    if len(raw) not in (tile.width * HASH_BYTES, FULL_BYTES):
        _wrong("length", tile)
    return [raw[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]


class TileHashes:
    """Answers `proofs.ReadHash` from the tiles of the tree of `size` leaves; reads each tile once."""

    def __init__(self, size: int, read: ReadTile, hasher: Hasher = SHA256) -> None:
        self._size, self._read, self._hasher = size, read, hasher
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree over [index·2^level, (index+1)·2^level).

        Raises: Invalid `tile-malformed` beyond the tree; IntegrityFault `tile-wrong`, `length`.
        """
        if level < 0 or index < 0 or (index + 1) << level > self._size:
            raise Invalid("tile-malformed", reason="beyond the tree", level=level, index=index)
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        at = (tile_level, first // WIDTH)
        if at not in self._tiles:
            self._tiles[at] = read_hashes(tile_at(*at, self._size), self._read)
        start = first % WIDTH
        return root_of(self._tiles[at][start : start + (1 << height)], self._hasher)


def frontier_at(size: int, read: ReadTile, hasher: Hasher = SHA256) -> Frontier:
    """Return the frontier of the tree of `size` leaves from its partial tiles, one for each level at most.

    Raises: IntegrityFault `tile-wrong`, `length`.
    """
    hashes: list[bytes] = []
    level = 0
    while size >> HEIGHT * level:
        width = (size >> HEIGHT * level) % WIDTH
        if width:
            frontier = Frontier(hasher=hasher)
            frontier.extend(read_hashes(tile_at(level, size >> HEIGHT * (level + 1), size), read))
            hashes = [*frontier.hashes, *hashes]
        level += 1
    return Frontier(size, hashes, hasher)


def grow(size: int, leaves: Sequence[bytes], read: ReadTile, hasher: Hasher = SHA256) -> dict[Tile, bytes]:
    """Return the hash tiles that change when leaf hashes (32 bytes each) are appended to `size` leaves.

    read gives the partial tiles of the old tree. The keys are those of `tiles_between` without the bundles.
    Raises: IntegrityFault `tile-wrong`, `length`.
    """
    grown: dict[Tile, bytes] = {}
    level, new, before = 0, list(leaves), size
    while new:
        index, width = divmod(before, WIDTH)
        row = read_hashes(Tile(level, index, width), read) + new if width else new
        above = []
        for at in range(0, len(row), WIDTH):
            hashes = row[at : at + WIDTH]
            if {*map(len, hashes)} != {HASH_BYTES}:
                raise IntegrityFault("tile-wrong", reason="length of a hash")
            grown[Tile(level, index + at // WIDTH, len(hashes))] = b"".join(hashes)
            if len(hashes) == WIDTH:
                above.append(root_of(hashes, hasher))
        level, new, before = level + 1, above, before >> HEIGHT
    return grown


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries (each at most 65,535 bytes) as a bundle. Raises: Invalid `log-entry-too-long`."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise Invalid("log-entry-too-long", bytes=len(entry))
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def read_bundle(raw: bytes, tile: Tile) -> list[bytes]:
    """Return the entries of a bundle, exactly tile.width.

    Raises: IntegrityFault `tile-wrong`: `cut`, `number of entries`.
    """
    entries = split_bundle(raw)
    if entries is None:
        _wrong("cut", tile)
    if len(entries) != tile.width:
        _wrong("number of entries", tile)
    return entries


def split_bundle(raw: bytes) -> list[bytes] | None:
    """Return the entries that `write_bundle` wrote in a row, None where the last one is cut."""
    entries, at = [], 0
    while at < len(raw):
        start = at + 2
        at = start + int.from_bytes(raw[at:start], "big")
        if at > len(raw):  # so it is too when only one byte of a length is there
            return None
        entries.append(raw[start:at])
    return entries


def verify_bundle(entries: Sequence[bytes], tile: Tile, read: ReadTile, hasher: Hasher = SHA256) -> None:
    """Verify that each entry hashes to its place in the level 0 tile of the same index and width.

    Raises: IntegrityFault `tile-wrong`: `length`, `number of entries`, `entry` (with its index in the log).
    """
    leaves = read_hashes(Tile(0, tile.index, tile.width), read)
    if len(entries) != len(leaves):
        _wrong("number of entries", tile)
    for place, (entry, leaf) in enumerate(zip(entries, leaves, strict=True)):
        if hasher.leaf(entry) != leaf:
            raise IntegrityFault("tile-wrong", reason="entry", index=tile.index * WIDTH + place)


def _wrong(reason: str, tile: Tile) -> NoReturn:
    raise IntegrityFault("tile-wrong", reason=reason, tile=tile.path())
