"""SHA-256 and SM3 while the bytes arrive: SM3 (five times slower) runs in a second thread, beside SHA-256.

SHA-256 by hashlib and SM3 by cryptography's OpenSSL both leave the interpreter's lock, so two cores work at
once.
A profile may switch SM3 off.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor

from cryptography.hazmat.primitives import hashes

from evidence.domain.digests import Digests

_WORTH_A_THREAD = 64 << 10  # bytes; what is shorter is done before another thread has woken
# One pool for all uploads; each upload has at most one block in it, so memory stays at one block per upload.
_second_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sm3")


class TwoDigests:
    """SHA-256 in the caller's thread, SM3 in another one, one block behind at most."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = hashes.Hash(hashes.SM3())  # noqa: S303 (a digest beside SHA-256, demanded by GB/T practice)
        self._pending: Future[None] | None = None

    def update(self, *blocks: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; the caller must not change them afterwards."""
        self._settle()
        if sum(map(len, blocks)) < _WORTH_A_THREAD:
            _update_all(self._sm3, blocks)
        else:
            self._pending = _second_threads.submit(_update_all, self._sm3, blocks)
        for block in blocks:
            self._sha256.update(block)

    def copy(self) -> TwoDigests:
        """Return an independent copy of the state."""
        self._settle()
        twin = TwoDigests.__new__(TwoDigests)
        twin._sha256, twin._sm3, twin._pending = self._sha256.copy(), self._sm3.copy(), None
        return twin

    def sha256(self) -> bytes:
        """Return the SHA-256 of all bytes taken so far."""
        return self._sha256.digest()

    def digests(self) -> Digests:
        """Return the digests of all bytes taken so far."""
        self._settle()
        return Digests(self._sha256.hexdigest(), self._sm3.copy().finalize().hex())

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None


def _update_all(digest: hashes.Hash, blocks: tuple[bytes | bytearray | memoryview, ...]) -> None:
    for block in blocks:
        digest.update(block)


class OneDigest:
    """SHA-256 only."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def update(self, *blocks: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        for block in blocks:
            self._sha256.update(block)

    def copy(self) -> OneDigest:
        """Return an independent copy of the state."""
        twin = OneDigest()
        twin._sha256 = self._sha256.copy()
        return twin

    def sha256(self) -> bytes:
        """Return the SHA-256 of all bytes taken so far."""
        return self._sha256.digest()

    def digests(self) -> Digests:
        """Return the digest of all bytes taken so far."""
        return Digests(self._sha256.hexdigest())
