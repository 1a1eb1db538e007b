"""Serious events: closed to those who took part, reported where they try, ended by somebody else."""

from __future__ import annotations

import pytest

from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.oversight.serious import SeriousEvents
from tests.people_room import Room


@pytest.fixture
def desk(room: Room) -> SeriousEvents:
    return SeriousEvents(room.site)


def test_those_who_took_part_see_it_no_more_and_the_unit_head_hears_of_their_tries(
    room: Room, desk: SeriousEvents, recording: str, wearer: str, head: Caller
) -> None:
    own = room.caller(wearer)
    assert admit_to_recording(room.site, own, Action.PLAY, recording)
    desk.mark(head, [recording], [wearer], "有人受伤")
    with room.refused("serious-event"):
        admit_to_recording(room.site, own, Action.PLAY, recording)
    (line,) = Denials(room.site).tries(head)
    assert line.account_id == wearer
    assert [(one.action, one.why, one.recording_id) for one in line.tries] == [
        ("play", "serious-event", recording)
    ]
    custodian = room.new(Role.CUSTODIAN)
    assert admit_to_recording(room.site, custodian, Action.PLAY, recording, Purpose.SUPERVISION)
    assert {one.kind for one in Denials(room.site).notices(head)} == {NoticeKind.SERIOUS_EVENT}


def test_a_mark_is_ended_by_another_person_who_took_no_part(
    room: Room, desk: SeriousEvents, recording: str, wearer: str, head: Caller
) -> None:
    involved = room.add(Role.UNIT_HEAD)
    event = desk.mark(head, [recording], [wearer, involved], "x")
    with room.refused("own-request"):
        desk.end(head, event.id, "已查清")
    with room.refused("serious-event"):
        desk.end(room.caller(involved), event.id, "已查清")
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("event-not-found", OutOfSight):
        desk.end(beside, event.id, "已查清")
    with room.refused("event-not-found", NotFound):
        desk.end(beside, "f" * 32, "已查清")
    assert desk.marked(beside) == []
    chief = room.new(Role.AGENCY_HEAD, where=room.agency)
    assert [one.id for one in desk.marked(chief)] == [event.id]
    with room.refused("reason-needed", Invalid):
        desk.end(chief, event.id, " ")
    desk.end(chief, event.id, "张三已查清")
    assert admit_to_recording(room.site, room.caller(wearer), Action.PLAY, recording)
    with room.refused("event-over", Conflict):
        desk.end(chief, event.id, "已查清")
    (entry,) = room.entries(Act.SERIOUS_END)
    assert (entry["by"], set(entry["pd"])) == (chief.id, {"reason"})
    assert "张三" not in str(entry)


def test_only_recordings_within_reach_are_marked_and_all_or_none(
    room: Room, desk: SeriousEvents, recording: str, wearer: str, head: Caller
) -> None:
    foreign = room.record(room.add(Role.FIELD_OFFICER, where=room.beside))
    with room.refused("recording-not-found", NotFound):
        desk.mark(head, [recording, foreign], [wearer], "x")
    with room.refused("person-not-found", NotFound):
        desk.mark(head, [recording], [wearer, "f" * 32], "x")
    for recordings, people in (([], [wearer]), ([recording], [])):
        with room.refused("nothing-marked", Invalid):
            desk.mark(head, recordings, people, "x")
    officer = room.caller(wearer)
    with room.refused("not-permitted"):
        desk.mark(officer, [recording], [head.id], "x")


@pytest.mark.article("xinping-2022-aux:14(6)", "lanzhou-new-area-aux:12(5)")
def test_an_auxiliary_hides_nothing_by_a_mark(room: Room, desk: SeriousEvents, recording: str) -> None:
    auxiliary = room.new(*Role, type_=PersonType.AUXILIARY)
    with pytest.raises(Refused, match="barred-by-law") as told:
        desk.mark(auxiliary, [recording], [auxiliary.id], "x")
    assert {"xinping-2022-aux:14(6)", "lanzhou-new-area-aux:12(5)"} <= set(
        str(told.value.fields["cites"]).split()
    )
    assert room.entries(Act.SERIOUS_MARK) == []
