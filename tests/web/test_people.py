"""Units and people over HTTP: who may, in which scope, and what an import answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.domain.rights import Role
from tests.roll_room import RollRoom
from tests.web.roll_door import RollDoor

EAST = "大柘镇/东片执法队"


@pytest.fixture
def room(tmp_path: Path) -> RollRoom:
    return RollRoom(tmp_path)


@pytest.fixture
def door(room: RollRoom) -> RollDoor:
    return RollDoor(room)


@pytest.fixture
def manager(room: RollRoom, door: RollDoor) -> dict[str, str]:
    return door.sign("manager", room.caller("9001", Role.SECURITY_ADMINISTRATOR))


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_person_comes_serves_and_leaves(room: RollRoom, door: RollDoor, manager: dict[str, str]) -> None:
    new = {"number": "0001", "type": "auxiliary", "unit_id": room.east.id, "name": "李四"}
    assert door.ask("POST", "/api/v1/people", manager, json=new).status_code == 201
    person = "/api/v1/people/0001"
    for path, body in (
        ("posts", {"title": "巡查员", "since": "2026-01-21"}),
        ("trainings", {"name": "岗前培训", "days": 10, "held": "2026-01-20", "passed": True}),
        ("undertakings", {"kind": "duties", "signed": "2026-01-05"}),
    ):
        assert door.ask("POST", f"{person}/{path}", manager, json=body).status_code == 201
    moved = door.ask("PATCH", person, manager, json={"unit_id": room.west.id, "contract_from": "2026-01-01"})
    assert moved.json()["unit"] == room.west.id
    file = door.ask("GET", person, manager).json()
    assert [lack["need"] for lack in file["lacks"]] == ["confidentiality"]
    (listed,) = door.ask("GET", "/api/v1/people?not_permitted=true", manager).json()
    assert (listed["number"], listed["may_carry"], listed["post"]) == ("0001", False, "巡查员")
    assert door.ask("GET", f"{person}?form=xlsx", manager).content.startswith(b"PK")
    assert code(door.ask("POST", f"{person}/leaving/close", manager)) == (409, "leaving-not-begun")
    assert door.ask("POST", f"{person}/leaving", manager).json()["open"] == []
    assert door.ask("GET", f"{person}/leaving", manager).json()["leaving"]
    assert door.ask("POST", f"{person}/leaving/close", manager).json()["left"]
    early = door.ask("DELETE", f"{person}/name", manager, json={"reason": "x"})
    assert code(early) == (409, "too-early")


def test_units_are_added_renamed_and_closed(room: RollRoom, door: RollDoor, manager: dict[str, str]) -> None:
    new = {"name": "一中队", "below": room.east.id}
    added = door.ask("POST", "/api/v1/units", manager, json=new)
    unit = f"/api/v1/units/{added.json()['id']}"
    assert door.ask("PATCH", unit, manager, json={"name": "二中队"}).status_code == 204
    names = {one["full_name"] for one in door.ask("GET", "/api/v1/units", manager).json()}
    assert f"{EAST}/二中队" in names
    assert door.ask("DELETE", unit, manager).status_code == 204
    assert code(door.ask("DELETE", f"/api/v1/units/{room.town.id}", manager)) == (409, "unit-not-empty")


def test_an_import_is_a_dry_run_and_names_its_bad_cells(
    room: RollRoom, door: RollDoor, manager: dict[str, str]
) -> None:
    before = room.roll()
    good = f"编号,人员类别,单位\n0001,officer,{EAST}\n".encode()
    dry = door.ask("POST", "/api/v1/people/table", manager, content=good)
    assert (dry.status_code, dry.json()["added"], dry.json()["applied"]) == (200, 1, False)
    bad = good + b"=1,officer,x\n"
    refused = door.ask("POST", "/api/v1/people/table?apply=true", manager, content=bad)
    assert (refused.status_code, refused.json()["applied"]) == (422, False)
    assert refused.json()["faults"][0]["reason"] == "formula"
    assert room.roll() == before
    assert door.ask("POST", "/api/v1/people/table?apply=true", manager, content=good).json()["applied"]
    table = door.ask("GET", "/api/v1/people/table", manager)
    assert table.headers["content-disposition"] == 'attachment; filename="people.csv"'
    again = door.ask("POST", "/api/v1/people/table?apply=true", manager, content=table.content)
    assert again.json()["rows"] == []
    units = door.ask("GET", "/api/v1/units/table?form=xlsx", manager).content
    assert door.ask("POST", "/api/v1/units/table?apply=true", manager, content=units).json()["unchanged"] == 3
    assert code(door.ask("POST", "/api/v1/units/table", manager, content=b"")) == (400, "sheet-empty")


def test_who_reads_the_roll_changes_nothing_and_a_stranger_sees_nothing(
    room: RollRoom, door: RollDoor
) -> None:
    room.person("0001", unit=room.west)
    head = door.sign("head", room.caller("9002", Role.UNIT_HEAD, room.east))
    before = room.roll()
    new = {"number": "1", "type": "officer", "unit_id": room.east.id}
    assert code(door.ask("POST", "/api/v1/people", head, json=new)) == (403, "not-permitted")
    assert code(door.ask("GET", "/api/v1/people/0001", head)) == (404, "person-not-found")
    assert code(door.ask("GET", "/api/v1/people/none", head)) == (404, "person-not-found")
    assert [one["number"] for one in door.ask("GET", "/api/v1/people", head).json()] == ["9002"]
    for method, path in (
        ("GET", "/api/v1/people"),
        ("POST", "/api/v1/people"),
        ("GET", "/api/v1/units/table"),
    ):
        assert code(door.ask(method, path)) == (401, "not-signed-in")
    assert room.roll() == before


def test_a_body_with_more_or_other_fields_is_refused(
    room: RollRoom, door: RollDoor, manager: dict[str, str]
) -> None:
    room.person("0001")
    before = room.roll()
    for body in ({"left_at": None}, {"id": "x"}, {"contract_to": "soon"}):
        answer = door.ask("PATCH", "/api/v1/people/0001", manager, json=body)
        assert code(answer) == (422, "invalid-request"), body
    answer = door.ask("PATCH", "/api/v1/people/0001", manager, json={"type": "king"})
    assert code(answer) == (422, "unknown-word")
    for body in ({"type": None}, {"number": ""}, {"unit_id": ""}):
        assert door.ask("PATCH", "/api/v1/people/0001", manager, json=body).status_code in (400, 404, 422)
    assert room.roll() == before
