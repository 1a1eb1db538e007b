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

from tests.servers.redis import RedisServer
from tests.workers.fleet import Fleet, body

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
