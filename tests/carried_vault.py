"""A bucket under a site whose clock a test moves: every date is carried over to the server's own clock.

The store knows what day it is and takes no lock that ends in the past; the small site of the tests lives in
March 2026. Each date is put off by the whole days between the two on its way in, and put back on its way out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from storage.vault import Debris, Lock, Promise, Sealed, Strength, Vault


@dataclass(frozen=True)
class CarriedVault:
    """A vault at another time; `by` is a number of whole days."""

    vault: Vault
    by: timedelta

    @property
    def at_once(self) -> int:
        """See Vault."""
        return self.vault.at_once

    def seal_file(self, key: str, staged: Path, promise: Promise, lock: Lock) -> Sealed:
        """See Vault."""
        return self._back(self.vault.seal_file(key, staged, promise, self._there(lock)))

    def seal_bytes(self, key: str, body: bytes, lock: Lock) -> Sealed:
        """See Vault."""
        return self._back(self.vault.seal_bytes(key, body, self._there(lock)))

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """See Vault."""
        return self.vault.open(key, version)

    def read(self, found: Sealed) -> bytes:
        """See Vault."""
        return self.vault.read(found)

    def stat(self, key: str) -> Sealed:
        """See Vault."""
        return self._back(self.vault.stat(key))

    def extend(self, key: str, until: datetime) -> Sealed:
        """See Vault."""
        return self._back(self.vault.extend(key, until + self.by))

    def hold(self, key: str, ground: str) -> Sealed:
        """See Vault."""
        return self._back(self.vault.hold(key, ground))

    def release(self, key: str, ground: str) -> Sealed:
        """See Vault."""
        return self._back(self.vault.release(key, ground))

    def dispose(self, key: str, now: datetime) -> None:
        """See Vault."""
        self.vault.dispose(key, now + self.by)

    def list(self, prefix: str = "") -> Iterator[Sealed]:
        """See Vault."""
        return (self._back(one) for one in self.vault.list(prefix))

    def census(self, prefix: str = "") -> Iterator[Sealed | Debris]:
        """See Vault."""
        return (self._back(one) if isinstance(one, Sealed) else one for one in self.vault.census(prefix))

    def strength(self) -> Strength:
        """See Vault."""
        return self.vault.strength()

    def _there(self, lock: Lock) -> Lock:
        return replace(lock, retain_until=lock.retain_until + self.by)

    def _back(self, sealed: Sealed) -> Sealed:
        lock = replace(sealed.lock, retain_until=sealed.lock.retain_until - self.by)
        return replace(sealed, lock=lock)
