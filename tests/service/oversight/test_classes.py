"""Classes: given by one, taken off by two, no state secrets, no auxiliary reader, nothing told to others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.access import Caller, denial, reach
from evidence.domain.audit import Act
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.domain.standing import Classification, Standing
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.denials import Denials
from tests.people_room import OPERATOR, Room


@pytest.fixture
def desk(room: Room) -> Classes:
    return Classes(room.site)


def standing(room: Room, recording_id: str) -> Standing:
    with room.small.database.reading() as unit:
        return unit.standings.get(recording_id, room.small.clock.now())


def knows(room: Room, caller: Caller, recording_id: str) -> bool:
    """Whether a caller may know that the recording is there."""
    return reach(caller, Action.LIST_RECORDINGS, room.site.bars()).covers(standing(room, recording_id))


@pytest.mark.article("longquan:9")
@pytest.mark.parametrize("class_", sorted(set(Classification) - {Classification.ORDINARY}))
def test_a_class_hides_the_recording_from_all_but_the_classifier_and_the_wearer(
    room: Room, desk: Classes, recording: str, wearer: str, head: Caller, class_: Classification
) -> None:
    others = [room.new(Role.UNIT_HEAD), room.new(Role.CUSTODIAN), room.new(Role.AUDITOR, where=room.agency)]
    assert all(knows(room, one, recording) for one in others)
    desk.classify(head, recording, class_, "涉及隐私")
    assert standing(room, recording).readers == {head.id, wearer}
    assert knows(room, head, recording)
    assert knows(room, room.caller(wearer), recording)
    for one in others:
        assert not knows(room, one, recording)
        for action in (Action.LIST_RECORDINGS, Action.READ_FINDINGS, Action.PLAY, Action.READ_MANIFEST):
            told = denial(one, action, standing(room, recording), room.site.bars())
            assert told is None or told.is_hidden, "no word by which one learns that it exists"
    (entry,) = room.entries(Act.CLASSIFY)
    assert (entry["by"], entry["facts"]["class"]) == (head.id, class_)


@pytest.mark.article("longquan-aux:10(3)", "xinping-2022-aux:14(7)", "inner-mongolia-aux:13(4)")
def test_an_auxiliary_never_stands_on_the_list_not_even_for_what_they_wore(
    room: Room, desk: Classes, head: Caller
) -> None:
    auxiliary = room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    recording = room.record(auxiliary)
    desk.classify(head, recording, "minors", "未成年人")
    assert standing(room, recording).readers == {head.id}
    assert not knows(room, room.caller(auxiliary), recording)
    with room.refused("barred-by-law") as told:
        desk.name_reader(head, recording, auxiliary)
    assert "dazhe-2020-aux:10(3)" in str(told.fields["cites"])


@pytest.mark.article("longquan:9", "dazhe-2020:6(2)", "xinping-2022-aux:18(4)")
def test_a_state_secret_is_refused_with_the_article_logged_and_reported(
    room: Room, desk: Classes, recording: str, head: Caller
) -> None:
    with pytest.raises(Exception, match="state-secret") as told:
        desk.classify(head, recording, "state-secret", "图纸")
    assert told.value.fields["cites"] == "dazhe-2020:6(2)"  # type: ignore[attr-defined]
    assert standing(room, recording).classification is Classification.ORDINARY
    (entry,) = room.entries(Act.CLASSIFY)
    assert (entry["res"], entry["facts"]["class"]) == ("refused", "state-secret")
    security = room.new(Role.SECURITY_ADMINISTRATOR, where=room.agency)
    for reader in (head, security):
        (notice,) = Denials(room.site).notices(reader)
        assert (notice.kind, notice.recording_id) == (NoticeKind.STATE_SECRET, recording)


def test_taking_a_class_off_needs_a_second_person(
    room: Room, desk: Classes, recording: str, head: Caller
) -> None:
    desk.classify(head, recording, "privacy", "x")
    wish = desk.classify(head, recording, "ordinary", "当事人同意公开")
    assert wish.is_granted is None
    assert standing(room, recording).classification is Classification.PRIVACY
    with room.refused("declassify-asked", Conflict):
        desk.classify(head, recording, "ordinary", "x")
    with room.refused("own-request"):
        desk.decide(head, wish.id, is_granted=True)
    with room.refused("change-not-found", NotFound):
        desk.decide(head, "f" * 32, is_granted=True)
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("recording-not-found", NotFound):
        desk.decide(beside, wish.id, is_granted=True)
    second = room.new(Role.CUSTODIAN)
    assert desk.decide(second, wish.id, is_granted=True).decided_by == second.id
    assert standing(room, recording).classification is Classification.ORDINARY
    assert standing(room, recording).readers == frozenset()
    with room.refused("change-decided", Conflict):
        desk.decide(second, wish.id, is_granted=True)


def test_a_wish_that_is_refused_or_overtaken_changes_nothing(
    room: Room, desk: Classes, recording: str, head: Caller
) -> None:
    second = room.new(Role.CUSTODIAN)
    desk.classify(head, recording, "privacy", "x")
    wish = desk.classify(head, recording, "ordinary", "x")
    desk.decide(second, wish.id, is_granted=False)
    assert standing(room, recording).classification is Classification.PRIVACY
    overtaken = desk.classify(head, recording, "ordinary", "x")
    desk.classify(second, recording, "minors", "发现未成年人")
    with room.refused("change-decided", Conflict):
        desk.decide(second, overtaken.id, is_granted=True)
    assert standing(room, recording).classification is Classification.MINORS
    assert head.id in standing(room, recording).readers, "another class, the same list"


def test_readers_are_named_by_others_with_an_end_and_end_by_themselves_or_by_hand(
    room: Room, desk: Classes, recording: str, head: Caller
) -> None:
    desk.classify(head, recording, "commercial-secret", "x")
    custodian = room.new(Role.CUSTODIAN)
    with room.refused("own-request"):
        desk.name_reader(custodian, recording, custodian.id)
    desk.name_reader(head, recording, custodian.id, room.later(days=1))
    assert knows(room, custodian, recording)
    with room.refused("reader-exists", Conflict):
        desk.name_reader(head, recording, custodian.id)
    room.small.clock.pass_by(timedelta(days=1))
    assert not knows(room, custodian, recording)
    desk.name_reader(head, recording, custodian.id)
    assert knows(room, custodian, recording)
    desk.end_reader(head, recording, custodian.id)
    assert not knows(room, custodian, recording)
    with room.refused("reader-not-found", Conflict):
        desk.end_reader(head, recording, custodian.id)
    assert len(room.entries(Act.READER_END)) == 1


def test_to_be_on_the_list_gives_no_right_that_nobody_granted(
    room: Room, desk: Classes, recording: str, head: Caller
) -> None:
    stranger = room.add(Role.CUSTODIAN, where=room.beside)
    desk.classify(head, recording, "privacy", "x")
    desk.name_reader(head, recording, stranger)
    assert not knows(room, room.caller(stranger), recording)


def test_the_desk_lists_what_is_classified_without_any_name(
    room: Room, desk: Classes, recording: str, wearer: str, head: Caller
) -> None:
    second = room.new(Role.CUSTODIAN)
    desk.classify(head, recording, "privacy", "x")
    desk.classify(head, recording, "ordinary", "x")
    (line,) = desk.classified(second)
    assert (line.recording_id, line.classification) == (recording, Classification.PRIVACY)
    assert {one.person_id for one, _ in line.readers} == {head.id, wearer}
    assert [one.asked_by for one in line.pending] == [head.id]
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(recording)
    assert stored is not None
    assert stored.recording.origin.name not in repr(line)
    assert desk.classified(room.new(Role.UNIT_HEAD, where=room.beside)) == []
    assert len(desk.classified(OPERATOR)) == 1


def test_what_makes_no_sense_is_refused(room: Room, desk: Classes, recording: str, head: Caller) -> None:
    reader = room.add(Role.CUSTODIAN)
    with room.refused("unknown-class", Invalid) as told:
        desk.classify(head, recording, "top-secret", "x")
    assert told.fields["known"] == "ordinary privacy minors commercial-secret"
    with room.refused("class-unchanged", Conflict):
        desk.classify(head, recording, "ordinary", "x")
    with room.refused("not-restricted", Conflict):
        desk.name_reader(head, recording, reader)
    with room.refused("reason-needed", Invalid):
        desk.classify(head, recording, "privacy", "")
    with room.refused("recording-not-found", NotFound):
        desk.classify(head, "f" * 32, "privacy", "x")


def test_under_transfer_no_class_changes(room: Room, desk: Classes, recording: str, head: Caller) -> None:
    with room.small.database.writing() as unit:
        unit.standings.mark(recording, under_transfer=True)
    with room.refused("under-transfer", Conflict):
        desk.classify(head, recording, "privacy", "x")
