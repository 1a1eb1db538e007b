"""What the measures of a site ask of the database: counts by index, never a whole table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.domain.uploads import UploadState
from evidence.service.jobs import JobName


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """The jobs of one kind that are not done. waiting_since: when the one that waits longest could begin."""

    name: JobName
    queued: int
    running: int
    failed: int
    waiting_since: datetime | None


class Measures(Protocol):
    """Counts over the rows that are in work."""

    def open_jobs(self, now: datetime) -> Sequence[OpenJobs]:
        """Return the kinds of which there are any, in the order of importance."""

    def open_uploads(self) -> Mapping[UploadState, int]:
        """Return how many uploads are in each state but the sealed and the cancelled ones."""

    def outstanding(self) -> int:
        """Return how many announced files are not sealed."""


class MeasuredRows(Protocol):
    """The rows of this desk in a transaction."""

    @property
    def measures(self) -> Measures:
        """What is in work."""
