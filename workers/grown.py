"""What workers in processes of their own are made of: the site as each opens it, and a patient Celery.

Rules:
1. Nothing of the site is open when the pool forks: each process opens its own database, vault and keys, at
   its first task. What a fork shares (a socket, a lock) belongs to nobody.
2. A worker never gives up on Redis. It waits, tries every few seconds, and goes on with what the job table
   says.
3. Nobody can steer it through Redis: no remote control, no results. Of a message only the name of its task is
   read; its limits, times, arguments, callbacks and id are replaced by ours, and none is decompressed. An
   unreadable message costs at most one connection and is gone; so is a key that bears a queue's name and is
   no list. How long a message may be is for Redis to say (docs/operations.md): it gives one whole, or none.
4. A worker that runs parsers refuses to start where the sandbox does not hold, one that seals where the
   object store has not passed our probes.
5. Each holds the site's lock, shared, as long as it lives: no move begins while there is a worker.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn
from uuid import uuid4

from celery import Celery, signals
from celery.worker.consumer import Consumer
from kombu import compression
from kombu.connection import Connection
from kombu.message import Message
from redis.exceptions import RedisError, ResponseError

from evidence import notes
from evidence.bootstrap import (
    Application,
    build,
    lock_to_serve,
    open_doorbell,
    verify_may_ingest,
    verify_not_left,
)
from evidence.errors import EvidenceError, Invalid, Misconfigured
from evidence.local import check_machine
from evidence.locale import say
from evidence.service.jobs import Queue, kinds_of
from evidence.settings import default_data
from storage.errors import StorageError, UnknownAddress
from workers.tasks import WORK, register

log = logging.getLogger("evidence.workers")

PARSING = {Queue.EXAMINE, Queue.DEEP, Queue.PROXY}
CONNECT_EVERY_S = 3  # at most, while Redis is away; Celery's own wait grows to 30
# What a message that nobody of ours wrote can raise where Celery reads it. It would end the worker.
_UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError)

_opened: tuple[int, Application, ExitStack] | None = None
_opening = threading.Lock()
_held: IO[bytes] | None = None  # the site's lock: of this process, and of those that it forks


class PatientConsumer(Consumer):
    """Celery's consumer, that neither gives up on Redis nor ends for an unreadable message."""

    def __init__(self, *args: Any, **options: Any) -> None:
        # Nothing that workers tell each other is needed, and each of these is another way in.
        alone = dict.fromkeys(("without_mingle", "without_gossip", "without_heartbeat"), True)
        options["worker_options"] = {**options.get("worker_options", {}), **alone}
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]  # celery: no types
        self.connection_errors = (*self.connection_errors, *_UNREADABLE)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Begin anew with a connection of its own; where a queue's key was no list, without that key."""
        if isinstance(exc, ResponseError):
            self._remove_what_is_no_list()
        super().on_connection_error_after_connected(exc)  # type: ignore[no-untyped-call]  # celery: no types

    def _remove_what_is_no_list(self) -> None:
        """Remove keys that bear the name of a queue and hold no messages: no ring gets in beside them."""
        try:
            with self.app.connection_for_write() as line:
                channel = line.default_channel
                names = [
                    channel._q_for_pri(queue, step)
                    for queue in self.app.amqp.queues.consume_from
                    for step in channel.priority_steps
                ]
                for name in names:
                    if channel.client.type(name) not in (b"list", b"none"):
                        channel.client.delete(name)
                        log.warning("a key that bears a queue's name and is no list was removed: %r", name)
        except (RedisError, *self.connection_errors) as problem:
            log.warning("what stands in the place of a queue could not be removed: %r", problem)

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, however long that takes."""
        vars(conn)["ensure_connection"] = partial(conn.ensure_connection, interval_max=CONNECT_EVERY_S)
        return super().ensure_connected(conn)  # type: ignore[no-untyped-call, no-any-return]  # as above

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Message], object]:
        """Return what is called with each message: a ring goes on as ours, anything else is dropped."""
        handle = super().create_task_handler(*args, **options)  # type: ignore[no-untyped-call]  # as above

        def heard(message: Message) -> object:
            if not _is_ring(message):
                log.warning("a message that is no ring of ours was dropped")
                return message.reject_log_error(log, self.connection_errors)
            _cleanse(message)
            return handle(message)

        return heard


def _is_ring(message: Message) -> bool:
    name = message.headers.get("task") if isinstance(message.headers, dict) else None
    return isinstance(name, str) and name in {f"{WORK}.{queue}" for queue in Queue}


def _cleanse(message: Message) -> None:
    """Leave nothing of a message but the task. Celery would kill a process at a limit that it names, hold it
    back until its date, send what it asks to be sent after it, and write its id into the log.
    """
    name, new = message.headers["task"], str(uuid4())
    message.headers = {"lang": "py", "task": name, "id": new, "root_id": new, "ignore_result": True}
    message.headers |= {"argsrepr": "()", "kwargsrepr": "{}", "retries": 0}
    message.body, message._decoded_cache = b"[[], {}, {}]", None
    message.content_type, message.content_encoding = "application/json", "utf-8"
    message.properties, message.delivery_info = {}, {}


def application() -> Application:
    """Return the site as this very process has opened it; the site's lock is held from then on.

    Raises: Invalid, Unavailable, PolicyError, Busy, Conflict("form-left").
    """
    global _opened
    with _opening:
        if _opened is None or _opened[0] != os.getpid():
            with ExitStack() as holding:
                # Its own beside the one that it was forked with: a daemon has closed all files.
                holding.enter_context(lock_to_serve(_folder()))
                site = build(_folder())
                verify_not_left(site.settings)
                _opened = (os.getpid(), site, holding.pop_all())
            gc.freeze()  # what stays for good is not looked through again after every few jobs
        return _opened[1]


def make_app() -> Celery:
    """Make the Celery application of the site. Raises: Invalid where the service has workers of its own."""
    global _held
    queue, _held = open_doorbell(_folder())
    queue.set_default()
    queue.set_current()
    queue.conf.update(
        worker_consumer="workers.grown:PatientConsumer",
        broker_channel_error_retry=True,  # whatever Redis answers ends no worker
        worker_disable_prefetch=True,  # a message in the hands of a busy worker wakes nobody
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        beat_scheduler="workers.schedule:SiteScheduler",
    )
    compression._decoders.clear()  # a message of a few hundred bytes would fill the memory
    register(queue, application, {which: kinds_of(which) for which in Queue})
    # Here and not at import: the workers inside a service have had their looks before.
    signals.worker_init.connect(_look_at_the_machine, sender=None, weak=False)
    if notes.chosen() == "json":  # else Celery writes them as it does
        signals.setup_logging.connect(notes.begin, weak=False)
    return queue


def _folder() -> Path:
    folder = default_data()
    if folder is None:
        raise Invalid("data-folder-missing")
    return folder


def refuse(problem: EvidenceError | StorageError) -> NoReturn:
    """End the process with a sentence instead of a traceback."""
    print(say(f"error.{problem.code}", **problem.fields), file=sys.stderr)
    for field, value in problem.fields.items():
        print(f"  {field}: {value}", file=sys.stderr)
    raise SystemExit(2 if isinstance(problem, Invalid | Misconfigured | UnknownAddress) else 3)


def _look_at_the_machine(sender: Any, **_: object) -> None:
    """Refuse to run parsers where the sandbox does not hold, and to seal where the store may not be used."""
    served = sender.app.amqp.queues.consume_from
    try:
        if PARSING.intersection(served):
            check_machine()
        if Queue.SEAL in served:
            verify_may_ingest(_folder())
    except (EvidenceError, StorageError) as problem:
        refuse(problem)
