"""Proofs in the Merkle tree of RFC 6962, and the proof file (C2SP tlog-proof@v1)."""

from __future__ import annotations

import hashlib
from typing import List, NamedTuple, Optional

from evidence.verifier.arithmetic import Wrong, read_base64, read_decimal


class Proof(NamedTuple):
    """A proof file: place of the leaf, hashes from it upwards, the entry itself (None where it does not go
    along), the checkpoint's note.
    """

    leaf: int
    hashes: List[bytes]
    entry: Optional[bytes]
    note: bytes


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def read_proof(raw: bytes, where: str) -> Proof:
    """Read a proof file. Raises: Wrong("proof-file")."""
    head, empty, note = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if not empty or lines[0] != "c2sp.org/tlog-proof@v1":
            raise Wrong("proof-file")
        entry = read_base64(lines.pop(1)[6:]) if lines[1][:6] == "extra " else None
        if lines[1][:6] != "index ":
            raise Wrong("proof-file")
        hashes = [read_base64(one) for one in lines[2:]]
        if len(hashes) > 63 or any(len(one) != 32 for one in hashes):
            raise Wrong("proof-file")
        return Proof(read_decimal(lines[1][6:]), hashes, entry, note)
    except (Wrong, IndexError, UnicodeDecodeError):
        raise Wrong("proof-file", where) from None


def verify_inclusion(index: int, size: int, leaf: bytes, hashes: List[bytes], root: bytes) -> None:
    """Verify that a leaf is in a tree (RFC 9162, 2.1.3.2). Raises: Wrong("proof")."""
    if not 0 <= index < size:
        raise Wrong("proof")
    fn, sn, seen = index, size - 1, leaf
    for one in hashes:
        if sn == 0:
            raise Wrong("proof")
        if fn & 1 or fn == sn:
            seen = node_hash(one, seen)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            seen = node_hash(seen, one)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or seen != root:
        raise Wrong("proof")


def verify_growth(old: int, new: int, old_root: bytes, new_root: bytes, hashes: List[bytes]) -> None:
    """Verify that a tree is the beginning of another (RFC 9162, 2.1.4.2). Raises: Wrong("growth")."""
    if not 0 <= old <= new or any(len(one) != 32 for one in hashes):
        raise Wrong("growth")
    if old in (0, new):
        expected = new_root if old else hashlib.sha256(b"").digest()
        if hashes or old_root != expected:
            raise Wrong("growth")
        return
    path = list(hashes)
    if old & (old - 1) == 0:  # the old tree is a node of the new one
        path.insert(0, old_root)
    if not path:
        raise Wrong("growth")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for one in path[1:]:
        if sn == 0:
            raise Wrong("growth")
        if fn & 1 or fn == sn:
            first, second = node_hash(one, first), node_hash(one, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, one)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or first != old_root or second != new_root:
        raise Wrong("growth")
