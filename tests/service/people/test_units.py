"""Units: a tree that grows in scope, and of which nothing is closed that is not empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.people.units import full_names
from tests.roll_room import OPERATOR, RollRoom


@pytest.fixture
def room(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path)


def test_units_stand_below_their_agency_and_are_named_with_it(room: RollRoom) -> None:
    found = room.units.all(OPERATOR)
    assert {one.id for one in found} == {room.town.id, room.east.id, room.west.id}
    assert full_names(found)[room.east.id] == "大柘镇/东片执法队"
    assert room.east.path == f"/{room.town.id}/{room.east.id}/"
    (first, *_) = room.entries("unit.add")
    assert first["facts"] == {"name": "大柘镇", "parent": None}


@pytest.mark.parametrize("name", ["", " x", "a/b", "=1+1", "＝1", "@x", "-x", "a\nb", "a\u202eb", "n" * 201])
def test_a_bad_name_is_refused_and_nothing_changes(room: RollRoom, name: str) -> None:
    before = room.roll(), len(room.log())
    with pytest.raises(Invalid, match="invalid-text"):
        room.units.add(OPERATOR, name)
    with pytest.raises(Invalid, match="invalid-text"):
        room.units.rename(OPERATOR, room.east.id, name)
    assert (room.roll(), len(room.log())) == before


def test_a_name_is_given_once_below_one_parent(room: RollRoom) -> None:
    before = room.roll()
    with pytest.raises(Conflict, match="name-taken"):
        room.units.add(OPERATOR, "东片执法队", room.town.id)
    with pytest.raises(Conflict, match="name-taken"):
        room.units.rename(OPERATOR, room.west.id, "东片执法队")
    assert room.roll() == before
    room.units.rename(OPERATOR, room.west.id, "南片执法队")
    assert room.entries("unit.rename")[-1]["facts"] == {"name": "南片执法队", "before": "西片执法队"}


def test_a_unit_is_closed_only_when_nobody_and_no_open_unit_is_left(room: RollRoom) -> None:
    room.person("0001")
    before = room.roll()
    for full, people, units in ((room.east, 1, 0), (room.town, 0, 2)):
        with pytest.raises(Conflict, match="unit-not-empty") as caught:
            room.units.close(OPERATOR, full.id)
        assert (caught.value.fields["people"], caught.value.fields["units"]) == (people, units)
    assert room.roll() == before
    room.units.close(OPERATOR, room.west.id)
    with pytest.raises(Conflict, match="unit-closed"):
        room.units.close(OPERATOR, room.west.id)
    with pytest.raises(Conflict, match="unit-closed"):
        room.person("0002", unit=room.west)
    assert len(room.entries("unit.close")) == 1


def test_who_manages_one_unit_manages_nothing_beside_it(room: RollRoom) -> None:
    manager = room.caller("9001", Role.SECURITY_ADMINISTRATOR, room.east)
    assert room.units.add(manager, "一中队", room.east.id)
    before = room.roll()
    with pytest.raises(NotFound, match="unit-not-found"):
        room.units.rename(manager, room.west.id, "x")
    with pytest.raises(NotFound, match="unit-not-found"):
        room.units.close(manager, room.town.id)
    with pytest.raises(Refused, match="not-permitted"):
        room.units.add(manager, "另一机关")
    assert room.roll() == before
    assert [one["obj"] and one["obj"][0]["id"] for one in room.entries("access.denied")] == [
        room.west.id,
        room.town.id,
        [],
    ]
    assert {one.id for one in room.units.all(manager)} > {room.east.id}
    assert room.west.id not in {one.id for one in room.units.all(manager)}


@pytest.mark.parametrize("unit_id", ["", "x" * 33, "\0", "\ud800", "0" * 32])
def test_what_is_no_unit_is_not_found(room: RollRoom, unit_id: str) -> None:
    before = room.roll()
    for refused in (
        lambda: room.units.close(OPERATOR, unit_id),
        lambda: room.units.add(OPERATOR, "x", unit_id),
        lambda: room.people.add(OPERATOR, "1", PersonType.OFFICER, unit_id),
    ):
        with pytest.raises(NotFound, match="unit-not-found"):
            refused()
    assert room.roll() == before


def test_who_was_given_no_unit_manages_none(room: RollRoom) -> None:
    officer = room.caller("9002", Role.FIELD_OFFICER)
    before = room.roll()
    with pytest.raises(Refused, match="not-permitted"):
        room.units.add(officer, "x")
    with pytest.raises(Refused, match="not-permitted"):
        room.units.all(officer)
    assert room.roll() == before
    assert room.person("9003", PersonType.CIVILIAN)
