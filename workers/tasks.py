"""The Celery tasks of a site, one for each queue. A task takes a turn: it does jobs of its queue for a while.

Running it twice at once, for nothing, or not at all does no harm: the job table says what is to do.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping

from celery import Celery

from evidence.bootstrap import Application
from evidence.errors import EvidenceError
from evidence.service.jobs import MOST_TOGETHER, JobName, Queue, kinds_of
from storage.errors import StorageError

log = logging.getLogger("evidence.workers")

# The name that evidence/adapters/celery_bell.py rings by.
WORK = "evidence.work"
# Decoding and reading back take minutes: no seal and no deadline waits for them.
URGENT = kinds_of(Queue.SEAL, Queue.EXAMINE)
# How long a turn goes on beginning jobs. A worker of several queues then listens to all of them again, and
# one that is asked to stop has done so soon.
TURN_S = 2.0
# After a seal others are given so long to come: of 32 small files together each costs a sixth of one alone.
# Who comes alone waits for nothing.
GATHER_S = 0.2
# A restarted container has the host name, and often the process ids, of the one before.
_RUN = secrets.token_hex(4)


def register(
    queue: Celery, application: Callable[[], Application], serves: Mapping[Queue, Collection[JobName]]
) -> None:
    """Register one task for each queue; `application` opens the site, or returns the one that is open."""
    for which, names in serves.items():
        _register_one(queue, f"{WORK}.{which}", application, names)


def _register_one(
    queue: Celery, task: str, application: Callable[[], Application], names: Collection[JobName]
) -> None:
    # Not shared: Celery would give this site's task to every other queue of the process as well.
    @queue.task(name=task, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]  # celery: no types
    def work() -> None:
        try:
            take_turn(application(), names)
        # Database or store are away, or a folder is: the next ring or sweep tries again.
        except (EvidenceError, StorageError, OSError) as problem:
            log.warning("%s cannot look for work now: %s", task, problem)


def take_turn(application: Application, names: Collection[JobName]) -> None:
    """Do jobs of these kinds for a moment, or until none is due.

    Whoever has found one and sees more rings for the next worker: so one message wakes a whole pool for a
    long backlog, and hardly one too many. Whoever stops before the end rings for whoever goes on.
    """
    work, until = application.work, time.monotonic() + TURN_S
    jobs = work.claim_some(owner(), names)
    if jobs and not work.due().isdisjoint(names):
        application.site.bell.ring(jobs[0].name)
    while jobs:
        work.do_all(jobs)
        if time.monotonic() > until:
            application.site.bell.ring(jobs[0].name)
            return
        if jobs[0].name is JobName.SEAL and len(jobs) < MOST_TOGETHER:
            time.sleep(GATHER_S)
        jobs = work.claim_some(owner(), names)


def owner() -> str:
    """Return a name for this worker that no other one anywhere has (the fence of its leases)."""
    return f"{socket.gethostname()[:30]}.{os.getpid()}.{_RUN}.{threading.get_ident()}"[:64]
