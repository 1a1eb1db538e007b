"""People dock by a browser: for a recorder in their hands or of their units, and never as whom they like."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.recordings import Origin
from evidence.domain.rights import Role
from evidence.errors import Conflict, NotFound, Refused
from evidence.service.examining.fixity import Fixity
from evidence.service.intake.cards import FileStanding
from tests.builders import SmallSite, an_origin
from tests.device_room import SERIAL, DeviceRoom
from tests.people_room import OPERATOR

BODY = b"sent"


@pytest.fixture
def room(tmp_path: Path) -> DeviceRoom:
    return DeviceRoom(SmallSite(tmp_path))


def a_file(name: str = "a.mp4", **changes: object) -> Origin:
    known: dict[str, object] = {"device": SERIAL, "wearer": "9999", "size_bytes": len(BODY)}
    return an_origin(name, **{**known, **changes})


def announce(room: DeviceRoom, by: Caller, *files: Origin) -> list[FileStanding]:
    card = replace(files[0], name="-", size_bytes=0, modified_at=None)
    return room.small.cards.announce(by, card, files)[1]


def send(room: DeviceRoom, by: Caller, file: Origin) -> str:
    """Send a file as a person, and have it sealed; return its upload."""
    upload = room.small.uploads.create(by, file, None)
    with room.small.uploads.receive(by, upload.id, 0, len(BODY), None) as reception:
        reception.take(BODY)
        reception.commit()
    room.small.do_jobs()
    return upload.id


def test_an_officer_docks_the_recorder_in_their_hands_and_has_the_receipt(room: DeviceRoom) -> None:
    room.issue()
    (standing,) = announce(room, room.officer, a_file())
    assert standing.state == "wanted"
    upload = send(room, room.officer, a_file())
    stored = room.small.recordings.sealed_as(room.officer, upload)
    origin = stored.recording.origin
    assert (origin.wearer, origin.device) == ("0001", SERIAL), "whatever the browser said"
    (again,) = announce(room, room.officer, a_file())
    assert (again.state, again.upload_id, again.not_stored) == ("sealed", upload, ())


def test_the_manifest_says_that_nobody_measured_the_clock(room: DeviceRoom) -> None:
    room.issue()
    told = a_file(clock_offset_ms=5000, labels={"case-number": "1", "clock-offset": "exact"})
    announce(room, room.officer, told)
    upload = send(room, room.officer, told)
    stored = room.small.recordings.sealed_as(room.officer, upload).recording.origin
    assert (stored.clock_offset_ms, dict(stored.labels)) == (0, {"clock-offset": "not-measured"})
    assert b"not-measured" in room.small.recordings.manifest(room.custodian, upload)


def test_the_log_says_that_it_was_by_hand_and_what_the_browsers_clock_showed(room: DeviceRoom) -> None:
    room.issue()
    card = replace(a_file("-"), size_bytes=0)
    sent_at = room.small.clock.now() + timedelta(seconds=90)
    room.small.cards.announce(room.officer, card, [a_file()], sent_at=sent_at)
    facts = room.entries(Act.CARD_ANNOUNCE)[-1]["facts"]
    assert (facts["by_hand"], facts["browser_ahead_ms"]) == (True, 90_000)
    room.dock("b.mp4")
    assert "by_hand" not in room.entries(Act.CARD_ANNOUNCE)[-1]["facts"]


@pytest.mark.parametrize("who", ["another officer", "an auxiliary", "the officer before"])
def test_nobody_docks_a_recorder_that_is_in_other_hands(room: DeviceRoom, who: str) -> None:
    room.issue()
    caller = room.second
    if who == "an auxiliary":
        caller = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY, number="XG330001")
    if who == "the officer before":
        caller = room.officer
        room.custody.give_back(room.custodian, SERIAL, "0001")
        room.issue("0002")
    before = room.small.dump().count("announced"), room.small.files()
    with room.refused("device-not-registered", NotFound):
        announce(room, caller, a_file())
    with room.refused("device-not-registered", NotFound):
        room.small.uploads.create(caller, a_file(), None)
    assert room.small.files() == before[1]
    assert [why for by, _, why in room.denied() if by == caller.id] == ["not-granted", "not-granted"]


@pytest.mark.parametrize("serial", ["unknown", "", "=1+1", "DSJX9A00123 "])
def test_what_is_not_on_the_register_is_not_docked_by_hand(room: DeviceRoom, serial: str) -> None:
    room.issue()
    with pytest.raises((NotFound, Refused)):
        announce(room, room.officer, a_file(device=serial))


def test_a_device_is_named_by_its_serial_number_and_never_by_its_id(room: DeviceRoom) -> None:
    room.issue()
    with room.small.database.reading() as unit:
        found = unit.devices.find(SERIAL)
    assert found is not None
    with pytest.raises(NotFound):
        announce(room, room.officer, a_file(device=found.id))


@pytest.mark.parametrize("role", [Role.UNIT_HEAD, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR])
def test_who_is_neither_wearer_nor_custodian_sends_nothing(room: DeviceRoom, role: Role) -> None:
    room.issue()
    caller = room.new(role, number="0099")
    with pytest.raises(Refused, match="not-permitted"):
        announce(room, caller, a_file())
    with pytest.raises(Refused, match="not-permitted"):
        room.small.uploads.create(caller, a_file(), None)
    with pytest.raises(Refused, match="not-permitted"):
        room.small.recordings.receipt(caller, "0" * 32)


def test_a_custodian_docks_for_who_wears_it_in_their_unit_and_nowhere_else(room: DeviceRoom) -> None:
    with pytest.raises(Conflict, match="device-not-issued"):
        announce(room, room.custodian, a_file())
    room.issue()
    announce(room, room.custodian, a_file())
    upload = send(room, room.custodian, a_file())
    assert room.small.recordings.sealed_as(room.custodian, upload).recording.origin.wearer == "0001"
    stranger = room.new(Role.CUSTODIAN, where=room.beside, number="0077")
    with room.refused("device-not-registered", NotFound):
        announce(room, stranger, a_file("b.mp4"))


def test_the_wearer_is_who_had_it_in_hands_when_the_file_was_written(room: DeviceRoom) -> None:
    room.issue()
    during = room.small.clock.now() + timedelta(minutes=5)
    room.small.clock.pass_by(timedelta(hours=1))
    room.custody.give_back(room.custodian, SERIAL, "0001")
    between = room.small.clock.now() + timedelta(minutes=5)
    room.small.clock.pass_by(timedelta(hours=1))
    room.issue("0002")
    room.small.clock.pass_by(timedelta(hours=1))
    files = [
        a_file("first.mp4", modified_at=during),
        a_file("between.mp4", modified_at=between),
        a_file("none.mp4", modified_at=None),
        a_file("now.mp4", modified_at=room.small.clock.now()),
    ]
    standings = announce(room, room.second, *files)
    assert [one.file.origin.wearer for one in standings] == ["0001", "0002", "0002", "0002"]
    upload = send(room, room.second, files[0])
    assert room.small.recordings.sealed_as(room.second, upload).recording.origin.wearer == "0001"
    assert [one.not_stored for one in announce(room, room.second, *files)] == [()] * 4


def test_a_file_that_no_list_announced_is_not_taken_from_a_person(room: DeviceRoom) -> None:
    room.issue()
    announce(room, room.officer, a_file())
    before = room.small.files()
    for other in (a_file("b.mp4"), a_file(size_bytes=5), a_file(modified_at=None)):
        with pytest.raises(Conflict, match="file-not-announced"):
            room.small.uploads.create(room.officer, other, None)
    assert room.small.files() == before


def test_one_persons_uploads_are_nobody_elses(room: DeviceRoom) -> None:
    room.issue()
    announce(room, room.officer, a_file(), a_file("b.mp4"))
    sealed, open_ = send(room, room.officer, a_file()), a_file("b.mp4")
    begun = room.small.uploads.create(room.officer, open_, None)
    for other in (room.custodian, room.second):
        for ask in (room.small.uploads.status, room.small.uploads.terminate, room.small.recordings.receipt):
            for upload in (sealed, begun.id):
                with pytest.raises(NotFound):
                    ask(other, upload)
    assert room.small.uploads.status(room.officer, begun.id).offset == 0
    assert announce(room, room.custodian, open_)[0].state == "wanted", "who docks it now sends it"


def test_a_list_tells_a_person_nothing_of_what_others_sent(room: DeviceRoom) -> None:
    room.issue()
    file = a_file(wearer="0001", clock_offset_ms=1000, labels={"case-number": "1"})
    card = replace(file, name="-", size_bytes=0)
    room.small.cards.announce(room.small.dock, card, [file])
    room.small.send(file, BODY)
    room.small.do_jobs()
    list(Fixity(room.site).verify_all(OPERATOR))
    (standing,) = announce(room, room.officer, file)
    assert standing == FileStanding(standing.file, "wanted", None, None)
    upload = send(room, room.officer, file)
    assert room.small.recordings.sealed_as(room.officer, upload).recording.origin.clock_offset_ms == 1000
    (standing,) = announce(room, room.officer, file)
    assert standing.state == "sealed"


def test_what_was_begun_goes_on_when_the_recorder_was_given_back(room: DeviceRoom) -> None:
    room.issue()
    announce(room, room.officer, a_file())
    begun = room.small.uploads.create(room.officer, a_file(), None)
    room.custody.give_back(room.custodian, SERIAL, "0001")
    with room.small.uploads.receive(room.officer, begun.id, 0, len(BODY), None) as reception:
        reception.take(BODY)
        assert reception.commit().offset == len(BODY)
    with room.refused("device-not-registered", NotFound):
        announce(room, room.officer, a_file("b.mp4"))


def test_the_account_that_a_person_sends_by_opens_no_door(room: DeviceRoom) -> None:
    room.issue()
    announce(room, room.officer, a_file())
    with room.small.database.reading() as unit:
        assert unit.accounts.knows(room.officer.id)
        assert room.officer.id not in {one.id for one in unit.accounts.all()}
        assert not unit.accounts.is_in_force(room.officer.id, room.small.clock.now())
    assert room.small.accounts.identify(f"-{room.officer.id}") is None


def test_no_reading_of_a_clock_comes_from_a_list_by_hand(room: DeviceRoom) -> None:
    room.issue()
    room.dock("a.mp4", clock_offset_ms=1000)
    announce(room, room.officer, a_file("b.mp4"))
    with room.small.database.reading() as unit:
        read = unit.devices.readings(room.small.clock.now() - timedelta(days=1))
    assert [one.offset_ms for one, _ in read] == [1000]


@pytest.mark.article("dazhe-2020:12")
def test_a_person_is_told_of_what_they_began_and_did_not_choose_again_and_nothing_is_found(
    room: DeviceRoom,
) -> None:
    room.issue()
    half, other = a_file("half.mp4"), a_file("other.mp4")
    announce(room, room.officer, half, other)
    upload = room.small.uploads.create(room.officer, half, None)
    with room.small.uploads.receive(room.officer, upload.id, 0, 3, None) as reception:
        reception.take(BODY[:3])
        reception.commit()
    card = replace(other, name="-", size_bytes=0, modified_at=None)
    (gone,) = room.small.cards.announce(room.officer, card, [other])[2]
    assert (gone.file.origin.name, gone.upload.offset) == ("half.mp4", 3)
    assert room.small.cards.announce(room.custodian, card, [other])[2] == [], "another began it"
    with room.small.database.reading() as unit:
        assert unit.examinations.current() == []
