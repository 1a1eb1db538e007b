"""The doorbell: a Celery message sent after the commit. It only says "look at the job table".

Losing one costs at most the seconds until the next sweep; a doubled one finds the job taken. What follows:

* A message carries nothing. It is off the queue when it is received, so nothing is ever redelivered, and no
  visibility timeout matters. A queue never holds more than a few: a hundred rings at one door wake nobody
  twice, and a worker that was stopped for a week finds no thousands.
* Nobody waits for a Redis. A ring over the network is left to a thread; a Redis that is down, silent or just
  emptied costs the act that rang nothing, and what was rung meanwhile is rung again when it is back.
* Nothing has to be there. Messages go to the list that bears the queue's name; kombu's tables of bindings,
  which an emptied Redis has lost, are not used.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection

from celery import Celery
from kombu.entity import Queue as Declared

from evidence.locale import say
from evidence.service.jobs import QUEUES, JobName, Queue

log = logging.getLogger("evidence.bell")
EMBEDDED = "memory://"
# Rung in the embedded form. The threads that decode and read back look for themselves (workers/embedded.py).
EMBEDDED_QUEUES = (Queue.SEAL, Queue.EXAMINE)
ENOUGH = 32  # messages in one queue; each wakes one process, and each that finds work wakes the next
PAUSE_S = 3.0  # after a ring that failed
_REDIS = {
    "ack_emulation": False,  # what was taken is gone: the job table keeps the work, not the queue
    "socket_connect_timeout": 2.0,
    "socket_timeout": 5.0,  # longer than the one second that a worker waits at an empty queue
    "socket_keepalive": True,
    "max_retries": 0,  # of one ring: the bell tries again by itself, and a worker has its own patience
    "health_check_interval": 5,  # a connection that died silently is noticed after 11 seconds, not 51
}


def task_name(queue: Queue) -> str:
    """Return the name of the task that serves a queue: a job is sent by name, workers are never imported."""
    return f"evidence.work.{queue}"


class CeleryBell:
    """Rings by sending one message to each queue that has work for it."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._is_embedded = app.conf.broker_url == EMBEDDED
        self._wanted: set[Queue] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_heard = True

    def ring(self, *names: JobName) -> None:
        """Say that there is work. Returns at once and never fails; the sweep finds what a lost ring left."""
        queues = {QUEUES[name] for name in names}
        if self._is_embedded:
            self._rung(queues.intersection(EMBEDDED_QUEUES))
            return
        with self._changed:
            self._wanted |= queues
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._ring_on, name="bell", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError as problem:  # the machine has none left: it is rung with the next one
                    log.warning("nobody can ring; the sweep will find the work: %r", problem)
            self._changed.notify()

    def _ring_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                queues, self._wanted = self._wanted, set()
            if not self._rung(queues):
                with self._changed:
                    self._wanted |= queues
                time.sleep(PAUSE_S)

    def _rung(self, queues: Collection[Queue]) -> bool:
        """Send the messages; tell whether that went well."""
        try:
            for queue in queues:
                self._send(queue)
        except Exception as problem:  # noqa: BLE001 (whatever the transport raises: an act never fails for it)
            if self._is_heard and is_refusal(problem):
                log.warning("%s", say("error.queue-refuses-user"))
            elif self._is_heard:
                log.warning("the queue cannot be reached; the sweep will find the work: %r", problem)
            self._is_heard = False
            return False
        if not self._is_heard:
            log.warning("the queue can be reached again")
        self._is_heard = True
        return True

    def _send(self, queue: Queue) -> None:
        with self._app.producer_pool.acquire(block=True) as producer:
            if producer.channel.queue_declare(queue=queue.value).message_count < ENOUGH:
                self._app.send_task(
                    task_name(queue), queue=queue.value, producer=producer, ignore_result=True, retry=False
                )


def is_refusal(problem: BaseException | None) -> bool:
    """Tell whether Redis knows no such user or password, or does not let this user in."""
    from redis.exceptions import AuthenticationError, NoPermissionError  # long to load, and seldom needed

    while problem is not None:
        if isinstance(problem, AuthenticationError | NoPermissionError):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def open_queue(broker: str = EMBEDDED) -> Celery:
    """Open the Celery application of a site. Results are not kept: the job table is the truth.

    The embedded one is the process's own. Over a network a process may hold two (a worker's and its bell's),
    and only the worker's is the current one.
    """
    is_embedded = broker == EMBEDDED
    app = Celery("evidence", broker=broker, set_as_current=is_embedded)
    if is_embedded:
        app.set_default()
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_queues=[
            Declared(queue.value, routing_key=queue.value, no_declare=True)
            for queue in (EMBEDDED_QUEUES if is_embedded else Queue)
        ],
        task_default_queue=Queue.SEAL.value,
        task_create_missing_queues=False,
        accept_content=["json"],
        worker_hijack_root_logger=not is_embedded,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={} if is_embedded else _REDIS,
        # kombu's own default for rediss:// checks nobody's certificate.
        broker_use_ssl={"ssl_cert_reqs": "required"} if broker.startswith("rediss:") else False,
    )
    return app
