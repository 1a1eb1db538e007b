"""Packages that nobody is to have any more: what was approved and changed, lapsed, ended or was received."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.exports import State, Way
from evidence.domain.standing import Classification
from evidence.errors import Conflict
from evidence.service.keeping.destroying import Destroying
from tests.export_room import ExportRoom
from tests.keeping_room import KeepingRoom


@pytest.fixture
def room(tmp_path: Path) -> ExportRoom:
    return ExportRoom(tmp_path)


def supplied(room: ExportRoom, recording: str = "") -> str:
    one = room.approved(Way.SUPPLY, recording or room.one, case_id=None, unit_id=room.unit.id)
    room.build(one)
    assert room.export(one).state is State.BUILT
    return one


def left(room: ExportRoom) -> list[str]:
    return sorted(one.name for one in (room.folder / "exports").iterdir())


def test_what_is_to_be_handed_over_stays(room: ExportRoom) -> None:
    supplied(room)
    before = left(room)
    room.court.building.tidy()
    assert left(room) == before
    assert before
    assert room.entries(Act.EXPORT_DISCARD) == []


@pytest.mark.article("longquan:9")
def test_a_package_of_what_became_secret_goes_and_the_log_says_so(room: ExportRoom) -> None:
    one = supplied(room)
    room.restrict(room.one, Classification.PRIVACY)
    room.court.building.tidy()
    room.court.building.tidy()
    assert (left(room), room.export(one).state) == ([], State.LAPSED)
    (lapsed,), (gone,) = room.entries(Act.EXPORT_LAPSE), room.entries(Act.EXPORT_DISCARD)
    assert lapsed["facts"]["why"] == "set-changed"
    assert gone["facts"]["number"] == room.export(one).number


@pytest.mark.article("dazhe-2020:11")
def test_no_copy_of_what_was_destroyed_lies_on_in_a_package(room: ExportRoom) -> None:
    one = room.sealed()  # of no case
    supplied(room, one)
    with room.small.vault.open(f"recordings/{one}/data") as data:
        body = data.read()
    there = [one for one in (room.folder / "exports").rglob("*") if one.is_file()]
    assert any(body in one.read_bytes() for one in there)
    room.pass_by(timedelta(days=800))
    with pytest.raises(Conflict, match="still-kept"):  # somebody may still come for it
        KeepingRoom.approve(room, one)
    room.court.building.tidy()  # its days are over
    KeepingRoom.approve(room, one)
    Destroying(room.site).carry_out_all()
    there = [one for one in (room.folder / "exports").rglob("*") if one.is_file()]
    assert not any(body in one.read_bytes() for one in there)
    assert left(room) == []


def test_a_package_whose_days_are_over_goes(room: ExportRoom) -> None:
    one = supplied(room)
    room.pass_by(timedelta(days=31))
    room.court.building.tidy()
    assert (left(room), room.export(one).state) == ([], State.LAPSED)


@pytest.mark.article("dazhe-2020:14")
def test_a_package_waits_for_its_receipt_and_then_goes_while_the_retained_copy_stays(
    room: ExportRoom,
) -> None:
    room.designate()
    one = room.approved()
    room.build(one)
    room.hand_over(one)
    room.court.building.tidy()
    assert left(room)
    room.court.handing_over.note_receipt(room.clerk, one)
    room.court.building.tidy()
    assert left(room) == []
    assert room.small.vault.stat(f"exports/{one}/1").lock.holds == {one}


def test_a_build_that_nobody_wants_any_more_leaves_nothing(room: ExportRoom) -> None:
    """It was published, and the process died before it was sealed; then the set changed."""
    one = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)

    def died(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(room.court.building), "_seal", died)
        with pytest.raises(KeyboardInterrupt):
            room.court.building.build(one)
    assert json.loads((room.folder / "exports" / room.export(one).number / "media.json").read_bytes())
    room.restrict(room.one, Classification.PRIVACY)
    room.court.building.tidy()
    assert left(room) == []
