"""The workers of a site of one service: Celery over its in-memory transport, in threads; sweep; reading back.

They run in a process of their own (beside.py).

Nothing here is needed for safety: a lost message or a killed thread leaves a row in the job table, and the
sweep finds it. The same tasks run grown up over Redis in processes of their own (workers/app.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from celery.worker import WorkController

from evidence.bootstrap import Application
from evidence.service.jobs import JobName, Queue, kinds_of
from workers.rounds import about_logs, every
from workers.tasks import URGENT, owner, register

SWEEP_EVERY_S = 15.0
# What may take minutes has a thread of its own for each queue, which asks so often, in seconds.
LONG = {Queue.DEEP: 2.0, Queue.PROXY: 2.0, Queue.EXPORT: 2.0, Queue.FIXITY: 5.0}


def start(application: Application) -> Callable[[], None]:
    """Start the workers of one service in this process; return the call that stops them and waits for the
    work in hand.
    """
    application.work.take_over()
    # Whichever of the two is rung: the weightiest job first.
    register(application.queue, lambda: application, {Queue.SEAL: URGENT, Queue.EXAMINE: URGENT})
    controller = WorkController(
        app=application.queue,
        pool_cls="threads",
        concurrency=application.settings.workers,
        loglevel="WARNING",
    )
    stopping = threading.Event()
    threads = [
        threading.Thread(target=controller.start, name="celery", daemon=True),
        *about_logs(application, stopping),
        every(SWEEP_EVERY_S, _sweep(application), stopping, "sweep"),
        *(
            every(seconds, _all(kinds_of(queue), application, stopping), stopping, queue)
            for queue, seconds in LONG.items()
        ),
    ]
    for thread in threads:
        thread.start()
    application.site.bell.ring(*JobName)

    def stop() -> None:
        stopping.set()
        controller.stop()
        for thread in threads[1:]:
            thread.join(timeout=10)
        application.signer.close()

    return stop


def _sweep(application: Application) -> Callable[[], object]:
    def sweep() -> None:
        application.work.sweep()
        application.site.bell.ring(*JobName)

    return sweep


def _all(
    names: Collection[JobName], application: Application, stopping: threading.Event
) -> Callable[[], object]:
    """Make a step that does all jobs of these kinds that are due."""

    def step() -> None:
        while not stopping.is_set() and application.work.do_next(owner(), names):
            pass

    return step
