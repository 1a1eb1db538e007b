"""The beat: every few seconds it puts back what a dead worker left and rings for what is due.

It does the sweep itself, so that works without Redis too, and it keeps nothing (no file, no memory that
counts): it may be killed, moved, and run twice. Two beats ring twice, which wakes nobody twice.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from celery.beat import Scheduler

from evidence.errors import EvidenceError
from evidence.service.jobs import LEASE
from storage.errors import StorageError
from workers.grown import application
from workers.rounds import about_logs

log = logging.getLogger("evidence.workers")

LOOK_EVERY_S = 5.0
SWEEP_EVERY_S = 15.0  # closing stale uploads and raising notices reads more, and can wait
# After a while without a look (the database was away, or this beat is new) the living extend leases first.
GRACE_S = LEASE.total_seconds() / 3


class SiteScheduler(Scheduler):
    """Celery's beat asks this when to wake and what to do; it does the work of the sweep itself."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]  # celery: no types
        self._looked_at = self._may_put_back_at = self._swept_at = float("-inf")
        self._rounds: list[threading.Thread] = []

    def setup_schedule(self) -> None:
        """Schedule nothing by message: a sweep that waits for Redis would not be one."""

    def tick(self, *_: object, **__: object) -> float:
        """Look once; return the seconds until the next look. Nothing it meets may end it."""
        try:
            self._look(time.monotonic())
        except (EvidenceError, StorageError, OSError) as problem:
            log.error("sweep failed; it will be tried again: %s", problem)  # noqa: TRY400
        except Exception:  # a beat that died would not be missed until a deadline was
            log.exception("sweep failed; it will be tried again")
        return LOOK_EVERY_S

    def _look(self, now: float) -> None:
        site = application()
        if not self._rounds:  # publishing may wait for the store, and keeps no sweep waiting
            site.watching.begin()
            self._rounds = about_logs(site, threading.Event())
            for thread in self._rounds:
                thread.start()
        if now - self._looked_at > 2 * LOOK_EVERY_S:
            site.work.due()  # the database answers
            self._may_put_back_at = now + GRACE_S
        if now >= self._may_put_back_at:
            site.work.put_back()
        if now - self._swept_at >= SWEEP_EVERY_S:
            site.work.tidy()
            self._swept_at = now
        site.site.bell.ring(*site.work.due())
        self._looked_at = time.monotonic()
