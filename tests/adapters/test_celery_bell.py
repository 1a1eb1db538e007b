"""The doorbell: one message by name after the commit; a queue out of reach is a warning, never a failure."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery, current_app
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from evidence.adapters import celery_bell
from evidence.adapters.celery_bell import ENOUGH, CeleryBell, open_queue, task_name
from evidence.service.jobs import JobName, Queue
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer
from workers.tasks import WORK


@pytest.fixture
def queue() -> Iterator[Celery]:
    app = open_queue()
    app.control.purge()
    yield app
    app.control.purge()


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    redis_server.empty()
    return redis_server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery_bell, "PAUSE_S", 0.1)


def embedded(queue: Queue) -> int:
    """Return how many messages wait in this process."""
    with Connection("memory://") as connection:
        return int(connection.default_channel.queue_declare(queue.value).message_count)


def waiting(server: RedisServer, queue: Queue) -> list[dict[str, object]]:
    """Return the messages that wait in Redis, the newest first."""
    with server.client() as client:
        return [json.loads(message) for message in client.lrange(queue.value, 0, -1)]


def has(server: RedisServer, queue: Queue, count: int) -> Callable[[], bool]:
    """Return the question whether so many messages wait."""
    return lambda: len(waiting(server, queue)) == count


def test_a_ring_for_which_there_is_no_thread_fails_no_act_and_is_rung_with_the_next(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell = CeleryBell(open_queue(redis.url))

    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", full)
        bell.ring(JobName.SEAL)
    assert waiting(redis, Queue.SEAL) == []
    bell.ring(JobName.DEEP)
    assert wait_until(has(redis, Queue.SEAL, 1), 10)
    assert wait_until(has(redis, Queue.DEEP, 1), 10)


def test_a_ring_is_one_message_that_names_the_task_of_the_workers(queue: Celery) -> None:
    bell = CeleryBell(queue)
    bell.ring(JobName.SEAL)
    bell.ring(JobName.SEAL)
    assert (embedded(Queue.SEAL), embedded(Queue.EXAMINE)) == (2, 0)
    with Connection("memory://") as connection, connection.SimpleQueue(Queue.SEAL.value) as box:
        message = box.get(timeout=1)
        message.ack()
        assert message.headers["task"] == f"{WORK}.seal" == task_name(Queue.SEAL)
        assert message.payload[:2] == [[], {}], "a nudge carries nothing: the job table is the truth"


def test_kinds_of_one_queue_are_one_message(queue: Celery) -> None:
    CeleryBell(queue).ring(JobName.EXAMINE, JobName.SEQUENCE, JobName.EXAMINE)
    assert (embedded(Queue.SEAL), embedded(Queue.EXAMINE)) == (0, 1)


def test_embedded_nothing_waits_where_nobody_listens(queue: Celery) -> None:
    CeleryBell(queue).ring(*JobName)
    assert [embedded(one) for one in Queue] == [1, 1, 0, 0, 0, 0]


def test_a_ring_is_quick(queue: Celery) -> None:
    began = time.monotonic()
    for _ in range(20):
        CeleryBell(queue).ring(JobName.SEAL)
    assert time.monotonic() - began < 5


def test_a_queue_out_of_reach_is_a_warning_and_the_caller_goes_on(
    queue: Celery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(queue, "send_task", unreachable)
    with caplog.at_level(logging.WARNING, "evidence.bell"):
        CeleryBell(queue).ring(JobName.SEAL)
    assert "no broker" in caplog.text


def test_over_tls_the_server_must_show_a_certificate_that_is_known() -> None:
    assert open_queue("rediss://localhost/0").connection().ssl == {"ssl_cert_reqs": "required"}
    assert not open_queue("redis://localhost/0").connection().ssl


@pytest.mark.parametrize("broker", ["memory://", "redis://localhost/0"])
def test_a_message_is_gone_when_it_is_received_and_no_worker_hoards_them(broker: str) -> None:
    queue = open_queue(broker)
    assert queue.conf.task_ignore_result is True
    assert queue.conf.task_acks_late is False
    assert queue.conf.worker_prefetch_multiplier == 1
    assert queue.conf.accept_content == ["json"]


def test_over_a_network_each_queue_has_its_list_and_nothing_else_is_kept(redis: RedisServer) -> None:
    CeleryBell(open_queue(redis.url)).ring(*JobName)
    rung = (Queue.SEAL, Queue.EXAMINE, Queue.DEEP, Queue.FIXITY, Queue.PROXY, Queue.EXPORT)
    assert wait_until(lambda: all(len(waiting(redis, one)) == 1 for one in rung), 10)
    with redis.client() as client:
        assert set(client.keys()) == {one.value.encode() for one in rung}
    (message,) = waiting(redis, Queue.DEEP)
    assert message["headers"]["task"] == task_name(Queue.DEEP)  # type: ignore[index]
    assert json.loads(base64.b64decode(str(message["body"])))[:2] == [[], {}]


def test_a_door_that_rings_all_day_fills_no_queue(redis: RedisServer) -> None:
    bell = CeleryBell(open_queue(redis.url))
    for _ in range(3 * ENOUGH):
        bell.ring(JobName.SEAL)
        time.sleep(0.002)  # the bell takes several rings at once for one
    bell.ring(JobName.EXAMINE)
    assert wait_until(has(redis, Queue.EXAMINE, 1), 10)
    assert 0 < len(waiting(redis, Queue.SEAL)) <= ENOUGH


@pytest.mark.usefixtures("impatient")
def test_what_was_rung_before_redis_was_there_is_rung_when_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = RedisServer(tmp_path)
    bell = CeleryBell(open_queue(server.url))
    bell.ring(JobName.SEAL)
    assert wait_until(lambda: "cannot be reached" in caplog.text, 2)
    with server:
        assert wait_until(has(server, Queue.SEAL, 1), 10)


@pytest.mark.usefixtures("impatient")
def test_what_was_rung_while_redis_was_away_is_rung_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer(tmp_path) as server:
        bell = CeleryBell(open_queue(server.url))
        bell.ring(JobName.SEAL)
        assert wait_until(has(server, Queue.SEAL, 1), 10)
        server.kill()
        began = time.monotonic()
        for _ in range(100):
            bell.ring(JobName.SEAL, JobName.DEEP)
        assert time.monotonic() - began < 0.5
        assert wait_until(lambda: "cannot be reached" in caplog.text, 10)
        server.start()  # empty, as after a loss
        assert wait_until(has(server, Queue.SEAL, 1), 10)
        assert wait_until(has(server, Queue.DEEP, 1), 10)
        assert len(caplog.records) == 2, "once gone, once back"
        server.empty()
        bell.ring(JobName.SEAL)
        assert wait_until(has(server, Queue.SEAL, 1), 10), "an emptied Redis takes messages as a full one"


@pytest.mark.usefixtures("impatient")
def test_nobody_waits_for_a_redis_that_takes_connections_and_never_answers(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(celery_bell._REDIS, "socket_timeout", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as hole:
        bell = CeleryBell(open_queue(f"redis://127.0.0.1:{hole.getsockname()[1]}/0"))
        for _ in range(3):
            began = time.monotonic()
            bell.ring(*JobName)
            assert time.monotonic() - began < 0.5
            time.sleep(0.5)
        assert wait_until(lambda: "cannot be reached" in caplog.text, 30)


def test_a_bell_over_a_network_is_not_the_process_s_own_application() -> None:
    own = open_queue()
    assert current_app._get_current_object() is own
    open_queue("redis://localhost/0")
    assert current_app._get_current_object() is own
