"""Receiving bytes: the offset is what is durable, one writer at a time, a wrong checksum moves nothing."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest

from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Busy, Conflict, Invalid, NoSpace, NotFound, Refused
from evidence.ledger.entries import read_entry
from evidence.service.intake.reception import Checksum
from evidence.service.intake.uploads import Uploads
from tests.builders import SmallSite, an_origin

BODY = random.Random(7).randbytes(300_000)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def upload_id(small: SmallSite) -> str:
    return small.uploads.create(small.dock, an_origin(size_bytes=len(BODY)), None).id


def test_the_offset_moves_by_what_was_committed(small: SmallSite, upload_id: str) -> None:
    assert small.put(upload_id, 0, BODY[:1000]) == 1000
    assert small.uploads.status(small.dock, upload_id).offset == 1000


def test_bytes_written_but_not_committed_are_cut_by_the_next_writer(small: SmallSite, upload_id: str) -> None:
    with small.uploads.receive(small.dock, upload_id, 0, None, None) as reception:
        reception.take(b"x" * 5000)
    assert small.uploads.status(small.dock, upload_id).offset == 0
    small.put(upload_id, 0, BODY)
    assert small.staging.path(upload_id).read_bytes() == BODY


def test_a_wrong_checksum_moves_nothing(small: SmallSite, upload_id: str) -> None:
    small.put(upload_id, 0, BODY[:1000])
    before = small.staging.path(upload_id).read_bytes()
    with pytest.raises(Conflict, match="checksum-differs"):
        small.put(upload_id, 1000, BODY[1000:2000], Checksum("sha256", b"\0" * 32))
    assert small.uploads.status(small.dock, upload_id).offset == 1000
    assert small.staging.path(upload_id).read_bytes() == before
    right = Checksum("sha256", hashlib.sha256(BODY[1000:]).digest())
    assert small.put(upload_id, 1000, BODY[1000:], right) == len(BODY)
    small.do_jobs()
    stored = small.recordings.get(small.administrator, upload_id)
    assert stored.recording.digests.sha256 == hashlib.sha256(BODY).hexdigest()


def test_a_wrong_offset_is_refused_and_tells_the_right_one(small: SmallSite, upload_id: str) -> None:
    small.put(upload_id, 0, BODY[:1000])
    with pytest.raises(Conflict) as refusal:
        small.put(upload_id, 0, BODY[:1000])
    assert refusal.value.fields["offset"] == 1000
    assert small.uploads.status(small.dock, upload_id).offset == 1000


def test_more_bytes_than_announced_are_refused(small: SmallSite, upload_id: str) -> None:
    with pytest.raises(Conflict, match="too-many-bytes"):
        small.put(upload_id, 0, BODY + b"x")
    with (
        small.uploads.receive(small.dock, upload_id, 0, None, None) as reception,
        pytest.raises(Conflict, match="too-many-bytes"),
    ):
        reception.take(BODY + b"x")
    assert small.uploads.status(small.dock, upload_id).offset == 0


def test_there_is_one_writer_at_a_time(small: SmallSite, upload_id: str) -> None:
    with small.uploads.receive(small.dock, upload_id, 0, None, None) as reception:
        with pytest.raises(Busy):
            small.put(upload_id, 0, BODY)
        reception.take(BODY[:10])
        assert reception.commit().offset == 10
    assert small.uploads.status(small.dock, upload_id).offset == 10


def test_another_docks_upload_does_not_exist(small: SmallSite, upload_id: str) -> None:
    other, _ = small.accounts.add_dock(small.administrator, "other")
    with pytest.raises(NotFound):
        small.uploads.status(other, upload_id)
    with pytest.raises(NotFound):
        small.recordings.receipt(other, upload_id)


def test_a_stranger_may_do_nothing_and_the_try_is_logged(small: SmallSite, upload_id: str) -> None:
    small.put(upload_id, 0, BODY[:5])
    before = small.files()
    stranger = Caller("f" * 32, Kind.ANYONE)
    with pytest.raises(Refused, match="not-permitted"):
        small.uploads.terminate(stranger, upload_id)
    assert small.files() == before
    assert b'"act":"access.denied"' in small.log()[-1]


def test_termination_removes_an_unfinished_upload(small: SmallSite, upload_id: str) -> None:
    small.put(upload_id, 0, BODY[:5])
    small.uploads.terminate(small.dock, upload_id)
    with pytest.raises(NotFound):
        small.uploads.status(small.dock, upload_id)
    assert not [name for name in small.files() if upload_id in name]


def test_a_complete_upload_is_evidence_and_cannot_be_terminated(small: SmallSite, upload_id: str) -> None:
    small.put(upload_id, 0, BODY)
    with pytest.raises(Refused, match="upload-complete"):
        small.uploads.terminate(small.dock, upload_id)
    small.do_jobs()
    with pytest.raises(Refused, match="upload-complete"):
        small.uploads.terminate(small.dock, upload_id)
    assert small.recordings.receipt(small.dock, upload_id)


def test_an_expired_upload_cannot_be_resumed_and_its_bytes_are_set_aside(
    small: SmallSite, upload_id: str
) -> None:
    small.put(upload_id, 0, BODY[:5000])
    small.clock.pass_by(timedelta(days=8))
    small.work.sweep()
    with pytest.raises(Refused, match="upload-expired"):
        small.put(upload_id, 5000, BODY[5000:])
    assert small.staging.path(upload_id).read_bytes() == BODY[:5000]
    with small.database.reading() as unit:
        assert [one.id for one in unit.uploads.in_state(UploadState.EXPIRED)] == [upload_id]


def test_a_small_file_comes_with_the_request_that_opens_its_upload(small: SmallSite) -> None:
    body = BODY[:10_000]
    right = Checksum("sha256-prefix", hashlib.sha256(body).digest())
    upload = small.uploads.create(small.dock, an_origin(size_bytes=len(body)), None, body, right)
    assert (upload.state, upload.offset) == (UploadState.COMPLETE, len(body))
    assert small.staging.path(upload.id).read_bytes() == body
    acts = [read_entry(one)["act"] for one in small.log() if upload.id.encode() in one]
    assert acts == ["upload.create", "upload.complete"]
    small.do_jobs()
    stored = small.recordings.get(small.administrator, upload.id)
    assert stored.recording.digests.sha256 == hashlib.sha256(body).hexdigest()


def test_a_part_that_came_with_the_creation_is_durable_and_the_rest_follows(small: SmallSite) -> None:
    upload = small.uploads.create(small.dock, an_origin(size_bytes=len(BODY)), None, BODY[:1000])
    assert small.uploads.status(small.dock, upload.id).offset == 1000
    whole = Checksum("sha256-prefix", hashlib.sha256(BODY).digest())
    assert small.put(upload.id, 1000, BODY[1000:], whole) == len(BODY)
    assert small.staging.path(upload.id).read_bytes() == BODY


@pytest.mark.parametrize(
    ("size", "checksum", "code"),
    [(999, None, "too-many-bytes"), (1000, Checksum("md5", b"\0" * 16), "checksum-differs")],
)
def test_first_bytes_that_are_wrong_open_nothing(
    small: SmallSite, size: int, checksum: Checksum | None, code: str
) -> None:
    small.dock  # noqa: B018 (its account is made now)
    before, entries = small.files(), small.log()
    with pytest.raises(Conflict, match=code):
        small.uploads.create(small.dock, an_origin(size_bytes=size), None, BODY[:1000], checksum)
    assert small.files() == before
    assert small.log() == entries
    with small.database.reading() as unit:
        assert not unit.uploads.receiving()


def test_a_file_larger_than_the_space_left_is_refused_at_once(small: SmallSite) -> None:
    before, entries = small.files(), small.log()
    with pytest.raises(NoSpace):
        small.uploads.create(small.dock, an_origin(size_bytes=2**62), None)
    assert small.files() == before
    assert len(small.log()) == len(entries) + 1  # the dock's own account


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("device", ""),
        ("wearer", ""),
        ("name", "a\0b"),
        ("name", "\ud800"),
        ("name", "x" * 4097),
    ],
)
def test_what_cannot_be_stored_as_text_is_refused(small: SmallSite, field: str, value: str) -> None:
    small.dock  # noqa: B018 (its account is made now)
    before, entries = small.files(), small.log()
    with pytest.raises(Invalid):
        small.uploads.create(small.dock, an_origin(size_bytes=1, **{field: value}), None)
    assert small.files() == before
    assert small.log() == entries


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\nb\r\x1b[2J", "录" * 255, "-rf", "CON", "..", "a\\b"]
)
def test_odd_names_are_data_and_never_paths(small: SmallSite, name: str) -> None:
    upload = small.send(an_origin(name, size_bytes=3), b"abc")
    small.do_jobs()
    assert small.recordings.get(small.administrator, upload.id).recording.origin.name == name
    assert all(path.is_relative_to(small.folder) for path in small.folder.rglob("*"))
    assert not [file for file in small.files() if "passwd" in file or "录" in file]


def test_a_request_that_read_the_offset_before_anothers_commit_takes_nothing_away(small: SmallSite) -> None:
    # Drill F26 found it: staging cuts to the offset it is given, and this one was out of date.
    upload = small.uploads.create(small.dock, an_origin(size_bytes=6), None)
    looked, may_go_on = Event(), Event()
    look = Uploads._at

    def slow(self: Uploads, caller: Caller, upload_id: str, offset: int, length: int | None) -> Upload:
        seen = look(self, caller, upload_id, offset, length)
        if current_thread().name == "late" and not looked.is_set():
            looked.set()
            may_go_on.wait(10)
        return seen

    def late() -> None:
        with pytest.raises(Conflict):
            small.put(upload.id, 0, b"late!!")

    Uploads._at = slow  # type: ignore[method-assign]
    try:
        thread = Thread(target=late, name="late")
        thread.start()
        assert looked.wait(10)
        assert small.put(upload.id, 0, b"first") == 5
        may_go_on.set()
        thread.join()
    finally:
        Uploads._at = look  # type: ignore[method-assign]
    assert small.staging.path(upload.id).read_bytes() == b"first"


def test_a_large_clock_offset_comes_with_a_confirmed_list_or_not_at_all(small: SmallSite) -> None:
    origin = an_origin("a.mp4", size_bytes=3, clock_offset_ms=30 * 3_600_000)
    with pytest.raises(Invalid, match="clock-offset-unconfirmed"):
        small.uploads.create(small.dock, origin, None)
    assert list(small.site.staging.census()) == []
    small.cards.announce(small.dock, origin, [origin], offset_confirmed=True)
    assert small.uploads.create(small.dock, origin, None).origin.clock_offset_ms == 30 * 3_600_000


def test_a_dock_that_opens_uploads_without_end_is_stopped_and_goes_on_when_it_finishes_some(
    small: SmallSite,
) -> None:
    site = replace(small.site, terms=replace(small.site.terms, open_uploads=3))
    uploads = replace(small.uploads, site=site)
    opened = [uploads.create(small.dock, an_origin(f"{n}.mp4", size_bytes=3), None) for n in range(3)]
    staged = len(list(site.staging.census()))
    with pytest.raises(Conflict, match="too-many-open-uploads"):
        uploads.create(small.dock, an_origin("3.mp4", size_bytes=3), None)
    assert len(list(site.staging.census())) == staged
    other, _ = small.accounts.add_dock(small.administrator, "another")
    assert uploads.create(other, an_origin("3.mp4", size_bytes=3), None)
    uploads.terminate(small.dock, opened[0].id)
    assert uploads.create(small.dock, an_origin("3.mp4", size_bytes=3), None)
