"""Inclusion and consistency proofs: made from stored hashes, and verified strictly.

Source: RFC 6962 section 2.1.1 and 2.1.2; the verification of RFC 9162 section 2.1.3.2 and 2.1.4.2, which the
draft on Merkle tree certificates (draft-ietf-plants-merkle-tree-certs) carries over to subtrees.

Rules that others leave open:
1. An index is below the size; a proof has exactly the hashes it needs, each of 32 bytes.
2. From size 0 (C2SP tlog-witness): the proof is empty, and the old root is that of the empty tree.
3. From a size to itself: the proof is empty, and the roots are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.encodings import HASH_BYTES
from evidence.ledger.merkle import NODE, SHA256, Hasher, fold

MAX_PROOF = 63  # hashes; a tree has less than 2^63 leaves

ReadHash = Callable[[int, int], bytes]
"""read(level, index): the root of the perfect subtree over the leaves [index·2^level, (index+1)·2^level)."""


def range_root(start: int, end: int, read: ReadHash, hasher: Hasher = SHA256) -> bytes:
    """Return the root over the leaves [start, end), as part of a tree.

    0 ≤ start < end, and start is a multiple of every power of two below end − start.
    """
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(read(level, start >> level))
        start += 1 << level
    return fold(hashes, hasher)


def inclusion(index: int, size: int, read: ReadHash, hasher: Hasher = SHA256) -> list[bytes]:
    """Make the proof that leaf `index` is in the tree of `size` leaves: siblings from the leaf upwards.

    Raises: Invalid `proof-impossible` unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise Invalid("proof-impossible", index=index, size=size)
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            path.append(range_root(middle, end, read, hasher))
            end = middle
        else:
            path.append(range_root(start, middle, read, hasher))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, read: ReadHash, hasher: Hasher = SHA256) -> list[bytes]:
    """Make the proof that the tree of `old` leaves is the beginning of that of `new` leaves.

    Empty for old = 0 and for old = new. Raises: Invalid `proof-impossible` unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise Invalid("proof-impossible", old=old, new=new)
    if old in (0, new):
        return []
    start, end, path = 0, new, []
    while end != old:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old <= middle:
            path.append(range_root(middle, end, read, hasher))
            end = middle
        else:
            path.append(range_root(start, middle, read, hasher))
            start = middle
    if start:  # else the verifier has this hash: it is the old root
        path.append(range_root(start, end, read, hasher))
    return path[::-1]


def inclusion_root(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], hasher: Hasher = SHA256
) -> bytes:
    """Return the root of the tree of `size` leaves that the proof leads to from this leaf hash.

    Raises: IntegrityFault `proof-wrong`: `index`, `hash length`, `too short`, `too long`.
    """
    if not 0 <= index < size:
        _wrong("index")
    if {len(leaf), *map(len, proof)} != {HASH_BYTES}:
        _wrong("hash length")
    inner = (index ^ (size - 1)).bit_length()  # below, both neighbours may exist; above, only left ones
    needed = inner + (index >> inner).bit_count()
    if len(proof) != needed:
        _wrong("too short" if len(proof) < needed else "too long")
    node, root, turn = hasher.new(NODE).copy, leaf, index  # to copy costs less than to begin anew
    for one in proof[:inner]:
        digest = node()
        digest.update(one + root if turn & 1 else root + one)
        root = digest.digest()
        turn >>= 1
    for one in proof[inner:]:
        digest = node()
        digest.update(one + root)
        root = digest.digest()
    return root


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes, hasher: Hasher = SHA256
) -> None:
    """Verify that this leaf hash is leaf `index` of the tree of `size` leaves with this root.

    Raises: IntegrityFault `proof-wrong` as `inclusion_root`, or with `root`.
    """
    if len(root) != HASH_BYTES:
        _wrong("hash length")
    if inclusion_root(index, size, leaf, proof, hasher) != root:
        _wrong("root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], hasher: Hasher = SHA256
) -> None:
    """Verify that the tree of `old` leaves with old_root is the beginning of that of `new` with new_root.

    Raises: IntegrityFault `proof-wrong`: `size`, `hash length`, `too short`, `too long`, `old root`, `root`.
    """
    if old != 0:
        verify_subtree(0, old, new, old_root, new_root, proof, hasher)
        return
    if new < 0:
        _wrong("size")
    if len(new_root) != HASH_BYTES:
        _wrong("hash length")
    if proof:
        _wrong("too long")
    if old_root != hasher.empty:
        _wrong("old root")
    if new == 0 and new_root != hasher.empty:
        _wrong("root")


def verify_subtree(
    start: int,
    end: int,
    size: int,
    subtree_root: bytes,
    root: bytes,
    proof: Sequence[bytes],
    hasher: Hasher = SHA256,
) -> None:
    """Verify that the subtree over the leaves [start, end) is part of the tree of `size` leaves.

    Raises: IntegrityFault `proof-wrong`: `size` unless [start, end) is a subtree of it, `hash length`,
    `too short`, `too long`, `old root` (the subtree's), `root`.
    """
    if not (is_subtree(start, end) and end <= size):
        _wrong("size")
    if {len(subtree_root), len(root), *map(len, proof)} != {HASH_BYTES}:
        _wrong("hash length")
    subtree_seen, seen = _roots_led_to(start, end, size, subtree_root, proof, hasher)
    if subtree_seen != subtree_root:
        _wrong("old root")
    if seen != root:
        _wrong("root")


def _roots_led_to(
    start: int, end: int, size: int, subtree_root: bytes, proof: Sequence[bytes], hasher: Hasher
) -> tuple[bytes, bytes]:
    """Walk from the subtree's right edge to the root; return the two roots that the proof leads to."""
    first, last, end_of_tree = start, end - 1, size - 1
    while first != last and (last & 1 or last == end_of_tree):
        first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
    rest = iter(proof)
    old = new = subtree_root if first == last else next(rest, b"")
    if not new:
        _wrong("too short")
    for one in rest:
        if end_of_tree == 0:
            _wrong("too long")
        if last & 1 or last == end_of_tree:
            if first < last:
                old = hasher.node(one, old)
            new = hasher.node(one, new)
            while not last & 1:
                first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
        else:
            new = hasher.node(new, one)
        first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
    if end_of_tree != 0:
        _wrong("too short")
    return old, new


def is_subtree(start: int, end: int) -> bool:
    """Tell whether the leaves [start, end) stand under one node of every tree that holds them."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def _wrong(reason: str) -> NoReturn:
    raise IntegrityFault("proof-wrong", reason=reason)
