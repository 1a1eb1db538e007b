"""The doorbell: one message by name after the commit; a queue out of reach is a warning, never a failure."""

from __future__ import annotations

import logging
import time

import pytest
from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError

from evidence.adapters import celery_bell
from evidence.adapters.celery_bell import CeleryBell, open_queue
from workers.tasks import WORK


@pytest.fixture
def queue() -> Celery:
    app = open_queue()
    app.control.purge()
    return app


def waiting(app: Celery) -> int:
    with Connection("memory://") as connection:
        return int(connection.default_channel.queue_declare("evidence", passive=True).message_count)


def test_a_ring_is_one_message_that_names_the_task_of_the_workers(queue: Celery) -> None:
    bell = CeleryBell(queue)
    bell.ring()
    bell.ring()
    assert waiting(queue) == 2
    with Connection("memory://") as connection, connection.SimpleQueue("evidence") as box:
        message = box.get(timeout=1)
        message.ack()
        assert message.headers["task"] == WORK == celery_bell.TASK
        assert message.payload[:2] == [[], {}], "a nudge carries nothing: the job table is the truth"
    queue.control.purge()


def test_a_ring_is_quick(queue: Celery) -> None:
    began = time.monotonic()
    for _ in range(20):
        CeleryBell(queue).ring()
    assert time.monotonic() - began < 5
    queue.control.purge()


def test_a_queue_out_of_reach_is_a_warning_and_the_caller_goes_on(
    queue: Celery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(queue, "send_task", unreachable)
    with caplog.at_level(logging.WARNING, "evidence.bell"):
        CeleryBell(queue).ring()
    assert "no broker" in caplog.text


def test_results_are_not_kept_and_a_task_is_done_once_more_rather_than_lost(queue: Celery) -> None:
    assert queue.conf.task_ignore_result is True
    assert queue.conf.task_acks_late is True
    assert queue.conf.worker_prefetch_multiplier == 1
