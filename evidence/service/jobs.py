"""Jobs: the table is the queue. A job row is written in the same transaction as the change that calls for it.

A worker claims a row with a lease and an owner (fencing); only the owner may finish it; a sweep puts back
what a
killed worker left. Every job is safe to run twice, and no two of one kind and subject run at the same time. A
nudge to the workers is only a doorbell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 5


class JobName(StrEnum):
    """The kinds of work; the order here is the order of importance (a deadline never waits for a
    transcode).
    """

    SEAL = "seal"  # subject: upload id
    EXAMINE = "examine"  # subject: recording id
    SEQUENCE = "sequence"  # subject: device serial
    DEEP = "deep"  # subject: recording id


WEIGHT = {name: position for position, name in enumerate(JobName)}


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. subject is an id or a serial, never content."""

    id: str
    name: JobName
    subject: str
    attempts: int
    owner: str | None
    lease_until: datetime | None


def back_off(attempts: int) -> timedelta:
    """Return how long to wait before the next try: 2, 4, 8, … seconds, at most 5 minutes."""
    return min(timedelta(seconds=2 ** min(attempts, 9)), timedelta(minutes=5))
