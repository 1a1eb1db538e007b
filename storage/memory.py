"""A vault in memory, for tests: the same contract, the same lock arithmetic, gone with the process."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from storage import locks
from storage.durable import storing
from storage.errors import Exists, Mismatch, Missing
from storage.locks import Act, LockRecord
from storage.vault import Debris, Lock, Promise, Sealed, Strength, verify_key


class MemoryVault:
    """A `Vault` in a dictionary. A disposed key keeps its last record, so that it stays taken."""

    at_once = 1

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}
        self._records: dict[str, LockRecord] = {}
        self._guard = RLock()

    def seal_file(self, key: str, staged: Path, promise: Promise, lock: Lock) -> Sealed:
        """See Vault. Raises: Exists, Missing, Mismatch."""
        verify_key(key)
        with self._guard:
            self._verify_free(key)
            with storing(staged=staged.name):
                try:
                    body = staged.read_bytes()
                except FileNotFoundError as fault:
                    raise Missing(staged=staged.name) from fault
            found = Promise(len(body), sha256(body).hexdigest())
            if found != promise:
                raise Mismatch(promised_sha256=promise.sha256, found_sha256=found.sha256)
            return self.seal_bytes(key, body, lock)

    def seal_bytes(self, key: str, body: bytes, lock: Lock) -> Sealed:
        """See Vault. Raises: Exists."""
        verify_key(key)
        with self._guard:
            self._verify_free(key)
            self._records[key] = locks.seal(key, Promise(len(body), sha256(body).hexdigest()), lock)
            self._bodies[key] = bytes(body)
            return self._records[key].sealed

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """See Vault. Raises: Missing."""
        with self._guard:
            self._current(key)
            if version not in (None, "1"):
                raise Missing(key=key, version=version)
            return io.BufferedReader(io.BytesIO(self._bodies[key]))  # a reader, so that nobody writes

    def read(self, found: Sealed) -> bytes:
        """See Vault. Raises: Missing."""
        with self._guard:
            self._current(found.key)
            return self._bodies[found.key]

    def stat(self, key: str) -> Sealed:
        """See Vault. Raises: Missing."""
        with self._guard:
            return self._current(key).sealed

    def extend(self, key: str, until: datetime) -> Sealed:
        """See Vault. Raises: Locked, Missing."""
        return self._act(key, lambda last: locks.extend(last, until))

    def hold(self, key: str, ground: str) -> Sealed:
        """See Vault. Raises: Missing."""
        return self._act(key, lambda last: locks.hold(last, ground))

    def release(self, key: str, ground: str) -> Sealed:
        """See Vault. Raises: Missing."""
        return self._act(key, lambda last: locks.release(last, ground))

    def dispose(self, key: str, now: datetime) -> None:
        """See Vault. Raises: Locked, Missing."""
        self._act(key, lambda last: locks.dispose(last, now))

    def list(self, prefix: str = "") -> Iterator[Sealed]:
        """See Vault."""
        with self._guard:
            found = [self._records[key].sealed for key in sorted(self._bodies) if key.startswith(prefix)]
        yield from found

    def census(self, prefix: str = "") -> Iterator[Sealed | Debris]:
        """See Vault; memory holds no debris."""
        yield from self.list(prefix)

    def strength(self) -> Strength:
        """See Vault."""
        return Strength("memory", "nothing")

    def _verify_free(self, key: str) -> None:
        parts = key.split("/")
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        if key in self._records or any(k in above or k.startswith(key + "/") for k in self._bodies):
            raise Exists(key=key)

    def _current(self, key: str) -> LockRecord:
        verify_key(key)
        if key not in self._bodies:
            raise Missing(key=key)
        return self._records[key]

    def _act(self, key: str, step: Callable[[LockRecord], LockRecord]) -> Sealed:
        with self._guard:
            record = self._records[key] = step(self._current(key))
            if record.act is Act.DISPOSE:
                del self._bodies[key]
            return record.sealed
