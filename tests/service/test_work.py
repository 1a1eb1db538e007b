"""Jobs: claimed under a lease, fenced by their owner, tried again after trouble, and never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.db.repositories.jobs import SqlJobs
from evidence.domain.ids import new_id
from evidence.errors import Busy, IntegrityFault, NotFound, Unavailable
from evidence.service import work
from evidence.service.examining.examination import Examination
from evidence.service.intake.sealing import Sealing
from evidence.service.jobs import (
    LEASE,
    MOST_ATTEMPTS,
    QUEUES,
    SEALS_FIRST,
    Job,
    JobName,
    Queue,
    back_off,
    kinds_of,
)
from evidence.service.recordings.recordings import StillSealing
from storage.errors import Damaged, Exists, Missing, StoreUnavailable
from tests import inside
from tests.builders import SmallSite, an_origin

BODY = b"not a film" * 100
ALL = tuple(JobName)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def add(small: SmallSite, name: JobName, subject: str = "a" * 32) -> str | None:
    with small.database.writing() as unit:
        return unit.jobs.add(name, subject, small.clock.now())


def claim(small: SmallSite, owner: str, names: tuple[JobName, ...] = ALL) -> Job | None:
    with small.database.writing() as unit:
        return unit.jobs.claim(owner, small.clock.now(), names)


def put_back(small: SmallSite) -> int:
    with small.database.writing() as unit:
        return unit.jobs.put_back(small.clock.now())


def rows(small: SmallSite) -> list[dict[str, Any]]:
    """Return the job table, oldest first."""
    return inside.records(small.folder, "SELECT * FROM job ORDER BY created_at")


def raising(problem: Exception) -> Callable[..., None]:
    """Return a step that meets this problem."""

    def step(*_: object) -> None:
        raise problem

    return step


def test_a_claimed_job_is_nobody_elses(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    first = claim(small, "first")
    assert first is not None
    assert (first.owner, first.attempts) == ("first", 1)
    assert claim(small, "second") is None


def test_a_job_that_is_queued_is_not_queued_again_but_one_that_runs_is(small: SmallSite) -> None:
    assert add(small, JobName.SEQUENCE, "device") is not None
    assert add(small, JobName.SEQUENCE, "device") is None
    assert claim(small, "first") is not None
    # The one that runs may have read before the change that calls for this one.
    assert add(small, JobName.SEQUENCE, "device") is not None


def test_a_lease_that_still_runs_is_not_put_back(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    claim(small, "first")
    small.clock.pass_by(LEASE - timedelta(seconds=1))
    assert put_back(small) == 0
    assert claim(small, "second") is None


def test_a_late_worker_cannot_close_or_hold_a_job_that_is_anothers_by_now(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    late = claim(small, "late")
    assert late is not None
    small.clock.pass_by(LEASE + timedelta(seconds=1))
    assert put_back(small) == 1
    second = claim(small, "second")
    assert second is not None
    assert second.attempts == 2
    now = small.clock.now()
    with small.database.writing() as unit:
        assert not unit.jobs.finish(late, now)
        assert not unit.jobs.fail(late, "late", None, now)
        assert not unit.jobs.fail(late, "late", now, now)
        assert not unit.jobs.renew(late, now + 10 * LEASE)
    (row,) = rows(small)
    assert (row["state"], row["owner"], row["problem"]) == ("running", "second", None)
    with small.database.writing() as unit:
        assert unit.jobs.finish(second, now)
    assert rows(small)[0]["state"] == "done"


def test_a_late_worker_whose_step_ends_after_all_leaves_the_job_to_its_new_owner(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(small, JobName.SEAL)

    def overtaken(*_: object) -> None:
        small.clock.pass_by(LEASE + timedelta(seconds=1))
        small.work.sweep()
        assert claim(small, "second") is not None

    monkeypatch.setattr(Sealing, "seal", overtaken)
    assert small.work.do_next("late")
    (row,) = rows(small)
    assert (row["state"], row["owner"]) == ("running", "second")


def test_work_that_takes_long_keeps_its_lease(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_RENEW_EVERY", timedelta(seconds=0.02))
    add(small, JobName.SEAL)

    def long_work(*_: object) -> None:
        for _round in range(3):
            before = rows(small)[0]["lease_until"]
            small.clock.pass_by(LEASE * 0.8)
            give_up = time.monotonic() + 10
            while rows(small)[0]["lease_until"] == before:
                assert time.monotonic() < give_up, "the lease was never extended"
                time.sleep(0.01)
        assert put_back(small) == 0

    monkeypatch.setattr(Sealing, "seal", long_work)
    assert small.work.do_next("first")
    assert rows(small)[0]["state"] == "done"


def test_while_another_seals_an_examination_waits_a_minute_and_no_longer(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    assert claim(small, "seals") is not None
    add(small, JobName.EXAMINE)
    assert small.work.claim_some("second", ALL) == ()
    add(small, JobName.SEAL, "b" * 32)
    assert [job.name for job in small.work.claim_some("second", ALL)] == [JobName.SEAL]
    small.clock.pass_by(SEALS_FIRST)
    assert [job.name for job in small.work.claim_some("third", ALL)] == [JobName.EXAMINE]


def test_an_examination_waits_for_no_seal_that_another_worker_than_its_own_would_do(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    seal = claim(small, "seals")
    assert seal is not None
    add(small, JobName.EXAMINE)
    assert [job.name for job in small.work.claim_some("looks", [JobName.EXAMINE])] == [JobName.EXAMINE]
    add(small, JobName.EXAMINE, "b" * 32)
    with small.database.writing() as unit:
        unit.jobs.finish(seal, small.clock.now())
    assert [job.name for job in small.work.claim_some("both", ALL)] == [JobName.EXAMINE]


def test_a_restart_takes_over_what_was_running_without_waiting_for_the_lease(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    assert claim(small, "killed") is not None
    small.work.take_over()
    assert claim(small, "new") is not None


def test_a_defect_in_a_step_leaves_the_job_for_a_later_try_and_the_worker_alive(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    monkeypatch.setattr(Sealing, "seal", raising(TypeError("a defect")))
    assert small.work.do_next("worker") is True
    (row,) = rows(small)
    assert (row["state"], row["owner"], row["lease_until"]) == ("queued", None, None)
    assert "a defect" in row["problem"]
    with pytest.raises(StillSealing):
        small.recordings.receipt(small.dock, upload.id)
    monkeypatch.undo()
    small.clock.pass_by(back_off(1))
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id)


def test_the_wait_before_the_next_try_doubles_up_to_five_minutes() -> None:
    waits = [back_off(attempts).total_seconds() for attempts in (1, 2, 3, 8, 9, 60)]
    assert waits == [2, 4, 8, 256, 300, 300]


def test_a_job_is_not_tried_before_its_wait_is_over(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(small, JobName.SEAL)
    monkeypatch.setattr(Sealing, "seal", raising(OSError("no disc")))
    for wait in (2, 4, 8):
        assert small.work.do_next("worker")
        small.clock.pass_by(timedelta(seconds=wait - 0.1))
        assert not small.work.do_next("worker")
        small.clock.pass_by(timedelta(seconds=0.1))


def test_a_busy_name_is_tried_again_at_once(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    add(small, JobName.SEAL)
    monkeypatch.setattr(Sealing, "seal", raising(Busy("name-being-sealed")))
    for _ in range(2 * MOST_ATTEMPTS):
        assert small.work.do_next("worker")
        small.clock.pass_by(timedelta(seconds=0.2))
    assert rows(small)[0]["state"] == "queued"


def test_an_examination_gives_up_after_the_last_attempt_and_says_why(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(small, JobName.EXAMINE)
    monkeypatch.setattr(Examination, "examine", raising(TypeError("an odd thing")))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert rows(small)[0]["state"] == "queued", attempt
        assert small.work.do_next("worker")
        small.clock.pass_by(timedelta(minutes=5))
    (row,) = rows(small)
    assert (row["state"], row["attempts"]) == ("failed", MOST_ATTEMPTS)
    assert "an odd thing" in row["problem"]
    assert not small.work.do_next("worker")


def test_a_machines_trouble_passes_and_its_jobs_are_tried_for_ever(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(small, JobName.EXAMINE)
    monkeypatch.setattr(Examination, "examine", raising(Unavailable("sandbox-failed")))
    for _ in range(3 * MOST_ATTEMPTS):
        assert small.work.do_next("worker")
        small.clock.pass_by(timedelta(minutes=5))
    assert rows(small)[0]["state"] == "queued"


def test_a_seal_is_tried_for_ever(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    monkeypatch.setattr(Sealing, "seal", raising(OSError("no disc")))
    for _ in range(3 * MOST_ATTEMPTS):
        assert small.work.do_next("worker")
        small.clock.pass_by(timedelta(minutes=5))
    assert rows(small)[0]["state"] == "queued"
    monkeypatch.undo()
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id)


@pytest.mark.parametrize(
    "problem",
    [
        IntegrityFault("staged-bytes-missing"),
        NotFound("recording-not-found"),
        Missing(key="recordings/x"),
        Damaged(key="recordings/x"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_what_contradicts_itself_is_not_tried_again(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    add(small, JobName.SEAL)
    monkeypatch.setattr(Sealing, "seal", raising(problem))
    assert small.work.do_next("worker")
    (row,) = rows(small)
    assert (row["state"], row["attempts"], row["problem"]) == ("failed", 1, str(problem))
    small.clock.pass_by(timedelta(days=1))
    assert not small.work.do_next("worker")


def test_an_examination_of_what_is_not_there_fails_at_once(small: SmallSite) -> None:
    add(small, JobName.EXAMINE, new_id())
    assert small.do_jobs() == 1
    assert rows(small)[0]["state"] == "failed"


def test_the_weightiest_job_comes_first_whatever_came_first(small: SmallSite) -> None:
    for name in reversed(JobName):
        add(small, name)
    claimed = [job.name for _ in JobName if (job := claim(small, "worker"))]
    assert claimed == [
        JobName.SEAL,
        JobName.EXAMINE,
        JobName.SEQUENCE,
        JobName.LISTEN,
        JobName.DEEP,
        JobName.EXPORT,
        JobName.FIXITY,
        JobName.DERIVE,
    ]


def test_each_kind_has_a_queue_and_long_work_never_one_with_deadlines() -> None:
    assert QUEUES.keys() == set(JobName)
    assert kinds_of(Queue.SEAL) == (JobName.SEAL,)
    assert kinds_of(Queue.EXAMINE) == (JobName.EXAMINE, JobName.SEQUENCE)
    assert kinds_of(Queue.DEEP, Queue.FIXITY) == (JobName.LISTEN, JobName.DEEP, JobName.FIXITY)
    assert kinds_of(Queue.PROXY, Queue.EXPORT) == (JobName.EXPORT, JobName.DERIVE)


def test_what_is_due_is_what_could_be_claimed_now(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert small.work.due() == set()
    add(small, JobName.SEAL)
    add(small, JobName.DEEP)
    assert small.work.due() == {JobName.SEAL, JobName.DEEP}
    assert claim(small, "first", (JobName.SEAL,))
    assert small.work.due() == {JobName.DEEP}
    monkeypatch.setattr(Examination, "deep", raising(OSError("no disc")))
    assert small.work.do_next("worker", (JobName.DEEP,))
    assert small.work.due() == set(), "it waits for its next try"
    small.clock.pass_by(back_off(1))
    assert small.work.due() == {JobName.DEEP}


def test_a_worker_that_finds_its_job_anothers_extends_it_no_more_and_says_so(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work, "_RENEW_EVERY", timedelta(seconds=0.01))
    add(small, JobName.SEAL)

    def overtaken(*_: object) -> None:
        small.clock.pass_by(LEASE * 1.5)
        small.work.put_back()
        assert claim(small, "second") is not None
        mine = [one for one in threading.enumerate() if one.name.startswith("lease-")]
        for keeper in mine:
            keeper.join(10)
            assert not keeper.is_alive()

    # The database was away longer than the lease: no renewal came through before the sweep did.
    renewed = SqlJobs.renew
    monkeypatch.setattr(SqlJobs, "renew", lambda *words: time.sleep(0.2) or renewed(*words))
    monkeypatch.setattr(Sealing, "seal", overtaken)
    assert small.work.do_next("late")
    (row,) = rows(small)
    assert (row["state"], row["owner"]) == ("running", "second")
    assert "was put back while it was done" in caplog.text


def test_a_worker_takes_only_the_kinds_it_asks_for(small: SmallSite) -> None:
    add(small, JobName.SEAL)
    add(small, JobName.DEEP)
    job = claim(small, "deep", (JobName.DEEP,))
    assert job is not None
    assert job.name is JobName.DEEP
    assert not small.work.do_next("deep", (JobName.DEEP, JobName.EXAMINE))
    assert [row["state"] for row in rows(small) if row["name"] == "seal"] == ["queued"]


def test_the_sweep_puts_back_what_a_killed_worker_left_and_it_is_done(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    assert claim(small, "killed") is not None
    small.work.sweep()
    assert not small.work.do_next("other")
    small.clock.pass_by(LEASE + timedelta(seconds=1))
    small.work.sweep()
    small.do_jobs()
    assert small.recordings.receipt(small.dock, upload.id)


def rival(small: SmallSite, problem: Exception) -> work.Work:
    """Return a worker under whose keys something stands of which the vault says this."""

    class Odd:
        def __getattr__(self, name: str) -> object:
            return getattr(small.vault, name)

        def seal_file(self, key: str, *_: object) -> None:
            raise Exists(key=key)

        def stat(self, key: str) -> None:
            del key
            raise problem

    return work.Work(replace(small.site, vault=Odd()), small.uploads)  # type: ignore[arg-type]


def test_what_is_damaged_under_the_key_ends_the_upload_and_keeps_the_name(small: SmallSite) -> None:
    upload = small.send(an_origin(size_bytes=len(BODY)), BODY)
    assert rival(small, Damaged(key="x", reason="lock-weaker")).do_next("worker")
    (row,) = rows(small)
    assert (row["state"], row["attempts"]) == ("failed", 1)
    assert "object-damaged" in row["problem"]
    with small.database.reading() as unit:
        ended = unit.uploads.get(upload.id)
    assert ended is not None
    assert (ended.state.value, ended.problem) == ("refused", "seal-failed")
    assert b'"name_is_free":false' in small.log()[-1]


def test_what_cannot_be_given_up_now_is_put_back_with_its_problem(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.send(an_origin(size_bytes=len(BODY)), BODY)
    monkeypatch.setattr(Sealing, "seal", raising(IntegrityFault("staged-bytes-missing")))
    assert rival(small, StoreUnavailable(reason="MaxRetryError")).do_next("worker")
    (row,) = rows(small)
    assert (row["state"], row["owner"]) == ("queued", None)
    assert "staged-bytes-missing" in row["problem"]
