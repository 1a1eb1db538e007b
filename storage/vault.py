"""The contract of a vault: objects are written once, locked in the same act, and read back by key.

Rules every vault keeps (the suite tests/contracts/vault.py holds them to it):
1. `seal` stores exactly the promised bytes or nothing; the object appears under its key whole, durable and
   already locked, or not at all. A taken key is `Exists`; nothing is overwritten, ever, and a disposed key
   stays taken. `Exists` is said only of what is durable, so a caller may adopt what he then finds by `stat`.
2. A lock only gets stricter: `extend` refuses an earlier date, `hold` is independent of the date, `dispose`
   refuses before the date and under any hold. A lock that cannot be read is `Damaged`, never "unlocked".
3. What is read is what was sealed; what cannot be read is an error, never less bytes. (A damaged lock does
   not make the bytes unreadable: they may be the last copy.)
4. A key is a path: where "a" is an object, "a/b" is `Exists`, and the other way round.
Not here: who may do what (evidence/service), what a key means, digests other than SHA-256, any clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.errors import BadKey

_SEGMENT = r"(?!\.\.?(?:/|\Z))[a-z0-9._-]{1,200}"
_KEY = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_KEY = 900  # bytes; S3 allows 1024 with its prefix


def verify_key(key: str) -> None:
    """Refuse a key that is not ASCII segments of [a-z0-9._-] (1 to 200) joined by "/", 900 at most in all.

    Raises: BadKey, also for the segments "." and "..".
    """
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise BadKey(key=key)


@dataclass(frozen=True, slots=True)
class Lock:
    """What protects an object: kept until `retain_until` (aware; kept as UTC), and as long as any hold
    stands.

    Raises: ValueError for a date without zone, an empty ground, one over 200 characters or with control
    codes.
    """

    retain_until: datetime
    holds: frozenset[str] = frozenset()  # names of the grounds, e.g. "complaint"

    def __post_init__(self) -> None:
        if self.retain_until.tzinfo is None:
            raise ValueError("retain_until needs a time zone")
        object.__setattr__(self, "retain_until", self.retain_until.astimezone(UTC))
        for ground in self.holds:
            if not 0 < len(ground) <= 200 or not ground.isprintable():
                raise ValueError(f"not the name of a ground: {ground!r}")


@dataclass(frozen=True, slots=True)
class Promise:
    """What the caller promises about the bytes. size_bytes >= 0; sha256 is 64 lower-case hex digits.

    Raises: ValueError for anything else.
    """

    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if self.size_bytes < 0 or not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"not a promise: {self.size_bytes} bytes, SHA-256 {self.sha256!r}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """An object in the vault. version is the backend's own id of this one version ("1" on a local folder);
    sha256 is what was promised at sealing, for whoever reads the bytes back. alarms: what somebody else must
    have done to the key or its marks, "second-version", "delete-marker", or to its date, "locked-longer" than
    anybody here asked for; the object itself is whole."""

    key: str
    version: str
    size_bytes: int
    lock: Lock
    sha256: str
    alarms: tuple[str, ...] = ()

    @property
    def promise(self) -> Promise:
        """What was promised about the bytes when they were sealed."""
        return Promise(self.size_bytes, self.sha256)


@dataclass(frozen=True, slots=True)
class Debris:
    """Something in the store that is no sound object. `key` is the object's key, or the name of a foreign
    file.

    kind: "lock-without-object" (a crash before the data, or the data was removed: the ledger knows which),
    "object-without-lock", "damaged" (lock records or length contradict each other), "disposal-unfinished",
    "temporary" (left by a crash), "not-immutable" (weaker than the operator asks for), "second-version",
    "delete-marker", "locked-longer" (as `Sealed.alarms`; beside the object itself), "alien".
    """

    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class Strength:
    """How much the backend's lock can withstand, for the status page. kind: "memory", "folder",
    "folder-immutable", "object-lock"; said honestly: a folder is tamper-evident, not tamper-proof."""

    kind: str
    withstands: (
        str  # "nothing", "mistakes", "ordinary-accounts", "store-accounts" (but not the store's operator)
    )


class Vault(Protocol):
    """A write-once store. Keys: see `verify_key`; every method raises BadKey for another, and
    StoreUnavailable."""

    @property
    def at_once(self) -> int:
        """How many acts side by side are worth a thread each."""

    def seal_file(self, key: str, staged: Path, promise: Promise, lock: Lock) -> Sealed:
        """Store a finished, fsynced staging file under key. A backend on the same file system links it (no
        copy; the first fixity pass reads it back), any other copies it and checks the copy by reading back.
        The staging file stays; its owner removes it once the caller's transaction has committed.

        Raises: Exists, Missing (no staging file), Mismatch (size or bytes differ), StagingBusy (a writer
        still has it open), StoreFull, StoreUnavailable.
        """

    def seal_bytes(self, key: str, body: bytes, lock: Lock) -> Sealed:
        """Store a small object (a manifest). Raises: Exists, StoreFull, StoreUnavailable."""

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open the object for reading from its start; seekable. Reading raises StoreUnavailable where the
        machine cannot read. version: as `Sealed.version`; None for the one that counts.

        Raises: Missing (also for another version), Damaged (length), StoreUnavailable.
        """

    def read(self, found: Sealed) -> bytes:
        """Read a small object whole that a look has found a moment ago: its lock is not looked at again.

        Raises: Missing, Damaged (length), StoreUnavailable.
        """

    def stat(self, key: str) -> Sealed:
        """Return size, version and lock in force. Raises: Missing, Damaged, StoreUnavailable."""

    def extend(self, key: str, until: datetime) -> Sealed:
        """Move the retention date later; the date in force again is no change.
        Raises: Locked if `until` is earlier than the date in force, Missing, Damaged."""

    def hold(self, key: str, ground: str) -> Sealed:
        """Add a hold. Holding twice on the same ground is the same hold. Raises: Missing, Damaged."""

    def release(self, key: str, ground: str) -> Sealed:
        """Lift the hold on one ground. Raises: Missing when no such hold stands, Damaged."""

    def dispose(self, key: str, now: datetime) -> None:
        """Remove the object. Called again after a crash it finishes. Raises: Missing, Damaged,
        Locked while now < retain_until or any hold stands."""

    def list(self, prefix: str = "") -> Iterator[Sealed]:
        """Yield all objects whose key starts with prefix, in key order. Raises: Damaged at the first that
        is."""

    def census(self, prefix: str = "") -> Iterator[Sealed | Debris]:
        """Yield everything under prefix in key order, damaged and left-over things as Debris; raise for
        none."""

    def strength(self) -> Strength:
        """Say which protection is in force, as measured, not as wished."""
