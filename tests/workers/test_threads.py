"""The workers of an embedded site, in this process: rung awake, each kind in its place, stopped with care."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence import bootstrap, founding
from evidence.bootstrap import Application
from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.service.examining.examination import Examination
from evidence.service.intake.sealing import Sealing
from evidence.service.jobs import JobName
from evidence.service.work import Work
from workers import embedded

OPERATOR = Caller("operator", Kind.OPERATOR)
BODY = bytes(range(256)) * 400


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    monkeypatch.setattr(embedded, "SWEEP_EVERY_S", 3600.0)  # what wakes the workers here is the bell alone
    founding.initialise(tmp_path / "data", "dazhe-2020", "test.example/site", sm3=False)
    application = bootstrap.build(tmp_path / "data")
    application.queue.control.purge()
    yield application
    application.queue.control.purge()


@pytest.fixture
def running(application: Application) -> Iterator[Application]:
    stop = embedded.start(application)
    try:
        yield application
    finally:
        stop()


def dock(application: Application) -> Caller:
    for known in application.accounts.docks(OPERATOR):
        return known
    return application.accounts.add_dock(OPERATOR, "dock")[0]


def send(application: Application, name: str, body: bytes = BODY) -> Upload:
    caller = dock(application)
    origin = Origin("D1", "012345", name, len(body), datetime.now(UTC) - timedelta(hours=1))
    upload = application.uploads.create(caller, origin, None)
    with application.uploads.receive(caller, upload.id, 0, len(body), None) as reception:
        reception.take(body)
        reception.commit()
    return upload


def until(what: Callable[[], bool], limit_s: float = 20.0) -> None:
    give_up = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < give_up, "it did not come about in time"
        time.sleep(0.02)


def is_sealed(application: Application, upload: Upload) -> bool:
    with application.site.database.reading() as unit:
        found = unit.uploads.get(upload.id)
    return found is not None and found.state is UploadState.SEALED


def jobs(application: Application) -> dict[str, int]:
    with application.site.database.reading() as unit:
        return dict(unit.jobs.counts())


def is_at_rest(application: Application) -> bool:
    return set(jobs(application)) == {"done"}


def test_after_a_ring_everything_is_done_in_threads(running: Application) -> None:
    uploads = [send(running, f"{number}.bin") for number in range(6)]
    until(lambda: is_at_rest(running))
    for upload in uploads:
        stored = running.recordings.get(OPERATOR, upload.id)
        assert stored.recording.digests.sha256 == hashlib.sha256(BODY).hexdigest()
        findings = running.recordings.findings(OPERATOR, upload.id)
        assert "unreadable" in {one.body["code"] for one in findings}


def test_what_was_left_before_the_start_is_done_without_a_ring(application: Application) -> None:
    upload = send(application, "left.bin")
    with application.site.database.writing() as unit:
        assert unit.jobs.claim("a dead worker", application.site.clock.now(), tuple(JobName))
    application.queue.control.purge()
    stop = embedded.start(application)
    try:
        until(lambda: is_sealed(application, upload))
    finally:
        stop()


def test_long_decoding_never_keeps_a_seal_waiting(
    running: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end, decoding = threading.Event(), []

    def for_minutes(*_: object) -> None:
        decoding.append(threading.current_thread().name)
        assert may_end.wait(60)

    monkeypatch.setattr(Examination, "deep", for_minutes)
    try:
        first = [send(running, f"{number}.bin") for number in range(4)]  # more than there are workers
        until(lambda: bool(decoding) and all(is_sealed(running, upload) for upload in first))
        later = [send(running, f"later-{number}.bin") for number in range(4)]
        until(lambda: all(is_sealed(running, upload) for upload in later))
        assert decoding == ["deep"], "one at a time, in a thread of its own"
    finally:
        may_end.set()
    until(lambda: is_at_rest(running))


def test_stop_waits_for_the_seal_in_hand(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    seal, began = Sealing.seal, threading.Event()

    def slow(self: Sealing, upload_id: str) -> None:
        began.set()
        time.sleep(1.0)
        seal(self, upload_id)

    monkeypatch.setattr(Sealing, "seal", slow)
    stop = embedded.start(application)
    upload = send(application, "slow.bin")
    assert began.wait(20)
    stop()
    assert is_sealed(application, upload)
    assert jobs(application).get("running", 0) == 0


def test_after_stop_nothing_begins(application: Application) -> None:
    stop = embedded.start(application)
    stop()
    before = {thread.name for thread in threading.enumerate()}
    assert not before & {"sweep", "deep", "fixity"}
    upload = send(application, "later.bin")
    time.sleep(0.5)
    assert not is_sealed(application, upload)


def test_the_sweep_finds_what_a_lost_ring_left(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SWEEP_EVERY_S", 0.2)
    stop = embedded.start(application)
    try:
        until(lambda: not jobs(application))
        ring = application.site.bell.ring
        silent = replace(application.uploads, site=replace(application.site, bell=_Silent()))
        upload = send(replace(application, uploads=silent), "unheard.bin")
        assert ring == application.site.bell.ring
        until(lambda: is_sealed(application, upload))
    finally:
        stop()


class _Silent:
    def ring(self, *_: JobName) -> None:
        """Say nothing: the message was lost."""


def test_a_step_in_the_background_that_fails_is_logged_and_tried_again(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedded, "SWEEP_EVERY_S", 0.05)
    tries = []

    def fails_twice(*_: object) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise TypeError("a mistake of ours")

    monkeypatch.setattr(Work, "sweep", fails_twice)
    with caplog.at_level(logging.ERROR, "evidence.workers"):
        stop = embedded.start(application)
        try:
            until(lambda: len(tries) >= 4)
        finally:
            stop()
    assert len([one for one in caplog.records if one.exc_info and "sweep" in one.getMessage()]) == 2


def test_each_worker_has_a_name_of_its_own() -> None:
    from workers.tasks import owner

    names = [owner()]
    thread = threading.Thread(target=lambda: names.append(owner()))
    thread.start()
    thread.join()
    assert len(set(names)) == 2
    assert all(len(name) <= 64 for name in names)
