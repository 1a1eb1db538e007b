"""Staging: partial uploads, the only bytes that may change; the contract (in a folder:
storage/staging_folder.py).

Rules (the suite tests/contracts/staging.py holds every staging to them):
1. The offset that counts stands in the database. It is read once `writer` has the upload for itself (read
   earlier, it may be from before another's commit). `begin` cuts the file to it; a file that is shorter has
   lost acknowledged bytes and is `Damaged`.
2. One writer per upload, over threads and processes: the second is `StagingBusy`. A writer that dies lets go.
3. Only the length that `sync` returned may be acknowledged. After any failed write or sync the writer is
   dead: no second sync is believed, the next writer cuts back to the committed offset.
4. Bytes that the vault has linked change no more: `StagingSealed`.
Not here: offsets and expiry (evidence/service/uploads), what the bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from storage.errors import StagingBusy, StagingSealed

__all__ = ["Staged", "Staging", "StagingBusy", "StagingSealed", "StagingWriter"]


@dataclass(frozen=True, slots=True)
class Staged:
    """A file found in staging. upload_id is None for a foreign file; sealed: the vault has linked its
    bytes."""

    name: str
    upload_id: str | None
    size_bytes: int
    changed_at: datetime
    sealed: bool


class StagingWriter(Protocol):
    """The one writer of an upload; a context manager that closes at its end."""

    def begin(self, offset: int) -> None:
        """Cut the upload to its committed offset (>= 0) and go on there; before, nothing can be written.

        Raises: StagingSealed, Damaged (shorter than offset), StoreUnavailable.
        """

    def discard(self) -> None:
        """Remove the upload durably and close. Raises: StoreUnavailable."""

    @property
    def position(self) -> int:
        """Where the next byte goes. Not durable: see `durable`."""

    @property
    def durable(self) -> int:
        """The length that the last `sync` made durable, or the offset it began at."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append the whole chunk. Raises: StoreFull, StoreUnavailable; the writer is dead then."""

    def sync(self) -> int:
        """Make everything written durable and return the length. Raises: as `write`."""

    def cut(self, offset: int) -> None:
        """Take back what was written after offset (<= position), durably. Raises: ValueError, and as
        `write`."""

    def close(self) -> None:
        """Let the next writer in; what was not synced may be lost. Closing twice is closing once."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Staging(Protocol):
    """A room for partial uploads. Ids are 1 to 100 of [A-Za-z0-9_-], else BadKey; all raise
    StoreUnavailable."""

    def create(self, upload_id: str, first: bytes = b"") -> None:
        """Make an upload that holds these bytes, durably. Raises: Exists, StoreFull."""

    def writer(self, upload_id: str) -> StagingWriter:
        """Have the upload for oneself; nobody waits. Raises: Missing, StagingBusy."""

    def path(self, upload_id: str) -> Path:
        """Where the vault finds the finished file. Raises: Missing."""

    def size(self, upload_id: str) -> int:
        """Length in bytes as it is now, not as it is committed. Raises: Missing."""

    def remove(self, upload_id: str) -> None:
        """Remove the upload durably. Raises: Missing, StagingBusy."""

    def discard(self, writers: Sequence[StagingWriter]) -> None:
        """Remove the uploads of these writers of this staging, durably all together, and close them."""

    def census(self) -> Iterator[Staged]:
        """Yield every file in staging by name, foreign ones too."""

    def free_bytes(self) -> int:
        """Space that is left for new bytes."""
