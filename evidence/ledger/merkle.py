"""The Merkle tree of RFC 6962 (section 2.1) over a list of entries that only grows.

A leaf is the hash of 0x00 and the entry, a node the hash of 0x01 and its two children; a tree of n leaves
is split at the largest power of two below n. What is kept while it grows is its frontier: the roots of the
perfect subtrees that n leaves fall into, one for each binary one of n, largest first. Never more than 63
hashes. Proofs are in proofs.py; how hashes are stored, in tiles.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from evidence.errors import IntegrityFault
from evidence.ledger.encodings import HASH_BYTES, MAX_NUMBER

LEAF, NODE = b"\x00", b"\x01"
"""What stands before the bytes of a leaf and of a node, so that neither passes for the other."""


class Digest(Protocol):
    """What is asked of an object of hashlib."""

    def copy(self) -> Digest:
        """Return a digest of its own that has taken in what this one has."""

    def update(self, data: bytes, /) -> None:
        """Take in more."""

    def digest(self) -> bytes:
        """Return the digest, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Hasher:
    """How leaves and nodes are hashed: new(bytes) begins a digest of 32 bytes over them, as hashlib's do.

    A proof has 30 hashes, and the call of a function would cost a third of each: loops call `new` themselves.
    """

    new: Callable[[bytes], Digest]

    def leaf(self, entry: bytes) -> bytes:
        """Return the hash of an entry."""
        return self.new(LEAF + entry).digest()

    def leaves(self, entries: Iterable[bytes]) -> list[bytes]:
        """Return the hashes of entries."""
        new = self.new
        return [new(LEAF + entry).digest() for entry in entries]

    def node(self, left: bytes, right: bytes) -> bytes:
        """Return the hash of two children."""
        return self.new(NODE + left + right).digest()

    @property
    def empty(self) -> bytes:
        """The root of the tree without leaves."""
        return self.new(b"").digest()


SHA256 = Hasher(sha256)
"""RFC 6962, section 2.1; tlog-tiles allows no other."""


class Frontier:
    """The right edge of a tree: enough to append to it and to say its root."""

    __slots__ = ("_hasher", "_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = (), hasher: Hasher = SHA256) -> None:
        """Take a frontier up again.

        size: 0 ≤ size < 2^63. hashes: one for each binary one of size, largest subtree first, 32 bytes each.
        Raises: IntegrityFault `frontier-malformed` when they do not fit together.
        """
        if not 0 <= size <= MAX_NUMBER:
            raise IntegrityFault("frontier-malformed", reason="size", size=size)
        if len(hashes) != size.bit_count():
            raise IntegrityFault("frontier-malformed", reason="number of hashes", size=size)
        if hashes and {*map(len, hashes)} != {HASH_BYTES}:
            raise IntegrityFault("frontier-malformed", reason="length of a hash")
        self._size, self._hashes, self._hasher = size, list(hashes), hasher

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Append one leaf hash (32 bytes). Raises: IntegrityFault `frontier-malformed` for another length."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes (32 bytes each) in order.

        Raises: IntegrityFault `frontier-malformed` for one of another length; those before it are appended.
        """
        size, hashes, new = self._size, self._hashes, self._hasher.new
        try:
            for leaf in leaves:
                if len(leaf) != HASH_BYTES:
                    raise IntegrityFault("frontier-malformed", reason="length of a hash")
                ones = size
                while ones & 1:
                    leaf = new(NODE + hashes.pop() + leaf).digest()
                    ones >>= 1
                hashes.append(leaf)
                size += 1
        finally:
            self._size = size

    def root(self) -> bytes:
        """Return the root of the whole tree, 32 bytes."""
        return fold(self._hashes, self._hasher)

    def copy(self) -> Frontier:
        """Return a frontier of its own that stands where this one stands."""
        return Frontier(self._size, self._hashes, self._hasher)

    def to_bytes(self) -> bytes:
        """Return the hashes in a row, 32 bytes each; the size is kept apart."""
        return b"".join(self._hashes)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes, hasher: Hasher = SHA256) -> Frontier:
        """Read what `to_bytes` wrote for this size. Raises: IntegrityFault `frontier-malformed`."""
        return cls(size, [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)], hasher)


def fold(hashes: Sequence[bytes], hasher: Hasher = SHA256) -> bytes:
    """Return the root over neighbouring perfect subtrees, largest first; the empty root for none."""
    if not hashes:
        return hasher.empty
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = hasher.node(left, root)
    return root


def root_of(leaves: Iterable[bytes], hasher: Hasher = SHA256) -> bytes:
    """Return the root of the tree over these leaf hashes (32 bytes each)."""
    frontier = Frontier(hasher=hasher)
    frontier.extend(leaves)
    return frontier.root()
