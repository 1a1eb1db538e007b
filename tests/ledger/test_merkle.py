"""The tree: hashes of RFC 6962, and a frontier that is worth as much as all leaves."""

from __future__ import annotations

import json
from hashlib import sha3_256
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import IntegrityFault
from evidence.ledger.merkle import SHA256, Frontier, Hasher, fold, root_of
from tests.ledger.trees import LEAVES, mth


@pytest.fixture(scope="module")
def constants(vectors: Path) -> dict[str, Any]:
    return json.loads((vectors / "rfc6962" / "constants.json").read_text())  # type: ignore[no-any-return]


def test_the_hasher_is_that_of_rfc_6962(constants: dict[str, Any]) -> None:
    known = constants["hasher"]
    assert SHA256.empty.hex() == known["empty_root"]
    assert SHA256.leaf(b"").hex() == known["leaf_of_empty"]
    assert SHA256.leaf(b"L123456").hex() == known["leaf_of_ascii_L123456"]
    assert SHA256.node(b"N123", b"N456").hex() == known["node_of_ascii_N123_N456"]


def test_the_reference_tree_has_its_published_roots_at_every_size(constants: dict[str, Any]) -> None:
    frontier = Frontier()
    entries = [bytes.fromhex(one) for one in constants["leaf_inputs_hex"]]
    roots = [frontier.root().hex()]
    for entry in entries:
        frontier.append(SHA256.leaf(entry))
        roots.append(frontier.root().hex())
    assert roots == constants["root_hash_hex_by_size"]
    assert [SHA256.leaf(entry).hex() for entry in entries] == constants["node_hashes_hex_by_level"][0]


def test_a_frontier_has_the_root_of_the_recursion_at_every_size_and_one_hash_for_each_one_of_it() -> None:
    frontier = Frontier()
    for size in range(len(LEAVES) + 1):
        assert frontier.size == size
        assert frontier.root() == mth(0, size), size
        assert len(frontier.hashes) == size.bit_count()
        if size < len(LEAVES):
            frontier.append(LEAVES[size])


def test_a_frontier_taken_up_again_goes_on_as_if_it_had_never_stopped() -> None:
    for size in range(70):
        first = Frontier()
        first.extend(LEAVES[:size])
        again = Frontier.from_bytes(size, first.to_bytes())
        copy = first.copy()
        for one in (first, again):
            one.extend(LEAVES[size:130])
            assert (one.size, one.root(), one.hashes) == (130, mth(0, 130), first.hashes)
        assert (copy.size, copy.root()) == (size, mth(0, size))


@pytest.mark.parametrize(
    ("size", "hashes", "reason"),
    [
        (-1, [], "size"),
        (2**63, [bytes(32)], "size"),
        (0, [bytes(32)], "number of hashes"),
        (1, [], "number of hashes"),
        (6, [bytes(32)] * 3, "number of hashes"),
        (3, [bytes(32), bytes(31)], "length of a hash"),
        (1, [bytes(33)], "length of a hash"),
    ],
)
def test_a_frontier_that_does_not_fit_its_size_is_refused(
    size: int, hashes: list[bytes], reason: str
) -> None:
    with pytest.raises(IntegrityFault, match=f"frontier-malformed reason='{reason}'"):
        Frontier(size, hashes)
    with pytest.raises(IntegrityFault, match="frontier-malformed"):
        Frontier.from_bytes(size, b"".join(hashes))


def test_a_leaf_hash_of_another_length_is_refused_and_nothing_is_appended() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:7])
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(IntegrityFault, match="frontier-malformed"):
            frontier.append(wrong)
    assert (frontier.size, frontier.root()) == (7, mth(0, 7))


def test_a_frontier_holds_logarithmically_few_hashes() -> None:
    frontier = Frontier(2**40 - 1, [bytes(32)] * 40)
    frontier.append(LEAVES[0])
    assert (frontier.size, len(frontier.hashes)) == (2**40, 1)


def test_another_hasher_gives_another_tree() -> None:
    other = Hasher(sha3_256)
    assert root_of([], other) == fold([], other) == other.empty == sha3_256().digest()
    assert root_of(LEAVES[:2], other) == sha3_256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert other.leaf(b"entry") == sha3_256(b"\x00entry").digest()
    assert root_of(LEAVES[:2]) == mth(0, 2)
