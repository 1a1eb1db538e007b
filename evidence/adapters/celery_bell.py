"""The doorbell: a Celery message sent after the commit. It only says "look at the job table".

Losing one costs at most the seconds until the next sweep; a doubled one finds the job taken.
"""

from __future__ import annotations

import logging

from celery import Celery
from kombu.exceptions import OperationalError

log = logging.getLogger("evidence.bell")
TASK = "evidence.work"  # the name of the task in workers/tasks.py; a job is sent by name, never imported


class CeleryBell:
    """Rings by sending one task."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def ring(self) -> None:
        """Say that there is work."""
        try:
            self._app.send_task(TASK, ignore_result=True)
        except OperationalError as problem:
            log.warning("the queue cannot be reached; the sweep will find the work: %s", problem)


def open_queue(broker: str = "memory://") -> Celery:
    """Open the Celery application of a site. Results are not kept: the job table is the truth."""
    app = Celery("evidence", broker=broker, set_as_current=True)
    app.set_default()
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        task_default_queue="evidence",
        worker_prefetch_multiplier=1,
    )
    return app
