"""The Celery tasks of a site. A task does jobs until none is due; running it twice at once does no harm."""

from __future__ import annotations

import os
import socket
import threading

from celery import Celery

from evidence.bootstrap import Application
from evidence.service.jobs import JobName

# The name that evidence/adapters/celery_bell.py rings by.
WORK = "evidence.work"
# Decoding a long recording takes minutes: it has a thread of its own, so that no seal and no deadline waits
# for it.
URGENT = tuple(name for name in JobName if name is not JobName.DEEP)


def register(queue: Celery, application: Application) -> None:
    """Register the tasks on a queue, bound to an open application."""

    # Not shared: Celery would give this site's task to every other queue of the process as well.
    @queue.task(name=WORK, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]  # celery: no types
    def work() -> None:
        while application.work.do_next(owner(), URGENT):
            pass


def owner() -> str:
    """Return a name for this worker that no other one anywhere has (the fence of its leases)."""
    return f"{socket.gethostname()[:30]}.{os.getpid()}.{threading.get_ident()}"[:64]
