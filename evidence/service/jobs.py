"""Jobs: the table is the queue. A job row is written in the same transaction as the change that calls for it.

A worker claims a row with a lease and an owner (fencing); only the owner may finish it; a sweep puts back
what a killed worker left. Every job is safe to run twice, and no two of one kind and subject run at the same
time. A nudge to the workers is only a doorbell.

Leases compare the clocks of the hosts that take part. While it is extended, a lease survives clocks that are
20 seconds apart; beyond that a job may be done twice, which costs work and nothing else (decision 11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A killed worker's job is another's within 60 seconds: the lease, the next sweep, the next claim.
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 5
# Of small files a worker seals so many with one commit a step; a long one is a job by itself.
SMALL_BYTES, MOST_TOGETHER = 1 << 20, 64
# While another seals, a worker that could seal too examines only what has waited so long: who stands at the
# dock waits for a receipt, and nobody for the findings of this minute.
SEALS_FIRST = timedelta(minutes=1)


class JobName(StrEnum):
    """The kinds of work; the order here is the order of importance (a deadline never waits for a
    transcode).
    """

    SEAL = "seal"  # subject: upload id
    EXAMINE = "examine"  # subject: recording id
    SEQUENCE = "sequence"  # subject: device serial
    LISTEN = "listen"  # subject: recording id
    DEEP = "deep"  # subject: recording id
    EXPORT = "export"  # subject: export id
    FIXITY = "fixity"  # subject: recording id
    DERIVE = "derive"  # subject: derivative id


WEIGHT = {name: position for position, name in enumerate(JobName)}


class Queue(StrEnum):
    """What workers are told apart by: one for each weight of work, so that a long job delays no deadline."""

    SEAL = "seal"
    EXAMINE = "examine"
    DEEP = "deep"
    FIXITY = "fixity"
    PROXY = "proxy"
    EXPORT = "export"


QUEUES: Mapping[JobName, Queue] = {
    JobName.SEAL: Queue.SEAL,
    JobName.EXAMINE: Queue.EXAMINE,
    JobName.SEQUENCE: Queue.EXAMINE,
    JobName.LISTEN: Queue.DEEP,
    JobName.DEEP: Queue.DEEP,
    JobName.EXPORT: Queue.EXPORT,
    JobName.FIXITY: Queue.FIXITY,
    JobName.DERIVE: Queue.PROXY,
}


def kinds_of(*queues: Queue) -> tuple[JobName, ...]:
    """Return the kinds of work in these queues, the weightiest first."""
    return tuple(name for name in JobName if QUEUES[name] in queues)


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
