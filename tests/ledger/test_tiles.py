"""Tiles: names and bytes of tlog-tiles, and the same tree as the recursion."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.notes import parse, verify
from evidence.ledger.proofs import consistency, inclusion, verify_consistency, verify_inclusion
from evidence.ledger.tiles import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    ReadTile,
    Tile,
    TileHashes,
    frontier_at,
    grow,
    read_bundle,
    read_hashes,
    tile_at,
    tiles_between,
    verify_bundle,
    write_bundle,
)
from tests.ledger.trees import CHECKS, LEAVES, flipped, leaf, mth, path, subproof


@pytest.fixture(scope="module")
def known(vectors: Path) -> dict[str, Any]:
    return json.loads((vectors / "tiles" / "paths.json").read_text())  # type: ignore[no-any-return]


def test_tiles_are_named_as_published(known: dict[str, Any]) -> None:
    for one in known["tile_paths"]:
        tile = Tile(one["level"], one["index"], one["p"] or 256)
        assert tile.path() == one["path"]
        assert Tile.parse(one["path"]) == tile


def test_bundles_are_named_as_published(known: dict[str, Any]) -> None:
    for one in known["entry_paths"]:
        tile = tile_at(ENTRIES, one["seq"] // 256, one["logSize"])
        assert tile.path() == one["path"]
        assert Tile.parse(one["path"]) == tile


def test_a_tree_of_70000_has_the_tiles_of_the_specification(known: dict[str, Any]) -> None:
    example = known["spec_70000"]
    tiles = list(tiles_between(0, example["size"]))
    full = [len([t for t in tiles if t.level == level and t.width == 256]) for level in range(3)]
    partial = [[t.width for t in tiles if t.level == level and t.width < 256] for level in range(3)]
    assert full == [example["full_level0"], example["full_level1"], 0]
    assert partial == [
        [example["partial_level0_width"]],
        [example["partial_level1_width"]],
        [example["partial_level2_width"]],
    ]
    assert [t.path() for t in tiles_between(0, 256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


@settings(deadline=None)
@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_every_name_survives_writing_and_reading(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path()) == tile


@pytest.mark.parametrize(
    "path_",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x001",
        "tile/0/001/234",
        "tile/0/x000/001",
        "tile/0/x001/x234",
        "tile/0/x1/234",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/8/0/000",
        "tile/Entries/000",
        "tile/data/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/1000",
        "tile/0/000.p/1/2",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x001/" * 2000 + "000",
    ],
)
def test_any_other_name_is_refused(path_: str) -> None:
    with pytest.raises(Invalid, match="tile-malformed"):
        Tile.parse(path_)


@pytest.mark.parametrize(
    "arguments", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)]
)
def test_a_tile_that_cannot_be_is_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(Invalid, match="tile-malformed"):
        Tile(*arguments)


def test_a_tile_beyond_the_tree_is_refused() -> None:
    for level, index, size in ((0, 0, 0), (0, 1, 256), (1, 0, 255), (ENTRIES, 2, 512)):
        with pytest.raises(Invalid, match="tile-malformed"):
            tile_at(level, index, size)
    with pytest.raises(Invalid, match="sizes"):
        list(tiles_between(2, 1))
    with pytest.raises(Invalid, match="beyond the tree"):
        TileHashes(5, read_from({}))(1, 2)


def read_from(tiles: dict[Tile, bytes]) -> ReadTile:
    return lambda tile: tiles[tile]


def naive_tile(tile: Tile) -> bytes:
    """Return a hash tile as the specification defines it."""
    span = 256**tile.level
    firsts = [(tile.index * 256 + i) * span for i in range(tile.width)]
    return b"".join(mth(first, first + span) for first in firsts)


def seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_a_tree_grown_by_any_steps_has_the_tiles_of_the_specification() -> None:
    chance = seeded()
    for _ in range(20):
        size, tiles = 0, {}
        while size < len(LEAVES):
            more = min(chance.choice([0, 1, 2, 100, 255, 256, 257, 600]), len(LEAVES) - size)
            changed = grow(size, LEAVES[size : size + more], read_from(tiles))
            assert list(changed) == [t for t in tiles_between(size, size + more) if t.level != ENTRIES]
            tiles.update(changed)
            size += more
            assert {tile: naive_tile(tile) for tile in changed} == changed
            assert frontier_at(size, read_from(tiles)).root() == mth(0, size)


def test_every_size_has_its_root_and_frontier_in_its_tiles() -> None:
    tiles: dict[Tile, bytes] = {}
    frontier = Frontier()
    for size in range(len(LEAVES)):
        found = frontier_at(size, read_from(tiles))
        assert (found.size, found.hashes) == (size, frontier.hashes)
        assert found.root() == mth(0, size)
        tiles.update(grow(size, LEAVES[size : size + 1], read_from(tiles)))
        frontier.append(LEAVES[size])


def test_proofs_from_tiles_are_those_of_the_recursion() -> None:
    chance = seeded()
    tiles: dict[Tile, bytes] = {}
    for size in range(1, len(LEAVES) + 1):
        tiles.update(grow(size - 1, LEAVES[size - 1 : size], read_from(tiles)))
        hashes = TileHashes(size, read_from(tiles))
        for index in {0, size - 1, chance.randrange(size)}:
            assert inclusion(index, size, hashes) == path(index, 0, size)
            if index:
                assert consistency(index, size, hashes) == subproof(index, 0, size, True)


def test_a_tree_of_a_thousand_million_leaves_needs_a_few_tiles_for_a_proof() -> None:
    """With leaves that are all alike every perfect subtree of a level has one root, and needs no room."""
    size = 1_000_000_007
    rows = [leaf(b"alike")]
    while len(rows) < 64:
        rows.append(SHA256.node(rows[-1], rows[-1]))
    asked: list[Tile] = []

    def read(tile: Tile) -> bytes:
        asked.append(tile)
        return rows[8 * tile.level] * tile.width

    root = frontier_at(size, read).root()
    assert len(asked) <= 4
    hashes = TileHashes(size, read)
    for index in (0, 123_456_789, size - 1):
        del asked[:]
        verify_inclusion(index, size, rows[0], inclusion(index, size, hashes), root)
        assert len(asked) <= 8
    old = 999_999_937
    verify_consistency(old, size, frontier_at(old, read).root(), root, consistency(old, size, hashes))
    assert len(list(tiles_between(old, size))) == 5


def test_a_full_tile_may_be_given_for_a_partial_one() -> None:
    tiles = grow(0, LEAVES, read_from({}))
    full = {tile.level: tile for tile in tiles if tile.index == 0}

    def read(tile: Tile) -> bytes:
        return tiles[full[tile.level]] if tile.index == 0 else tiles[tile]

    assert frontier_at(100, read).root() == mth(0, 100)
    assert inclusion(7, 100, TileHashes(100, read)) == path(7, 0, 100)


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(32 * 2), bytes(32 * 4), bytes(8192 + 32)])
def test_a_tile_of_another_length_is_refused(raw: bytes) -> None:
    for ask in (
        lambda r: read_hashes(Tile(0, 0, 3), r),
        lambda r: frontier_at(3, r),
        lambda r: grow(3, LEAVES, r),
    ):
        with pytest.raises(IntegrityFault, match="tile-wrong reason='length'"):
            ask(lambda tile: raw)
    with pytest.raises(IntegrityFault, match="tile-wrong reason='length'"):
        TileHashes(3, lambda tile: raw)(0, 0)


def test_a_leaf_hash_of_another_length_does_not_get_into_a_tile() -> None:
    with pytest.raises(IntegrityFault, match="length of a hash"):
        grow(0, [LEAVES[0], bytes(31)], read_from({}))


def test_a_changed_tile_gives_another_root() -> None:
    tiles = grow(0, LEAVES[:300], read_from({}))
    edge = [tile_at(0, 1, 300), tile_at(1, 0, 300)]
    for tile in edge:
        for bit in range(0, len(tiles[tile]) * 8, 37):
            spoilt = {**tiles, tile: flipped(tiles[tile], bit)}
            assert frontier_at(300, read_from(spoilt)).root() != mth(0, 300)


ENTRY = st.binary(max_size=40)


@settings(deadline=None)
@given(st.lists(ENTRY, min_size=1, max_size=256))
def test_every_bundle_survives_writing_and_reading(entries: list[bytes]) -> None:
    assert read_bundle(write_bundle(entries), Tile(ENTRIES, 0, len(entries))) == entries


def test_the_longest_entry_fits_and_one_byte_more_does_not() -> None:
    longest = bytes(MAX_ENTRY_BYTES)
    assert read_bundle(write_bundle([longest, b""]), Tile(ENTRIES, 0, 2)) == [longest, b""]
    with pytest.raises(Invalid, match="log-entry-too-long"):
        write_bundle([longest + b"x"])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "number of entries"),
        (b"\0\1a", "number of entries"),
        (b"\0\1a\0\1b\0\1c", "number of entries"),
        (b"\0\1a\0\1", "cut"),
        (b"\0\1a\0", "cut"),
        (b"\0\1a\xff\xffb", "cut"),
    ],
)
def test_a_bundle_that_is_cut_or_of_another_width_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(IntegrityFault, match=f"tile-wrong reason='{reason}'"):
        read_bundle(raw, Tile(ENTRIES, 0, 2))


def test_no_bit_of_a_bundle_may_change() -> None:
    entries = [b"entry %d" % n for n in range(20)]
    tile, tiles = Tile(ENTRIES, 0, 20), grow(0, LEAVES[:20], read_from({}))
    raw = write_bundle(entries)
    verify_bundle(read_bundle(raw, tile), tile, read_from(tiles))
    for bit in range(len(raw) * 8):
        with pytest.raises(IntegrityFault, match="tile-wrong"):
            verify_bundle(read_bundle(flipped(raw, bit), tile), tile, read_from(tiles))
    with pytest.raises(IntegrityFault, match="entry.*index=3"):
        verify_bundle([*entries[:3], b"other", *entries[4:]], tile, read_from(tiles))
    with pytest.raises(IntegrityFault, match="number of entries"):
        verify_bundle(entries[:19], tile, read_from(tiles))


@settings(deadline=None)
@given(st.binary(max_size=2000), st.integers(1, 256))
def test_reading_a_bundle_raises_nothing_but_our_own_errors(raw: bytes, width: int) -> None:
    with suppress(EvidenceError):
        assert write_bundle(read_bundle(raw, Tile(ENTRIES, 0, width))) == raw


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"tile/[0-9a-z]{0,7}/[x0-9/]{0,40}(\.p/[0-9]{0,4})?"))
def test_reading_a_name_raises_nothing_but_our_own_errors(text: str) -> None:
    with suppress(EvidenceError):
        assert Tile.parse(text).path() == text


def test_the_log_of_another_program_is_read_and_written_byte_for_byte(vectors: Path) -> None:
    log = vectors / "tessera-log"
    about = json.loads((log / "log.json").read_text())
    entries = [text.encode() for text in about["leaves_utf8"]]

    def read(tile: Tile) -> bytes:
        return (log / tile.path()).read_bytes()

    for size in range(len(entries) + 1):
        note = parse((log / f"checkpoint.{size}").read_bytes())
        verify(note, [VerifierKey.parse(about["vkey"])], CHECKS)
        checkpoint = Checkpoint.parse(note.text)
        assert (checkpoint.origin, checkpoint.size) == (about["origin"], size)
        assert frontier_at(size, read).root() == checkpoint.root
        for tile in tiles_between(0, size):
            if tile.level == ENTRIES:
                assert read_bundle(read(tile), tile) == entries[:size]
                assert write_bundle(entries[:size]) == read(tile)
                verify_bundle(entries[:size], tile, read)
            else:
                assert grow(0, [leaf(entry) for entry in entries[:size]], read)[tile] == read(tile)
