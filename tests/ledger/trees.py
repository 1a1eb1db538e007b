"""The tree as RFC 6962 section 2.1 writes it, by recursion over all leaves; and signers for tests."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.adapters.keys import verify_ed25519
from evidence.ledger.cosignatures import checks
from evidence.ledger.keys import COSIGNATURE_ED25519, ED25519, VerifierKey

CHECKS = checks(verify_ed25519)
EMPTY = sha256().digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


LEAVES = [leaf(b"entry %d" % n) for n in range(600)]


def split(size: int) -> int:
    """Return the largest power of two below size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


_ROOTS: dict[tuple[int, int], bytes] = {}


def mth(start: int, end: int) -> bytes:
    """Return the Merkle tree hash over LEAVES[start:end]."""
    if start == end:
        return EMPTY
    if end - start == 1:
        return LEAVES[start]
    if (start, end) not in _ROOTS:
        k = split(end - start)
        _ROOTS[start, end] = node(mth(start, start + k), mth(start + k, end))
    return _ROOTS[start, end]


def path(m: int, start: int, end: int) -> list[bytes]:
    """Return PATH(m, D[start:end]) of section 2.1.1."""
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, known: bool) -> list[bytes]:
    """Return SUBPROOF(m, D[start:end], known) of section 2.1.2."""
    if m == end - start:
        return [] if known else [mth(start, end)]
    k = split(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, known), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


def subtree_proof(start: int, end: int, low: int, high: int, known: bool) -> list[bytes]:
    """Return SUBTREE_SUBPROOF(start, end, D[low:high], known) of draft-ietf-plants-merkle-tree-certs."""
    if (start, end) == (low, high):
        return [] if known else [mth(low, high)]
    k = low + split(high - low)
    if end <= k:
        return [*subtree_proof(start, end, low, k, known), mth(k, high)]
    if k <= start:
        return [*subtree_proof(start, end, k, high, known), mth(low, k)]
    return [*subtree_proof(k, end, k, high, False), mth(low, k)]


def stored(level: int, index: int) -> bytes:
    """Answer `proofs.ReadHash` from LEAVES."""
    return mth(index << level, (index + 1) << level)


def flipped(raw: bytes, bit: int) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class Signer:
    """An Ed25519 key made from a number, its verifier key, and how it signs."""

    def __init__(self, name: str, number: int, type_: int = ED25519) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.key = VerifierKey(name, self.private.public_key().public_bytes_raw(), type_)
        self.sign = self.private.sign


LOG = Signer("log.example/custody", 1)
WITNESSES: Sequence[Signer] = [
    Signer(f"witness.example/w{n}", 100 + n, COSIGNATURE_ED25519) for n in range(6)
]
