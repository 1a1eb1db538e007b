"""A request for an export is taken back by who asked, before anybody has decided, with a reason; it stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.exports import State, Way
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid
from evidence.service.oversight.refusals import OutOfSight
from tests.export_room import ExportRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def test_who_asked_takes_it_back_and_the_reason_is_a_commitment(room: ExportRoom) -> None:
    asked = room.asked()
    desk = room.court.withdrawing
    listed = desk.withdraw(room.custodian, asked, "填错案号")
    assert (listed.export.state, listed.withheld, listed.is_owed(listed.answer_by)) == (
        State.WITHDRAWN,
        frozenset(),
        False,
    )
    assert room.export(asked) == listed.export
    (entry,) = room.entries(Act.EXPORT_WITHDRAW)
    assert ("填错案号" in str(entry), entry["facts"]["number"]) == (False, listed.export.number)
    for act in (
        lambda: desk.withdraw(room.custodian, asked, "再撤"),
        lambda: room.court.exports.decide(room.head, asked, is_approved=True, reason="同意"),
    ):
        with room.refused("export-withdrawn", Conflict):
            act()
    room.pass_by(timedelta(days=99))
    assert list(room.court.exports.all(OPERATOR, red=True)) == [], "no answer is owed any more"


def test_nobody_else_takes_it_back_and_nothing_after_the_decision(room: ExportRoom) -> None:
    asked, desk = room.asked(), room.court.withdrawing
    before = room.export(asked)
    for other in (room.new(Role.CUSTODIAN), OPERATOR):
        with room.refused("not-the-asker"):
            desk.withdraw(other, asked, "不要了")
    with pytest.raises(OutOfSight, match="export-not-found"):
        desk.withdraw(
            room.new(Role.CUSTODIAN, where=room.add_unit("elsewhere", room.agency)), asked, "不要了"
        )
    with room.refused("reason-needed", Invalid):
        desk.withdraw(room.custodian, asked, " ")
    assert room.export(asked) == before
    room.approve(asked)
    with room.refused("export-decided", Conflict):
        desk.withdraw(room.custodian, asked, "不要了")
    assert (room.export(asked).state, room.entries(Act.EXPORT_WITHDRAW)) == (State.APPROVED, [])


def test_what_is_taken_back_keeps_no_recording(room: ExportRoom) -> None:
    free = room.sealed()
    room.pass_by()
    asked = room.asked(Way.SUPPLY, free, case_id=None, unit_id=room.unit.id)
    assert free not in room.due()
    room.court.withdrawing.withdraw(room.custodian, asked, "不需要了")
    assert free in room.due()
