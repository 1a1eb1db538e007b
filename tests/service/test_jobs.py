"""What must not go wrong around a job: two alike at once, a database that fails for a moment, a mistake of
ours.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import text

from evidence.adapters.db.repositories.jobs import SqlJobs
from evidence.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from evidence.errors import Unavailable
from evidence.service import work as work_module
from evidence.service.examining.examination import Examination
from evidence.service.intake.sealing import Sealing
from evidence.service.jobs import LEASE, Job, JobName, back_off
from storage.errors import Missing, StoreUnavailable
from tests.builders import SmallSite, an_origin

DEVICE = "DSJX9A00123"


def queue(small: SmallSite, name: JobName = JobName.SEQUENCE, subject: str = DEVICE) -> None:
    with small.database.writing() as unit:
        assert unit.jobs.add(name, subject, small.clock.now())


def claim(small: SmallSite, owner: str) -> Job | None:
    with small.database.writing() as unit:
        return unit.jobs.claim(owner, small.clock.now(), tuple(JobName))


def counts(small: SmallSite) -> dict[str, int]:
    with small.database.reading() as unit:
        return dict(unit.jobs.counts())


def the_row(small: SmallSite) -> dict[str, object]:
    with small.database.engine.connect() as connection:
        return dict(connection.execute(text("SELECT * FROM job")).mappings().one())


def breaks(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    """Let every judgement of a device's files meet this problem."""

    def broken(*_: object) -> None:
        raise problem

    monkeypatch.setattr(Examination, "sequence", broken)


def test_two_jobs_of_one_subject_never_run_side_by_side(small: SmallSite) -> None:
    # Otherwise the slower judgement of a device, begun before the newest file was there, could stand last.
    queue(small)
    first = claim(small, "first")
    assert first is not None
    queue(small)
    assert claim(small, "second") is None
    with small.database.writing() as unit:
        unit.jobs.finish(first, small.clock.now())
    second = claim(small, "second")
    assert second is not None
    assert second.id != first.id


def test_other_subjects_and_kinds_do_not_wait_for_a_running_job(small: SmallSite) -> None:
    queue(small)
    assert claim(small, "first")
    queue(small)
    queue(small, JobName.SEQUENCE, "another-device")
    queue(small, JobName.DEEP, DEVICE)
    found = [claim(small, "second"), claim(small, "third"), claim(small, "fourth")]
    assert [(job.name, job.subject) for job in found if job] == [
        (JobName.SEQUENCE, "another-device"),
        (JobName.DEEP, DEVICE),
    ]


@pytest.mark.parametrize(
    "problem",
    [
        TypeError("a mistake of ours"),
        KeyError("facts"),
        MemoryError(),
        Unavailable("database-unavailable"),
        StoreUnavailable(reason="EIO"),
        OSError(5, "Input/output error"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_whatever_a_job_meets_it_is_tried_again_and_the_worker_goes_on(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    breaks(monkeypatch, problem)
    queue(small)
    queue(small, JobName.DEEP, "0" * 32)
    assert small.work.do_next("worker")
    assert counts(small) == {"queued": 2}
    assert small.work.do_next("worker"), "the next job is done meanwhile"
    monkeypatch.undo()
    small.clock.pass_by(back_off(1))
    assert small.work.do_next("worker")
    assert counts(small) == {"done": 1, "failed": 1}


def test_an_unexpected_problem_is_logged_with_its_traceback(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    breaks(monkeypatch, TypeError("a mistake of ours"))
    queue(small)
    with caplog.at_level(logging.ERROR, "evidence.work"):
        small.work.do_next("worker")
    (said,) = caplog.records
    assert said.exc_info is not None
    assert "a mistake of ours" in said.getMessage()


def test_a_job_that_cannot_be_closed_is_tried_again(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise Unavailable("database-unavailable", reason="disk I/O error")

    monkeypatch.setattr(SqlJobs, "finish", broken)
    queue(small)
    assert small.work.do_next("worker")
    assert counts(small) == {"queued": 1}
    monkeypatch.undo()
    small.clock.pass_by(back_off(1))
    assert small.work.do_next("worker")
    row = the_row(small)
    assert (row["state"], row["problem"]) == ("done", None)


@pytest.mark.parametrize(
    "problem", [Unavailable("database-unavailable"), RuntimeError("anything")], ids=["known", "unknown"]
)
def test_the_lease_is_kept_though_the_database_fails_once(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    in_step, extended, failures = Event(), Event(), [problem]
    writing = SqlDatabase.writing

    @contextmanager
    def unreliable(database: SqlDatabase) -> Iterator[SqlUnitOfWork]:
        with writing(database) as unit:
            counts = in_step.is_set()  # not what had begun before the step
            if counts and failures:
                raise failures.pop()
            yield unit
        if counts:
            extended.set()

    def long_step(*_: object) -> None:
        small.clock.pass_by(LEASE * 0.8)
        in_step.set()
        assert extended.wait(10), "the lease was not extended after a failure"
        in_step.clear()

    monkeypatch.setattr(work_module, "_RENEW_EVERY", timedelta(milliseconds=5))
    monkeypatch.setattr(Examination, "sequence", long_step)
    monkeypatch.setattr(SqlDatabase, "writing", unreliable)
    queue(small)
    assert small.work.do_next("worker")
    assert failures == []
    assert counts(small) == {"done": 1}
    assert str(the_row(small)["lease_until"]) > "2026-03-02T09:00:50"  # the first lease ended at 09:00:30


def test_a_late_worker_does_not_give_up_what_another_has_in_hand(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = small.send(an_origin(size_bytes=3), b"abc")

    def overtaken(*_: object) -> None:
        small.clock.pass_by(LEASE + timedelta(seconds=1))
        small.work.sweep()
        assert claim(small, "new")
        raise Missing(key="staged")

    monkeypatch.setattr(Sealing, "seal", overtaken)
    assert small.work.do_next("late")
    monkeypatch.undo()
    assert counts(small) == {"running": 1}
    Sealing(small.site).seal(upload.id)  # as the new one does
    assert small.recordings.receipt(small.dock, upload.id)


def test_the_sweep_goes_on_to_the_notices_of_deadlines(small: SmallSite) -> None:
    small.cards.announce(small.dock, an_origin(), [an_origin(size_bytes=3)])
    small.clock.pass_by(timedelta(days=2))
    small.work.sweep()
    with small.database.reading() as unit:
        assert [one.body["code"] for one in unit.examinations.current()] == ["overdue"]


def test_many_workers_at_once_seal_each_file_once(small: SmallSite) -> None:
    sent = [small.send(an_origin(f"{n % 4}.bin", size_bytes=3), bytes([n % 4] * 3)).id for n in range(12)]
    problems: list[BaseException] = []

    def worker(name: str) -> None:
        try:
            give_up = time.monotonic() + 30
            while set(counts(small)) != {"done"} and time.monotonic() < give_up:
                if not small.work.do_next(name):
                    small.clock.pass_by(timedelta(seconds=1))
        except Exception as problem:  # noqa: BLE001 (told by the test, not lost with the thread)  # noqa: BLE001
            problems.append(problem)

    threads = [Thread(target=worker, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert counts(small).keys() == {"done"}
    assert len(small.recordings.list(small.administrator)) == 4
    receipts = {small.recordings.receipt(small.dock, upload) for upload in sent}
    assert len(receipts) == 4
    acts = [json.loads(body)["act"] for body in small.log()]
    assert (acts.count("evidence.seal"), acts.count("upload.repeat")) == (4, 8)
