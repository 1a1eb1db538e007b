"""Workers as processes of their own, over a real Redis: each job once, none waits for another's weight."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.service.jobs import LEASE
from evidence.web.app import create_app
from tests.servers.redis import RedisServer
from tests.workers.fleet import BODY, Fleet, body, verify_each_is_sealed_once


@pytest.fixture
def fleet(tmp_path: Path, redis_server: RedisServer) -> Iterator[Fleet]:
    redis_server.empty()
    with Fleet(tmp_path, redis_server) as fleet:
        yield fleet


@pytest.mark.grown
def test_three_workers_do_jobs_of_all_kinds_each_once(fleet: Fleet) -> None:
    fleet.worker("seal", pool=("-c", "2"))
    fleet.worker("examine", "seal")
    fleet.worker("deep", "fixity", pool=("--pool", "threads", "-c", "2"))
    sent = {fleet.send(f"{number}.bin", body(number)).id: body(number) for number in range(12)}
    fleet.seconds_until(fleet.is_at_rest)  # without a beat: every ring was heard
    verify_each_is_sealed_once(fleet, sent)
    for kind in ("probe", "deep"):
        assert fleet.acts("evidence.examine", kind) == dict.fromkeys(sent, 1)
    assert fleet.attempts() == {1}

    long_ago = text("UPDATE recording SET checked_at = '2020-01-01T00:00:00.000000Z'")
    with fleet.application.site.database.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(long_ago)
    fleet.beat()
    fleet.beat()  # two do no harm
    fleet.seconds_until(lambda: len(fleet.acts("evidence.verify")) == len(sent))
    fleet.seconds_until(fleet.is_at_rest)
    assert fleet.acts("evidence.verify") == dict.fromkeys(sent, 1)
    assert fleet.attempts() == {1}


@pytest.mark.grown
def test_what_a_killed_worker_had_in_hand_is_done_by_another_within_60_seconds(fleet: Fleet) -> None:
    fleet.beat()
    sealing = fleet.worker("seal", stall=("seal", 600))
    examining = fleet.worker("examine", stall=("examine", 600))
    first = fleet.send("first.bin", body(1))
    fleet.seconds_until(fleet.began("seal"))
    fleet.kill(sealing)
    helper = fleet.worker("seal")
    second = fleet.send("second.bin", body(2))
    fleet.seconds_until(fleet.began("examine"))
    fleet.kill(examining)
    assert not fleet.is_sealed(first)
    fleet.worker("examine", "deep")
    assert fleet.seconds_until(fleet.is_at_rest) < 60
    assert helper.poll() is None
    verify_each_is_sealed_once(fleet, {first.id: body(1), second.id: body(2)})
    assert fleet.acts("evidence.examine", "probe") == {first.id: 1, second.id: 1}
    assert fleet.attempts() == {1, 2}


def test_a_worker_that_is_asked_to_stop_ends_what_it_has_in_hand(fleet: Fleet) -> None:
    worker = fleet.worker("seal", stall=("seal", 2))
    upload = fleet.send("slow.bin", BODY)
    fleet.seconds_until(fleet.began("seal"))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert fleet.is_sealed(upload)
    assert "running" not in fleet.jobs()


@pytest.mark.grown
def test_a_long_decoding_delays_no_seal(fleet: Fleet) -> None:
    fleet.worker("deep", stall=("deep", 600))
    fleet.worker("seal", "examine")
    fleet.send("first.bin", body(1))
    fleet.seconds_until(fleet.began("deep"))
    upload = fleet.send("second.bin", body(2))
    assert fleet.seconds_until(lambda: fleet.is_sealed(upload)) < LEASE.total_seconds() / 3
    assert not fleet.acts("evidence.examine", "deep")


def test_the_service_of_a_grown_site_starts_no_workers_of_its_own(fleet: Fleet) -> None:
    app = create_app(fleet.application)

    async def names_of_threads() -> set[str]:
        async with app.router.lifespan_context(app):
            return {thread.name for thread in threading.enumerate()}

    assert not asyncio.run(names_of_threads()) & {"celery", "sweep", "deep", "fixity"}


@pytest.mark.grown
def test_a_store_that_is_away_is_one_line_of_a_worker_s_notes_for_each_try(fleet: Fleet) -> None:
    vault, away = fleet.data / "vault", fleet.data / "away"
    vault.rename(away)
    fleet.worker("seal")
    fleet.beat()
    upload = fleet.send("file.bin", BODY)
    seen = "evidence.work.seal cannot look for work now: vault-not-there"
    fleet.seconds_until(lambda: seen in fleet.output())
    fleet.seconds_until(lambda: "sweep failed; it will be tried again" in fleet.output())
    away.rename(vault)
    fleet.seconds_until(lambda: fleet.is_sealed(upload))
    for hidden in ("Traceback", "raised unexpected", "UnpickleableExceptionWrapper"):
        assert hidden not in fleet.output()
