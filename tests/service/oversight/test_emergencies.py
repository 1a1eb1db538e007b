"""Break-glass: a second person, four hours at most, notice, and nothing that the law or an event bars."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from evidence.domain.access import Caller, Why, denial
from evidence.domain.audit import Act
from evidence.domain.emergencies import EmergencyState
from evidence.domain.ids import new_id
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.emergencies import Emergencies
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.oversight.serious import SeriousEvents
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def desk(room: Room) -> Emergencies:
    return Emergencies(room.site)


@pytest.fixture
def recording(room: Room) -> str:
    return room.record(room.add(Role.FIELD_OFFICER))


@pytest.fixture
def head(room: Room) -> Caller:
    return room.new(Role.UNIT_HEAD)


@pytest.fixture
def stranger(room: Room) -> str:
    """An officer of another unit, who may not know of the recording."""
    return room.add(Role.FIELD_OFFICER, where=room.beside)


def plays(room: Room, person_id: str, recording_id: str) -> bool:
    """Try to play a recording as the next request would."""
    try:
        admit_to_recording(room.site, room.caller(person_id), Action.PLAY, recording_id)
    except EvidenceError:
        return False
    return True


def test_a_second_person_opens_it_for_a_while_and_it_ends_by_itself(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "有人受伤，须立即辨认")
    assert not plays(room, stranger, recording)
    assert [one.id for one in desk.asked(head)] == [asked.id]
    assert [(one["by"], one["facts"]) for one in room.entries(Act.READ_LIST)] == [
        (head.id, {"list": "emergencies"})
    ]
    desk.decide(head, asked.id, is_granted=True, length=timedelta(hours=1))
    assert plays(room, stranger, recording)
    assert not plays(room, stranger, room.record(room.add(Role.FIELD_OFFICER))), "no other recording"
    room.small.clock.pass_by(timedelta(hours=1))
    assert not plays(room, stranger, recording)
    assert desk.own(room.caller(stranger))[0].state(room.small.clock.now()) is EmergencyState.OVER


def test_every_use_is_logged_with_its_purpose_before_anything_is_seen(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    desk.decide(head, desk.ask(room.caller(stranger), recording, "x").id, is_granted=True)
    for _ in range(2):
        assert plays(room, stranger, recording)
    uses = room.entries(Act.EMERGENCY_USE)
    assert [(one["by"], one["facts"]) for one in uses] == [
        (stranger, {"action": "play", "purpose": "emergency"})
    ] * 2


def test_it_ends_by_hand_of_the_asker_or_of_whoever_may_decide(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    ends: list[Callable[[str], None]] = [
        lambda id_: desk.give_back(room.caller(stranger), id_),
        lambda id_: desk.end(head, id_),
    ]
    for end in ends:
        asked = desk.ask(room.caller(stranger), recording, "x")
        desk.decide(head, asked.id, is_granted=True)
        assert plays(room, stranger, recording)
        end(asked.id)
        assert not plays(room, stranger, recording)
        with room.refused("emergency-not-open", Conflict):
            end(asked.id)
    assert len(room.entries(Act.EMERGENCY_END)) == 2


def test_asking_tells_nothing_about_what_is_there(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    asker, absent = room.caller(stranger), new_id()
    answers = [desk.ask(asker, id_, "x") for id_ in (recording, absent)]
    assert [one.recording_id for one in answers] == [recording, absent]
    own = desk.own(asker)
    assert {one.state(room.small.clock.now()) for one in own} == {EmergencyState.ASKED}
    assert {one.recording_id for one in own} == {recording, absent}
    assert [one.recording_id for one in desk.asked(head)] == [recording]
    with room.refused("emergency-not-found", NotFound):
        desk.decide(head, answers[1].id, is_granted=True)


def test_nobody_decides_what_they_asked_for(room: Room, desk: Emergencies, recording: str) -> None:
    both = room.add(Role.UNIT_HEAD, Role.FIELD_OFFICER)
    asked = desk.ask(room.caller(both), recording, "x")
    with room.refused("own-request"):
        desk.decide(room.caller(both), asked.id, is_granted=True)


def test_only_who_answers_for_the_recording_decides(
    room: Room, desk: Emergencies, recording: str, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    assert desk.asked(beside) == []
    with room.refused("emergency-not-found", OutOfSight):
        desk.decide(beside, asked.id, is_granted=True)
    with room.refused("emergency-not-found", OutOfSight):
        desk.end(beside, asked.id)
    other = room.new(Role.FIELD_OFFICER)
    with room.refused("emergency-not-found", OutOfSight):
        desk.give_back(other, asked.id)
    custodian = room.new(Role.CUSTODIAN)
    with room.refused("not-permitted"):
        desk.decide(custodian, asked.id, is_granted=True)
    desk.decide(room.new(Role.AGENCY_HEAD, where=room.agency), asked.id, is_granted=True)
    assert plays(room, stranger, recording)


@pytest.mark.article("dazhe-2020-aux:10(2)", "longquan-aux:10(2)")
def test_an_auxiliary_never_decides_whatever_was_granted(
    room: Room, desk: Emergencies, recording: str, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    auxiliary = room.new(*Role, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law") as told:
        desk.decide(auxiliary, asked.id, is_granted=True)
    assert "dazhe-2020-aux:10(2)" in str(told.fields["cites"]).split()


def test_it_lasts_four_hours_at_most_and_a_refusal_opens_nothing(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    for length in (timedelta(0), timedelta(hours=4, microseconds=1)):
        with room.refused("emergency-too-long", Invalid):
            desk.decide(head, asked.id, is_granted=True, length=length)
    desk.decide(head, asked.id, is_granted=False)
    assert not plays(room, stranger, recording)
    with room.refused("emergency-decided", Conflict):
        desk.decide(head, asked.id, is_granted=True)


def test_of_many_deciders_at_one_moment_one_decides(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    heads = [head, *(room.new(Role.UNIT_HEAD) for _ in range(7))]

    def decide(one: Caller) -> bool:
        try:
            desk.decide(one, asked.id, is_granted=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(decide, heads)) == 1
    assert len(room.entries(Act.EMERGENCY_DECIDE)) == 1


@pytest.mark.article("dazhe-2020-aux:10(3)")
def test_a_restricted_class_is_never_opened_to_an_auxiliary_and_to_an_officer_for_that_time_only(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    Classes(room.site).classify(head, recording, "privacy", "x")
    auxiliary = room.add(Role.FIELD_OFFICER, where=room.beside, type_=PersonType.AUXILIARY)
    barred = desk.ask(room.caller(auxiliary), recording, "x")
    with room.refused("barred-by-law") as told:
        desk.decide(head, barred.id, is_granted=True)
    assert "dazhe-2020-aux:10(3)" in str(told.fields["cites"])
    asked = desk.ask(room.caller(stranger), recording, "x")
    desk.decide(head, asked.id, is_granted=True)
    assert plays(room, stranger, recording)
    desk.end(head, asked.id)
    assert not plays(room, stranger, recording)
    with room.small.database.reading() as unit:
        assert stranger not in unit.standings.get(recording, room.small.clock.now()).readers


def test_what_a_serious_event_keeps_from_somebody_no_emergency_opens(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    earlier = desk.ask(room.caller(stranger), recording, "x")
    desk.decide(head, earlier.id, is_granted=True)
    SeriousEvents(room.site).mark(head, [recording], [stranger], "冲突")
    with room.small.database.reading() as unit:
        standing = unit.standings.get(recording, room.small.clock.now())
    told = denial(room.caller(stranger), Action.PLAY, standing, room.site.bars())
    assert told is not None
    assert told.why is Why.SERIOUS_EVENT, "also what was opened before"
    asked = desk.ask(room.caller(stranger), recording, "x")
    with room.refused("serious-event"):
        desk.decide(head, asked.id, is_granted=True)


@pytest.mark.parametrize("is_granted", [True, False])
def test_who_took_part_in_a_serious_event_decides_nothing_about_it(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str, is_granted: bool
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    chief = room.new(Role.AGENCY_HEAD, where=room.agency)
    SeriousEvents(room.site).mark(chief, [recording], [head.id], "开枪")
    with room.refused("serious-event"):
        desk.decide(head, asked.id, is_granted=is_granted)
    assert not plays(room, stranger, recording)
    desk.decide(chief, asked.id, is_granted=True)
    assert plays(room, stranger, recording)


def test_who_wore_the_recorder_opens_nothing_restricted_to_others(
    room: Room, desk: Emergencies, head: Caller, stranger: str
) -> None:
    own, asker = room.record(head.id), room.caller(stranger)
    chief = room.new(Role.AGENCY_HEAD, where=room.agency)
    Classes(room.site).classify(chief, own, "minors", "x")
    asked = desk.ask(asker, own, "x")
    with room.refused("own-recording"):
        desk.decide(head, asked.id, is_granted=True)
    assert not plays(room, stranger, own)
    desk.decide(chief, asked.id, is_granted=True)
    assert plays(room, stranger, own)


def test_the_unit_head_and_security_are_told_and_others_are_not(
    room: Room, desk: Emergencies, recording: str, head: Caller, stranger: str
) -> None:
    asked = desk.ask(room.caller(stranger), recording, "x")
    desk.decide(room.new(Role.AGENCY_HEAD, where=room.agency), asked.id, is_granted=True)
    notices = Denials(room.site)
    security = room.new(Role.SECURITY_ADMINISTRATOR, where=room.agency)
    for reader in (head, security):
        (told,) = notices.notices(reader)
        assert (told.kind, told.recording_id, told.person_id, told.about_id) == (
            NoticeKind.EMERGENCY_OPENED,
            recording,
            stranger,
            asked.id,
        )
    assert notices.notices(room.new(Role.UNIT_HEAD, where=room.beside)) == []
    with room.refused("not-permitted"):
        notices.notices(room.caller(stranger))


def test_only_people_ask(room: Room, desk: Emergencies, recording: str) -> None:
    with pytest.raises(Refused, match="only-people"):
        desk.ask(OPERATOR, recording, "x")
    officer = room.new(Role.FIELD_OFFICER)
    with room.refused("invalid-text", Invalid):
        desk.ask(officer, "../etc", "x")
