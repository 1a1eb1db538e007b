"""Media for long keeping: what is held is on one, or is listed as not yet written."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.adapters.reading_back import read_back
from evidence.domain.audit import Act
from evidence.domain.exports import Medium
from evidence.domain.long_media import LongMedium
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, NotFound
from evidence.service.court.media_register import MediaRegister
from evidence.service.oversight.refusals import OutOfSight
from tests.builders import an_origin
from tests.keeping_room import KeepingRoom
from tests.service.footage import a_wav

DIGEST = "a" * 64


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


def desk(room: KeepingRoom) -> MediaRegister:
    return MediaRegister(room.site)


def waiting(room: KeepingRoom) -> list[str]:
    return [one.stored.recording.id for one in desk(room).waiting(room.head)]


def held(room: KeepingRoom) -> str:
    """Seal a recording that is kept for long."""
    recording = room.sealed()
    room.holds.place(room.head, recording, "objection", "当事人投诉")
    return recording


def sent(room: KeepingRoom, body: bytes) -> str:
    """Seal these bytes."""
    origin = an_origin(f"{len(body)}.wav", wearer=room.caller(room.officer).name, size_bytes=len(body))
    upload = room.small.send(origin, body)
    room.small.do_jobs()
    return upload.id


def registered(room: KeepingRoom, recording: str, label: str = "LT-1") -> LongMedium:
    return desk(room).add(room.custodian, label, Medium.BD_25, 2, "档案室3柜", [recording])


@pytest.mark.article("dazhe-2020:13")
def test_what_is_kept_for_long_is_listed_as_not_yet_written_until_it_is_written_and_read_back(
    room: KeepingRoom,
) -> None:
    recording = held(room)
    room.sealed()
    (line,) = desk(room).waiting(room.head)
    assert (line.stored.recording.id, line.cites) == (recording, ("dazhe-2020:13",))
    medium = registered(room, recording)
    assert waiting(room) == [recording], "a label alone keeps nothing"
    with room.refused("read-back-differs", Conflict):
        desk(room).note_written(room.custodian, medium.id, DIGEST, "b" * 64)
    done = desk(room).note_written(room.custodian, medium.id, DIGEST, DIGEST)
    assert (done.keeps, done.copies, done.place) == (True, 2, "档案室3柜")
    assert (done.written_by, done.is_read) == (room.custodian.name, False), "it is somebody's word"
    assert waiting(room) == []
    assert [one["facts"] for one in room.entries(Act.MEDIUM_WRITE)] == [{"read": False, "sha256": DIGEST}]


@pytest.mark.article("dazhe-2020:13")
def test_a_medium_that_the_program_reads_holds_each_recording_byte_for_byte_or_is_not_noted(
    room: KeepingRoom, tmp_path: Path
) -> None:
    bodies, disc, copy = (a_wav(10), a_wav(11)), tmp_path / "disc", tmp_path / "elsewhere.wav"
    ids = [sent(room, body) for body in bodies]
    medium = desk(room).add(room.custodian, "LT-1", Medium.BD_25, 1, "3柜", ids)
    (disc / "2026").mkdir(parents=True)
    (disc / "2026" / "甲.wav").write_bytes(bodies[0])
    (disc / "乙.wav").write_bytes(bodies[1][:-1] + b"?")
    copy.write_bytes(bodies[1])
    (disc / "link.wav").symlink_to(copy)
    with room.refused("not-on-medium", Conflict) as told:
        desk(room).note_read(room.custodian, medium.id, read_back(disc))
    assert told.fields["recordings"] == ids[1]
    (disc / "乙.wav").write_bytes(bodies[1])
    done = desk(room).note_read(room.custodian, medium.id, read_back(disc))
    assert (done.is_read, done.keeps, desk(room).all(room.head)) == (True, True, [done])
    (entry,) = room.entries(Act.MEDIUM_WRITE)
    assert entry["facts"] == {"read": True, "sha256": done.sha256}


@pytest.mark.article("dazhe-2020:13")
def test_a_medium_is_looked_at_again_by_the_day_of_the_pack_and_an_unsound_one_keeps_nothing(
    room: KeepingRoom,
) -> None:
    recording = held(room)
    medium = registered(room, recording)
    with room.refused("not-written", Conflict):
        desk(room).note_check(room.custodian, medium.id, is_sound=True, remark="完好")
    done = desk(room).note_written(room.custodian, medium.id, DIGEST, DIGEST)
    assert done.next_check is not None
    assert (done.next_check.year - done.made_at.year, done.next_check.month) == (2, done.made_at.month)
    assert list(desk(room).all(room.head, due=True)) == []
    room.pass_by(room.later(days=800) - room.small.clock.now())
    assert [one.id for one in desk(room).all(room.head, due=True)] == [medium.id]
    desk(room).note_check(room.custodian, medium.id, is_sound=False, remark="读取出错")
    assert waiting(room) == [recording]
    desk(room).end(room.custodian, medium.id, "已损坏")
    with room.refused("medium-ended", Conflict):
        desk(room).end(room.custodian, medium.id, "又一次")


def test_labels_are_given_once_and_others_find_no_medium_of_ours(room: KeepingRoom) -> None:
    recording = held(room)
    medium = registered(room, recording)
    with room.refused("label-taken", Conflict):
        registered(room, recording)
    beside = room.new(Role.CUSTODIAN, where=room.beside)
    assert list(desk(room).all(beside)) == []
    assert list(desk(room).waiting(beside)) == []
    with room.refused("medium-not-found", OutOfSight):
        desk(room).end(beside, medium.id, "x")
    with pytest.raises(NotFound):
        desk(room).add(beside, "LT-2", Medium.DVD, 1, "柜", [recording])


@pytest.mark.article("dazhe-2020-aux:9(2)(3)")
def test_an_auxiliary_keeps_no_register(room: KeepingRoom) -> None:
    auxiliary = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    recording = held(room)
    with room.refused("barred-by-law"):
        desk(room).add(auxiliary, "LT-1", Medium.DVD, 1, "柜", [recording])
