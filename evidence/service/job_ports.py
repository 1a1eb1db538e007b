"""What the use cases need of the job table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Protocol

from evidence.service.jobs import Job, JobName


class Jobs(Protocol):
    """The job table."""

    def add(self, name: JobName, subject: str, now: datetime) -> str | None:
        """Add a job unless the same one is queued; return its id."""

    def add_all(self, name: JobName, subjects: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Add a job for each subject of which the same is not queued; return their ids."""

    def claim(
        self, owner: str, now: datetime, names: Collection[JobName], waited: timedelta = timedelta()
    ) -> Job | None:
        """Take, with a lease, the weightiest job of these that has been due so long; none whose like runs."""

    def is_running(self, name: JobName) -> bool:
        """Tell whether one is in hand."""

    def claim_seals(self, owner: str, now: datetime, most_bytes: int, most: int) -> Sequence[Job]:
        """Take seals that are due, with a lease: of uploads no longer than this, at most so many."""

    def finish(self, job: Job, now: datetime) -> bool:
        """Close a job; False when somebody else owns it by now."""

    def finish_all(self, done: Sequence[Job], now: datetime) -> Collection[Job]:
        """Close jobs of one owner; return those that somebody else owns by now."""

    def fail(self, job: Job, problem: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a job back for a later try, or close it as failed when retry_at is None."""

    def renew(self, job: Job, until: datetime) -> bool:
        """Extend the lease; False when somebody else owns the job by now."""

    def put_back(self, now: datetime, everything: bool = False) -> int:
        """Queue running jobs again whose lease ran out (or all, when no worker can be alive)."""

    def due(self, now: datetime) -> Set[JobName]:
        """Return the kinds of which a job is waiting that may begin."""

    def unchecked(self, before_first: datetime, before_next: datetime, limit: int) -> Sequence[str]:
        """Return recordings that no open job names, the longest unchecked first: checked before before_next,
        or never and sealed before before_first."""

    def forget_done(self, name: JobName, before: datetime) -> None:
        """Remove done jobs of a kind whose outcome stands elsewhere."""

    def counts(self) -> Mapping[str, int]:
        """Return how many jobs are in each state."""
