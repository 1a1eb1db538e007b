"""Who viewed what: everybody's looks, the powerful ones' too, read from the log and logged again."""

from __future__ import annotations

import pytest

from evidence.domain.access import Caller, Purpose
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind, Role
from evidence.errors import Invalid, NotFound, Refused
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.emergencies import Emergencies
from evidence.service.oversight.views import Views
from tests.people_room import OPERATOR, Room


@pytest.fixture
def desk(room: Room) -> Views:
    return Views(room.site)


def look(room: Room, recording: str) -> None:
    """Have a token, the command line and a stranger in an emergency look at a recording."""
    token = Caller(new_id(), Kind.INTEGRATION, "archive", scopes=TOKEN_SCOPES)
    with room.small.database.writing() as unit:
        unit.accounts.add(token, "0" * 64, room.small.clock.now())
    room.small.recordings.get(token, recording)
    room.small.recordings.open_original(OPERATOR, recording)[1].close()
    stranger, desk = room.add(Role.FIELD_OFFICER, where=room.beside, number="7007"), Emergencies(room.site)
    asked = desk.ask(room.caller(stranger), recording, "x")
    desk.decide(room.new(Role.UNIT_HEAD), asked.id, is_granted=True)
    admit_to_recording(room.site, room.caller(stranger), Action.PLAY, recording)


def test_everybodys_looks_are_listed_newest_first_with_what_for(
    room: Room, desk: Views, recording: str, wearer: str
) -> None:
    look(room, recording)
    seen = desk.of(room.caller(wearer), recording)
    assert [(one.act, one.seer.kind, one.seer.name or "", one.purpose) for one in seen] == [
        ("emergency.use", "person", "某人", "emergency"),
        ("evidence.read", "operator", "", None),
        ("evidence.list", "integration", "archive", None),
    ]
    assert seen[0].seer.number == "7007"
    assert [one.n for one in seen] == [3, 2, 1]
    assert sorted((one.at for one in seen), reverse=True) == [one.at for one in seen]


def test_reading_it_is_a_look_itself(room: Room, desk: Views, recording: str, wearer: str) -> None:
    assert desk.of(room.caller(wearer), recording) == []
    (view,) = desk.of(OPERATOR, recording)
    assert (view.act, view.seer.id) == (Act.READ_VIEWS, wearer)


@pytest.mark.parametrize("role", sorted(Role))
def test_the_wearer_the_head_the_custodian_and_the_auditor_read_it_and_nobody_else(
    room: Room, desk: Views, recording: str, role: Role
) -> None:
    caller = room.new(role)
    if role in (Role.UNIT_HEAD, Role.AGENCY_HEAD, Role.CUSTODIAN, Role.AUDITOR):
        assert desk.of(caller, recording) == []
        return
    with pytest.raises((NotFound, Refused)):
        desk.of(caller, recording)
    assert room.entries(Act.READ_VIEWS) == []
    assert len(room.denied()) == 1


def test_the_head_of_another_unit_is_told_that_there_is_nothing(
    room: Room, desk: Views, recording: str
) -> None:
    head = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("recording-not-found", NotFound):
        desk.of(head, recording)
    with room.refused("recording-not-found", NotFound):
        desk.of(head, "f" * 32)


def test_an_auxiliary_does_not_see_who_looked_at_what_they_wore(room: Room, desk: Views) -> None:
    auxiliary = room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    recording = room.record(auxiliary)
    caller = room.caller(auxiliary)
    with room.refused("not-permitted"):
        desk.of(caller, recording)


def test_pages_go_back_without_a_hole(room: Room, desk: Views, recording: str) -> None:
    for _ in range(7):
        room.small.recordings.get(OPERATOR, recording)
    head = room.new(Role.UNIT_HEAD)
    first = desk.of(head, recording, most=3)
    second = desk.of(head, recording, most=3, before=first[-1].n)
    third = desk.of(head, recording, most=3, before=second[-1].n)
    assert [one.n for one in [*first, *second, *third]] == [7, 6, 5, 4, 3, 2, 1]
    for most, before in ((0, None), (501, None), (1, 0)):
        with room.refused("invalid-page", Invalid):
            desk.of(head, recording, most, before)


def test_what_was_refused_stands_there_too(room: Room, desk: Views, recording: str, wearer: str) -> None:
    stranger: Caller = room.new(Role.FIELD_OFFICER, where=room.beside)
    with pytest.raises(NotFound):
        admit_to_recording(room.site, stranger, Action.PLAY, recording, Purpose.CASE)
    (view,) = desk.of(room.caller(wearer), recording)
    assert (view.act, view.result, view.seer.id) == ("access.denied", "refused", stranger.id)
