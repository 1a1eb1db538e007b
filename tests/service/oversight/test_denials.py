"""Denied tries: auxiliaries first, counted, in the units of supervisors, with the articles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.errors import EvidenceError
from evidence.service.oversight.admission import admit_to_recording
from evidence.service.oversight.denials import Denials
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def desk(room: Room) -> Denials:
    return Denials(room.site)


def tries(room: Room, caller: Caller, action: Action, recording: str, times: int = 1) -> None:
    """Try what is not allowed."""
    for _ in range(times):
        with pytest.raises(EvidenceError):
            admit_to_recording(room.site, caller, action, recording)


def test_auxiliaries_come_first_then_whoever_tried_most(room: Room, desk: Denials) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    often, once = (room.new(Role.FIELD_OFFICER) for _ in range(2))
    auxiliary = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    tries(room, once, Action.PLAY, recording)
    tries(room, auxiliary, Action.EXPORT, recording, 2)
    tries(room, often, Action.PLAY, recording, 3)
    head = room.new(Role.UNIT_HEAD)
    lines = desk.tries(head)
    assert [(one.account_id, len(one.tries), one.is_auxiliary) for one in lines] == [
        (auxiliary.id, 2, True),
        (often.id, 3, False),
        (once.id, 1, False),
    ]
    (first, second) = lines[0].tries
    assert (first.action, first.why) == ("export", "barred-by-law")
    assert "dazhe-2020-aux:10(2)" in first.cites
    assert first.at > second.at, "newest first"
    assert [one["by"] for one in room.entries(Act.READ_DENIALS)] == [head.id]


def test_a_try_belongs_to_the_unit_of_the_person_and_of_the_recording(room: Room, desk: Denials) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    stranger = room.new(Role.FIELD_OFFICER, where=room.beside)
    tries(room, stranger, Action.PLAY, recording)
    owner, home, third = (
        room.new(Role.UNIT_HEAD, where=where) for where in (room.unit, room.beside, room.add_unit("third"))
    )
    assert [one.recording_id for line in desk.tries(owner) for one in line.tries] == [recording]
    assert [one.recording_id for line in desk.tries(home) for one in line.tries] == [None], (
        "whose recording it is not learns that somebody of theirs tried, and no more"
    )
    assert desk.tries(third) == []
    assert len(desk.tries(OPERATOR)) == 1


def test_older_tries_are_asked_for(room: Room, desk: Denials) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    tries(room, room.new(Role.FIELD_OFFICER), Action.PLAY, recording)
    before = room.small.clock.now() - timedelta(hours=1)
    room.small.clock.pass_by(timedelta(days=31))
    assert desk.tries(OPERATOR) == []
    assert len(desk.tries(OPERATOR, before)) == 1


@pytest.mark.parametrize("role", sorted(Role))
def test_supervisors_and_auditors_read_it_and_nobody_else(room: Room, desk: Denials, role: Role) -> None:
    caller = room.new(role)
    allowed = {Role.UNIT_HEAD, Role.AGENCY_HEAD, Role.AUDITOR, Role.AUDIT_ADMINISTRATOR}
    if role in allowed:
        assert desk.tries(caller) == []
        return
    with room.refused("not-permitted"):
        desk.tries(caller)


def test_a_try_at_what_is_not_there_is_one_too_and_names_nothing(room: Room, desk: Denials) -> None:
    officer = room.new(Role.FIELD_OFFICER)
    tries(room, officer, Action.PLAY, "f" * 32)
    (line,) = desk.tries(room.new(Role.UNIT_HEAD))
    assert (line.account_id, [one.recording_id for one in line.tries]) == (officer.id, [None])
