"""A turn of a worker: what it does, whom it wakes, when it ends; and what the beat does between turns."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from evidence.bootstrap import lock_service
from evidence.domain.ids import new_id
from evidence.errors import Busy, Unavailable
from evidence.service.examining.examination import Examination
from evidence.service.jobs import LEASE, JobName, Queue, kinds_of
from evidence.settings import load
from storage.errors import StoreUnavailable
from tests.builders import SmallSite, an_origin
from workers import grown, schedule, tasks
from workers.rounds import every
from workers.schedule import GRACE_S, LOOK_EVERY_S, SWEEP_EVERY_S, SiteScheduler
from workers.tasks import GATHER_S, take_turn

EXAMINING = kinds_of(Queue.EXAMINE)


@dataclass
class RememberingBell:
    """A doorbell that remembers what it was rung for."""

    rung: list[JobName] = field(default_factory=list)

    def ring(self, *names: JobName) -> None:
        """Remember."""
        self.rung += names


@dataclass
class Stopwatch:
    """The seconds of the worker's own clock, moved by hand."""

    seconds: float = 1000.0
    sleep: Callable[[float], None] = time.sleep

    def monotonic(self) -> float:
        """Return what it shows."""
        return self.seconds


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSite:
    monkeypatch.setattr(Examination, "sequence", lambda *_: None)
    return SmallSite(tmp_path, bell=RememberingBell())  # type: ignore[arg-type]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(tasks, "time", watch)
    monkeypatch.setattr(schedule, "time", watch)
    return watch


def send(small: SmallSite, count: int) -> None:
    """Send small files of names of their own."""
    for _ in range(count):
        small.send(an_origin(f"DCIM/{new_id()}.mp4", size_bytes=100), b"s" * 100)


def rung(small: SmallSite) -> list[JobName]:
    """Return what the bell was rung for since the last time."""
    bell: Any = small.bell
    names, bell.rung = bell.rung, []
    return names


def as_application(small: SmallSite) -> Any:
    return SimpleNamespace(
        work=small.work,
        site=small.site,
        settings=SimpleNamespace(publish_s=3600, audit_minutes=60),
        publishing=SimpleNamespace(publish_all=lambda: None),
        auditing=SimpleNamespace(fsck=lambda _: None),
        watching=SimpleNamespace(begin=lambda: None, look=lambda: None),
        witnessing=SimpleNamespace(witnesses=[]),
        timestamping=SimpleNamespace(stamp=lambda: None),
        court=SimpleNamespace(building=SimpleNamespace(tidy=lambda: None)),
    )


def queue(small: SmallSite, count: int, name: JobName = JobName.SEQUENCE) -> None:
    with small.database.writing() as unit:
        for number in range(count):
            unit.jobs.add(name, f"device-{number}", small.clock.now())


def counts(small: SmallSite) -> dict[str, int]:
    with small.database.reading() as unit:
        return dict(unit.jobs.counts())


def test_a_turn_does_all_that_is_due_and_wakes_one_more_worker_when_there_is_more(small: SmallSite) -> None:
    queue(small, 3)
    take_turn(as_application(small), EXAMINING)
    assert counts(small) == {"done": 3}
    assert rung(small) == [JobName.SEQUENCE]


def test_a_turn_wakes_nobody_for_nothing(small: SmallSite) -> None:
    take_turn(as_application(small), EXAMINING)
    queue(small, 1)
    queue(small, 2, JobName.DEEP)  # another queue's
    take_turn(as_application(small), EXAMINING)
    assert rung(small) == []
    assert counts(small) == {"done": 1, "queued": 2}


def test_a_turn_ends_after_a_while_and_rings_for_whoever_goes_on(
    small: SmallSite, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_second(*_: object) -> None:
        watch.seconds += 1.1

    monkeypatch.setattr(Examination, "sequence", one_second)
    queue(small, 5)
    take_turn(as_application(small), EXAMINING)
    assert counts(small) == {"done": 2, "queued": 3}
    assert rung(small) == [JobName.SEQUENCE] * 2


def test_after_a_seal_others_are_given_a_moment_to_come_and_the_first_waits_for_nothing(
    small: SmallSite, watch: Stopwatch
) -> None:
    def come(seconds: float) -> None:
        watch.seconds += seconds
        assert counts(small)["done"] == len(slept) * 3 + 1
        slept.append(seconds)
        if len(slept) == 1:
            send(small, 3)

    slept: list[float] = []
    watch.sleep = come
    send(small, 1)
    take_turn(as_application(small), kinds_of(Queue.SEAL))
    assert slept == [GATHER_S] * 2
    assert counts(small)["done"] == 4


def test_a_database_that_is_away_ends_a_turn_without_noise(caplog: pytest.LogCaptureFixture) -> None:
    def away() -> Any:
        raise Unavailable("database-unavailable")

    app = Celery("test", broker="memory://", set_as_current=False)
    tasks.register(app, away, {Queue.SEAL: kinds_of(Queue.SEAL)})
    app.tasks["evidence.work.seal"].apply(throw=True)
    (said,) = caplog.records
    assert "database-unavailable" in said.getMessage()
    assert said.exc_info is None


@pytest.fixture
def beat(small: SmallSite, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteScheduler]:
    monkeypatch.setattr(schedule, "application", lambda: as_application(small))
    yield SiteScheduler(Celery("test", broker="memory://", set_as_current=False))


def tick(beat: SiteScheduler, watch: Stopwatch, small: SmallSite, seconds: float = LOOK_EVERY_S) -> None:
    assert beat.tick() == LOOK_EVERY_S
    watch.seconds += seconds
    small.clock.pass_by((LEASE / LEASE.total_seconds()) * seconds)


def test_the_beat_rings_for_what_is_due_and_for_nothing_else(
    small: SmallSite, beat: SiteScheduler, watch: Stopwatch
) -> None:
    tick(beat, watch, small)
    assert rung(small) == []
    queue(small, 3)
    queue(small, 1, JobName.DEEP)
    tick(beat, watch, small)
    assert set(rung(small)) == {JobName.SEQUENCE, JobName.DEEP}


def test_the_beat_puts_back_what_a_dead_worker_left_within_the_minute(
    small: SmallSite, beat: SiteScheduler, watch: Stopwatch
) -> None:
    queue(small, 1)
    assert small.work.claim("killed", EXAMINING)
    began = watch.seconds
    while "running" in counts(small):
        tick(beat, watch, small)
    assert watch.seconds - began <= LEASE.total_seconds() + 2 * LOOK_EVERY_S


def test_after_the_database_was_away_the_living_extend_their_leases_before_any_is_taken(
    small: SmallSite, beat: SiteScheduler, watch: Stopwatch
) -> None:
    tick(beat, watch, small)
    tick(beat, watch, small, GRACE_S)
    queue(small, 1)
    job = small.work.claim("alive", EXAMINING)
    assert job is not None
    watch.seconds += 600
    small.clock.pass_by(LEASE * 20)
    tick(beat, watch, small)
    assert counts(small) == {"running": 1}
    with small.database.writing() as unit:
        assert unit.jobs.renew(job, small.clock.now() + LEASE)
    for _ in range(3):
        tick(beat, watch, small)
    assert counts(small) == {"running": 1}


def test_a_beat_that_fails_goes_on(
    small: SmallSite, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> Any:
        raise Unavailable("database-unavailable")

    beat = SiteScheduler(Celery("test", broker="memory://", set_as_current=False))
    monkeypatch.setattr(schedule, "application", away)
    tick(beat, watch, small)
    assert "database-unavailable" in caplog.text
    queue(small, 1)
    monkeypatch.setattr(schedule, "application", lambda: as_application(small))
    tick(beat, watch, small, SWEEP_EVERY_S)
    assert rung(small) == [JobName.SEQUENCE]


def test_a_process_opens_the_site_once_and_never_uses_what_another_has_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setenv("EVIDENCE_DATA", str(tmp_path))
    (tmp_path / "site.toml").write_text(
        'name = "test.example/site"\npolicy = "dazhe-2020"\nbroker = "redis://127.0.0.1:1/0"\n'
    )
    monkeypatch.setattr(
        grown, "build", lambda folder: opened.append(folder) or SimpleNamespace(settings=load(folder))
    )
    monkeypatch.setattr(grown, "_opened", None)
    first = grown.application()
    assert grown.application() is first
    monkeypatch.setattr(grown.os, "getpid", lambda: -1)
    assert grown.application() is not first
    assert opened == [tmp_path, tmp_path]
    with pytest.raises(Busy, match="service-running"):
        lock_service(tmp_path)
    grown._opened = None
    lock_service(tmp_path).close()


def celery(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Celery command on the workers."""
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", *words],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_worker_of_an_embedded_site_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('name = "test.example/site"\npolicy = "dazhe-2020"\n')
    done = celery("worker", "-Q", "seal", EVIDENCE_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "redis://" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["site.toml"]


@pytest.mark.parametrize(
    ("queues", "said"),
    [("examine", "prlimit"), ("seals", "seals")],
    ids=["no sandbox", "no such queue"],
)
def test_a_worker_that_could_not_do_its_work_refuses_to_start(tmp_path: Path, queues: str, said: str) -> None:
    (tmp_path / "site.toml").write_text(
        'name = "test.example/site"\npolicy = "dazhe-2020"\nbroker = "redis://127.0.0.1:1/0"\n'
    )
    done = celery("worker", "-Q", queues, EVIDENCE_DATA=str(tmp_path))
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(
    ("problem", "is_expected"),
    [
        (StoreUnavailable(reason="MaxRetryError"), True),
        (Unavailable("database-unavailable", reason="no-connection"), True),
        (OSError("the folder is away"), True),
        (ValueError("a mistake of ours"), False),
    ],
)
def test_what_passes_is_one_line_of_the_notes_and_a_mistake_of_ours_is_told_whole(
    problem: Exception, is_expected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stopping = threading.Event()

    def step() -> None:
        stopping.set()
        raise problem

    thread = every(0.01, step, stopping, "publishing")
    thread.start()
    thread.join(10)
    (note,) = [one for one in caplog.records if one.name == "evidence.workers"]
    assert note.message.startswith("publishing failed; it will be tried again")
    assert str(problem) in note.message if is_expected else note.exc_info is not None
    assert (note.exc_info is None) == is_expected
