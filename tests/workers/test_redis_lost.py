"""Redis stopped, killed, emptied, doubled, filled with rubbish: nothing lost or done twice (drill F20)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.service.jobs import Queue
from tests.servers.redis import RedisServer
from tests.workers.fleet import Fleet, body, verify_each_is_sealed_once

pytestmark = pytest.mark.grown

RUBBISH = (
    b"not JSON",
    b"\xff\x00",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"body": 1, "properties": 2}',
    json.dumps({"body": "!", "properties": {"delivery_tag": "x", "body_encoding": "base64"}}).encode(),
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def fleet(tmp_path: Path, redis: RedisServer) -> Iterator[Fleet]:
    (tmp_path / "fleet").mkdir()
    with Fleet(tmp_path / "fleet", redis) as fleet:
        yield fleet


def send(fleet: Fleet, sent: dict[str, bytes], count: int) -> None:
    for _ in range(count):
        content = body(len(sent))
        sent[fleet.send(f"{len(sent)}.bin", content).id] = content


def double(redis: RedisServer) -> None:
    """Push each message that waits a second time."""
    with redis.client() as client:
        for queue in Queue:
            for message in client.lrange(queue.value, 0, -1):
                client.lpush(queue.value, message)


def throw_rubbish(redis: RedisServer) -> None:
    """Put into each queue what nobody of ours wrote, and one task that nobody knows."""
    with redis.client() as client:
        for queue in Queue:
            for rubbish in RUBBISH:
                client.lpush(queue.value, rubbish)
        ours = client.lrange(Queue.SEAL.value, -1, -1)
        for message in ours:
            foreign = message.replace(b"evidence.work.seal", b"celery.backend_cleanup")
            client.lpush(Queue.SEAL.value, foreign, message.replace(b"evidence.work.seal", b"os.system"))


def test_whatever_becomes_of_redis_each_job_is_done_once_within_60_seconds_of_its_return(
    fleet: Fleet, redis: RedisServer
) -> None:
    sent: dict[str, bytes] = {}
    took: dict[str, float] = {}
    fleet.worker("seal", "examine", "deep", pool=("-c", "2"))
    fleet.beat()
    send(fleet, sent, 2)
    took["first"] = fleet.seconds_until(fleet.is_at_rest)

    redis.stop()
    send(fleet, sent, 5)  # every ring is lost
    time.sleep(6)
    assert not fleet.is_at_rest()
    redis.start()
    took["stopped before"] = fleet.seconds_until(fleet.is_at_rest)

    send(fleet, sent, 5)
    redis.kill()  # in the middle of it, and what it held is gone with it
    send(fleet, sent, 5)
    redis.start()
    took["killed during"] = fleet.seconds_until(fleet.is_at_rest)

    for _ in range(5):
        send(fleet, sent, 1)
        double(redis)
        redis.empty()
    took["emptied"] = fleet.seconds_until(fleet.is_at_rest)

    send(fleet, sent, 3)
    throw_rubbish(redis)
    double(redis)
    send(fleet, sent, 3)
    took["rubbish"] = fleet.seconds_until(fleet.is_at_rest)

    assert all(seconds < 60 for seconds in took.values()), took
    verify_each_is_sealed_once(fleet, sent)
    for kind in ("probe", "deep"):
        assert fleet.acts("evidence.examine", kind) == dict.fromkeys(sent, 1)
    assert all(process.poll() is None for process in fleet.processes), fleet.output()
    assert fleet.attempts() == {1}
