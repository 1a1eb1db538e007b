"""Who can write to Redis can wake workers, and nothing of what such a message says is believed."""

from __future__ import annotations

import base64
import bz2
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.servers.redis import RedisServer
from tests.workers.fleet import ROOT, Fleet, body

pytestmark = pytest.mark.grown

NOTHING = base64.b64encode(b"[[],{},{}]").decode()


@pytest.fixture
def fleet(tmp_path: Path, redis_server: RedisServer) -> Iterator[Fleet]:
    redis_server.empty()
    with Fleet(tmp_path, redis_server) as fleet:
        yield fleet


def push(redis: RedisServer, queue: str, said: str = NOTHING, **headers: Any) -> None:
    """Put a message into a queue as somebody does who knows Celery."""
    message: dict[str, Any] = {
        "body": said,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": f"evidence.work.{queue}", "id": "x", "lang": "py", **headers},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": "x",
            "delivery_info": {"exchange": "", "routing_key": queue},
            "correlation_id": "c",
            "priority": 0,
        },
    }
    with redis.client() as client:
        client.lpush(queue, json.dumps(message))


def test_no_message_limits_the_time_of_a_job(fleet: Fleet, redis_server: RedisServer) -> None:
    upload = fleet.send("a.bin", body(1))
    time.sleep(1)  # the honest rings are out
    redis_server.empty()
    fleet.worker("seal", stall=("seal", 4))
    push(redis_server, "seal", timelimit=[1, None])
    fleet.seconds_until(lambda: fleet.is_sealed(upload), 25)
    fleet.worker("deep", stall=("deep", 4))
    time.sleep(1)
    redis_server.empty()
    push(redis_server, "deep", timelimit=[None, 1])
    fleet.seconds_until(lambda: bool(fleet.acts("evidence.examine", "deep")), 25)
    assert fleet.attempts() <= {0, 1}
    assert "ime limit" not in fleet.output()


def test_nothing_of_a_message_but_its_task_counts(fleet: Fleet, redis_server: RedisServer) -> None:
    worker = fleet.worker("seal")
    more = {"task": "evidence.work.seal", "args": [], "kwargs": {}, "options": {"queue": "seal"}}
    embedded = json.dumps(
        [[1, 2], {"a": 1}, {"callbacks": [more, more], "chain": [more], "errbacks": [more]}]
    )
    odd: tuple[dict[str, Any], ...] = (
        {"said": base64.b64encode(embedded.encode()).decode()},
        {"said": base64.b64encode(b"{" * 100_000).decode()},
        {"eta": "2099-01-01T00:00:00Z"},
        {"expires": "2000-01-01T00:00:00Z"},
        {"eta": "never", "expires": 7, "retries": "many", "stamped_headers": 7, "shadow": 7},
        {
            "id": "x]\n[2026-01-01 00:00:00: ERROR/MainProcess] FORGED",
            "argsrepr": "\nFORGED",
            "shadow": "FORGED",
        },
        {"task": "celery.backend_cleanup"},
        {"task": "FORGED\n"},
        {"task": ["evidence.work.seal"]},
    )
    for one in odd:
        redis_server.empty()
        push(redis_server, "seal", **one)
        fleet.seconds_until(lambda: not redis_server.client().llen("seal"), 30)
    upload = fleet.send("a.bin", body(1))
    fleet.seconds_until(lambda: fleet.is_sealed(upload), 30)
    assert worker.poll() is None
    assert "FORGED" not in fleet.output()
    assert "no ring of ours" in fleet.output()


def test_a_compressed_message_is_unreadable(fleet: Fleet, redis_server: RedisServer) -> None:
    worker = fleet.worker("seal")
    upload = fleet.send("a.bin", body(1))
    fleet.seconds_until(lambda: fleet.is_sealed(upload))
    bomb = base64.b64encode(bz2.compress(b"0" * 300_000_000)).decode()
    for name in ("application/x-bz2", "bzip2"):
        push(redis_server, "seal", bomb, compression=name)
    upload = fleet.send("b.bin", body(2))
    fleet.seconds_until(lambda: fleet.is_sealed(upload))
    status = Path(f"/proc/{worker.pid}/status").read_text()
    most = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert most >> 10 < 250, "MiB"


DEEP = (
    "[" * 200_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 100_000,
    '{"headers": {"task": "evidence.work.seal", "x": ' + "[" * 50_000 + "]" * 50_000 + "}}",
)


def test_a_message_that_is_nested_deeply_ends_no_worker(fleet: Fleet, redis_server: RedisServer) -> None:
    worker = fleet.worker("seal")
    first = fleet.send("a.bin", body(1))
    fleet.seconds_until(lambda: fleet.is_sealed(first))
    for message in DEEP:
        with redis_server.client() as client:
            client.lpush("seal", message)
        fleet.seconds_until(lambda: not redis_server.client().llen("seal"), 30)
    second = fleet.send("b.bin", body(2))
    fleet.seconds_until(lambda: fleet.is_sealed(second), 30)
    assert worker.poll() is None


@pytest.mark.parametrize("key", ["seal", "seal\x06\x163"])  # kombu has four lists to a queue
def test_a_key_in_the_place_of_a_queue_ends_no_worker_and_is_removed(
    fleet: Fleet, redis_server: RedisServer, key: str
) -> None:
    worker = fleet.worker("seal")
    first = fleet.send("a.bin", body(1))
    fleet.seconds_until(lambda: fleet.is_sealed(first))
    commands = (("SET", "x"), ("SADD", "x"), ("HSET", "a", "b"), ("XADD", "*", "a", "b"), ("ZADD", "1", "x"))
    for number, (command, *words) in enumerate(commands, 2):
        with redis_server.client() as client:
            client.delete(key)
            client.execute_command(command, key, *words)  # type: ignore[no-untyped-call]
            client.set("of-somebody-else", "x")
        fleet.seconds_until(lambda: redis_server.client().type(key) in (b"none", b"list"), 30)
        upload = fleet.send(f"{number}.bin", body(number))
        fleet.seconds_until(lambda upload=upload: fleet.is_sealed(upload), 30)  # type: ignore[misc]
        assert redis_server.client().get("of-somebody-else") == b"x"
    assert worker.poll() is None
    with redis_server.client() as client:
        client.delete(key)
        client.set(key, "x")
    fleet.kill(worker)
    fleet.worker("seal")  # one that finds it when it starts
    upload = fleet.send("last.bin", body(99))
    fleet.seconds_until(lambda: fleet.is_sealed(upload), 60)


def test_the_broker_takes_no_long_message(redis_server: RedisServer) -> None:
    settings = (ROOT / "deploy" / "broker.conf").read_text("utf-8").splitlines()
    name, value = next(line.split() for line in settings if line.startswith("proto-max-bulk-len"))
    with redis_server.client() as client:
        before = client.config_get(name)[name]
        client.config_set(name, value)
        try:
            with pytest.raises(redis.RedisError):
                client.lpush("long", "A" * (2 << 20))
        finally:
            redis_server.client().config_set(name, before)
        assert redis_server.client().llen("long") == 0
