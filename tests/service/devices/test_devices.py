"""The register of devices: who may keep it, and that nothing is retired with files on it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.recordings import NOT_MEASURED
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.policy.equipment import DeviceClass, equipment_of
from evidence.policy.rules import cite_ids
from evidence.service.instruments import pack_at
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.people.units import Units
from tests.builders import SmallSite, an_origin
from tests.device_room import SERIAL, DeviceRoom
from tests.people_room import OPERATOR

PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")


@pytest.fixture
def room(small: SmallSite) -> DeviceRoom:
    return DeviceRoom(small)


def articles(room: DeviceRoom, name: str) -> tuple[str, ...]:
    now = room.small.clock.now()
    rules = equipment_of(pack_at(room.site.policies, now), pack_at(room.site.strictest, now))
    return cite_ids(getattr(rules, name).cites)


@pytest.mark.article("dazhe-2020:2", "longquan:2")
@pytest.mark.parametrize(
    ("pack", "lacks"),
    [("dazhe-2020", set()), ("longquan", {"handheld"}), ("inner-mongolia", set()), ("strict", set())],
)
def test_every_class_of_the_article_is_registered_and_no_other(
    room: DeviceRoom, pack: str, lacks: set[str]
) -> None:
    room.under(pack)
    for one in sorted(set(DeviceClass) - lacks):
        assert room.register.add(room.custodian, f"{pack} {one}", one, room.unit.id).class_ == one
    for wrong in ("drone", *lacks):
        with room.refused("unknown-device-class", Invalid):
            room.register.add(room.custodian, "another", wrong, room.unit.id)


def test_a_device_is_known_by_its_serial_number_and_changes_are_told(room: DeviceRoom) -> None:
    with room.refused("serial-taken", Conflict):
        room.register.add(room.custodian, SERIAL, "camcorder", room.unit.id)
    details = {"maker": "海康", "firmware": "2.1", "capacity_mib": 65536, "service_until": date(2030, 1, 1)}
    changed = room.register.change(room.custodian, SERIAL, **details)  # type: ignore[arg-type]
    assert (changed.maker, changed.capacity_mib) == ("海康", 65536)
    assert room.register.change(room.custodian, changed.id, firmware="2.2").maker == "海康"
    assert room.register.change(room.custodian, SERIAL, firmware="2.2").firmware == "2.2"
    facts = [one["facts"] for one in room.entries(Act.DEVICE_CHANGE)]
    assert facts[1:] == [{"firmware": "2.2"}], "what stays as it is makes no entry"
    with room.refused("invalid-measure", Invalid):
        room.register.change(room.custodian, SERIAL, capacity_mib=0)


@pytest.mark.article("longquan:6", "dazhe-2020:10")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CUSTODIAN])
def test_only_a_custodian_registers_issues_takes_back_and_retires(room: DeviceRoom, role: Role) -> None:
    other = room.new(role)
    for act in (
        lambda: room.register.add(other, "another", "body-camera", room.unit.id),
        lambda: room.register.retire(other, SERIAL, "旧", "已格式化"),
        lambda: room.custody.issue(other, SERIAL, "0001"),
        lambda: room.custody.give_back(other, SERIAL, "0001"),
    ):
        with room.refused("not-permitted"):
            act()


def test_a_custodian_of_another_unit_finds_no_device_and_no_unit(room: DeviceRoom) -> None:
    other = room.new(Role.CUSTODIAN, where=room.beside)
    for act in (
        lambda: room.register.change(other, SERIAL, maker="x"),
        lambda: room.register.retire(other, SERIAL, "旧", "已格式化"),
        lambda: room.custody.check(other, SERIAL, 100, 100, 0),
        lambda: room.custody.issue(other, SERIAL, "0001"),
        lambda: room.custody.give_back(other, SERIAL, "0001"),
        lambda: room.reports.history(other, SERIAL),
    ):
        with room.refused("device-not-registered", OutOfSight):
            act()
    with pytest.raises(NotFound, match="unit-not-found"):
        room.register.add(other, "another", "body-camera", room.unit.id)
    with pytest.raises(NotFound, match="unit-not-found"):
        room.register.change(room.custodian, SERIAL, unit_id=room.beside.id)
    for nothing in (new_id(), "", "x" * 33, "𝕿" * 400):
        with room.refused("device-not-registered", NotFound):
            room.register.change(other, nothing, maker="x")
    assert room.reports.all(other) == []
    assert room.listed(room.custodian).unit == "agency/unit"


@pytest.mark.article("longquan:5")
@pytest.mark.parametrize("pack", PACKS)
def test_retiring_a_device_with_files_that_are_not_brought_in_is_blocked(room: DeviceRoom, pack: str) -> None:
    room.under(pack)
    (owed,) = room.dock("a.mp4")
    with room.refused("device-not-offloaded", Conflict) as told:
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    assert (told.fields["files"], told.fields["cites"]) == (1, "longquan:5")
    assert room.listed().owed == 1
    room.bring_in(owed)
    with room.refused("reason-needed", Invalid):
        room.register.retire(room.custodian, SERIAL, "老化", " ")
    gone = room.register.retire(room.custodian, SERIAL, "老化", "已格式化，见照片")
    assert (gone.retired_by, gone.wiped) == (room.custodian.id, "已格式化，见照片")
    (entry,) = room.entries(Act.DEVICE_RETIRE)
    assert entry["facts"]["cites"] == ["longquan:5"]
    assert set(entry["pd"]) == {"reason", "wiped"}
    with room.refused("device-retired", Conflict):
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    assert room.listed().state == "retired"


@pytest.mark.article("longquan:5")
def test_a_transfer_under_way_and_a_card_that_was_never_docked_block_retirement_too(room: DeviceRoom) -> None:
    room.issue()
    with room.refused("device-issued", Conflict):
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    room.custody.give_back(room.custodian, SERIAL, "0001")
    with room.refused("device-not-docked", Conflict):
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    room.dock()  # an empty card is an answer
    alone = an_origin("alone.mp4", size_bytes=4, device=SERIAL, wearer="0001")
    upload = room.small.uploads.create(room.small.dock, alone, None)
    with room.refused("device-not-offloaded", Conflict):
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    room.small.uploads.terminate(room.small.dock, upload.id)
    assert room.register.retire(room.custodian, SERIAL, "老化", "已格式化").retired_at


def test_a_unit_with_a_device_is_not_closed(room: DeviceRoom) -> None:
    room.register.add(OPERATOR, "another", "body-camera", room.beside.id)
    with pytest.raises(Conflict, match="unit-not-empty") as told:
        Units(room.site).close(OPERATOR, room.beside.id)
    assert told.value.fields["devices"] == 1
    room.register.retire(OPERATOR, "another", "误登记", "未使用")
    Units(room.site).close(OPERATOR, room.beside.id)


@pytest.mark.article("dazhe-2020:10", "longquan:6", "dazhe-2020:3", "longquan:4")
@pytest.mark.parametrize("pack", PACKS)
def test_each_unit_shows_who_keeps_its_devices_and_how_many_it_lacks(room: DeviceRoom, pack: str) -> None:
    room.under(pack)
    for _ in range(2):
        room.add()
    room.add(type_=PersonType.AUXILIARY)
    found = {one.name: one for one in room.reports.by_unit(OPERATOR)}
    mine, beside = found["agency/unit"], found["agency/beside"]
    # Five officers with the custodian among them, one recorder for each three: two, and there is one.
    assert (mine.officers, mine.needed, mine.devices, mine.short) == (5, 2, 1, 1)
    assert [one.number for one in mine.custodians] == ["0008"]
    assert (beside.custodians, beside.short) == ((), 0)
    assert cite_ids(mine.cites) == articles(room, "need") + articles(room, "keeping")
    room.register.add(OPERATOR, "the second", "body-camera", room.unit.id)
    room.register.add(OPERATOR, "a server", "storage", room.unit.id)
    assert [one.short for one in room.reports.by_unit(room.custodian)] == [0], (
        "what stands still helps no one"
    )


def test_the_list_says_what_is_over_its_time_how_full_and_in_whose_hands(room: DeviceRoom) -> None:
    now = room.small.clock.now()
    until = (now - timedelta(days=2)).date()
    room.register.change(room.custodian, SERIAL, capacity_mib=1, service_until=until)
    room.issue()
    line = room.listed(room.new(Role.AUDITOR))
    assert (line.state, line.holder.number, line.is_checked, line.is_over) == ("issued", "0001", True, True)
    assert line.days_until_full is None
    for day in (3, 4):
        room.dock(f"{day}.mp4", modified_at=now - timedelta(days=day))
    assert room.listed().days_until_full == (1 << 20) / 4
    history = room.reports.history(OPERATOR, SERIAL)
    assert [len(rows) for rows in (history.checks, history.issues, history.services)] == [1, 1, 0]


def test_clocks_are_told_by_dock_to_those_whose_devices_they_are(room: DeviceRoom) -> None:
    room.dock(clock_offset_ms=1000)
    room.small.clock.pass_by(timedelta(days=1))
    room.dock(clock_offset_ms=400_000)
    room.dock(labels=NOT_MEASURED)  # and no reading of 0
    room.dock(serial="unknown", wearer="0001")
    room.dock(serial="nobody's", wearer="?")
    mine = room.reports.clocks(room.custodian)
    assert [(one.device, one.device in mine.registered) for one in mine.drifts] == [
        (SERIAL, True),
        ("unknown", False),
    ]
    drift = mine.drifts[0]
    assert (drift.readings, drift.per_day_ms, drift.over_limit) == (2, 399_000, 1)
    assert room.reports.clocks(room.new(Role.CUSTODIAN, where=room.beside)).drifts == []
    assert len(room.reports.clocks(OPERATOR).drifts) == 3
    room.small.clock.pass_by(timedelta(days=31))
    assert room.reports.clocks(OPERATOR).drifts == []


def test_who_may_not_look_sees_nothing(room: DeviceRoom) -> None:
    for act in (room.reports.all, room.reports.by_unit, room.reports.clocks):
        with room.refused("not-permitted", Refused):
            act(room.officer)


@pytest.mark.article("longquan:5")
@pytest.mark.parametrize("pack", PACKS)
def test_a_card_that_was_docked_while_the_device_was_out_says_nothing_about_the_rest_of_the_shift(
    room: DeviceRoom, pack: str
) -> None:
    room.under(pack)
    room.issue()
    room.small.clock.pass_by(timedelta(minutes=5))
    room.dock()  # empty, at the start of the shift
    room.small.clock.pass_by(timedelta(hours=8))
    room.custody.give_back(room.custodian, SERIAL, "0001")
    with room.refused("device-not-docked", Conflict) as told:
        room.register.retire(room.custodian, SERIAL, "老化", "已格式化")
    assert told.fields["cites"] == "longquan:5"
    room.dock()
    assert room.register.retire(room.custodian, SERIAL, "老化", "已格式化").retired_at
