"""Devices in people's hands: no shift without a check, two people at each hand-over, another's is raised."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.audit import Act
from evidence.domain.devices import CheckFault, ServiceKind
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.refusals import OutOfSight
from tests.builders import SmallSite
from tests.device_room import SERIAL, DeviceRoom
from tests.people_room import OPERATOR

PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")


@pytest.fixture
def room(small: SmallSite) -> DeviceRoom:
    return DeviceRoom(small)


@pytest.mark.article("dazhe-2020:10")
@pytest.mark.parametrize("pack", PACKS)
def test_a_device_without_a_check_in_24_hours_goes_out_only_with_a_reason_and_the_head_hears(
    room: DeviceRoom, pack: str
) -> None:
    room.under(pack)
    head = room.new(Role.UNIT_HEAD)
    room.check()
    room.small.clock.pass_by(timedelta(hours=24, seconds=1))
    with room.refused("check-needed", Conflict) as told:
        room.custody.issue(room.custodian, SERIAL, "0001")
    assert told.fields["cites"] == "dazhe-2020:10"
    with room.refused("reason-needed", Invalid):
        room.custody.issue(room.custodian, SERIAL, "0001", " ")
    issue = room.custody.issue(room.custodian, SERIAL, "0001", "突发警情")
    assert issue.override == "突发警情"
    (notice,) = Denials(room.site).notices(head)
    assert (notice.kind, notice.person_id) == (NoticeKind.DEVICE_UNCHECKED, room.officer.id)
    assert (notice.unit_id, notice.about_id) == (room.unit.id, issue.id)
    (entry,) = room.entries(Act.DEVICE_ISSUE)
    assert entry["facts"] == {"checked": False, "cites": ["dazhe-2020:10"]}
    assert set(entry["pd"]) == {"reason"}


@pytest.mark.article("dazhe-2020:10")
@pytest.mark.parametrize(
    ("measured", "fault"),
    [
        ({"battery": 59}, CheckFault.BATTERY),
        ({"free": 19}, CheckFault.SPACE),
        ({"offset_ms": 300_001}, CheckFault.CLOCK),
    ],
)
def test_a_check_that_found_something_is_none_and_the_next_one_counts(
    room: DeviceRoom, measured: dict[str, int], fault: CheckFault
) -> None:
    room.check(**measured)
    assert room.listed().faults == (fault,)
    with room.refused("check-needed", Conflict):
        room.custody.issue(room.custodian, SERIAL, "0001")
    room.small.clock.pass_by(timedelta(minutes=1))
    room.check()
    assert room.custody.issue(room.custodian, SERIAL, "0001", "不需要").override is None
    assert [one["facts"]["faults"] for one in room.entries(Act.DEVICE_CHECK)] == [[fault.value], []]


def test_nonsense_is_measured_nowhere(room: DeviceRoom) -> None:
    for battery, free, offset in ((101, 50, 0), (50, -1, 0), (50, 50, 10**15)):
        with room.refused("invalid-measure", Invalid):
            room.custody.check(room.custodian, SERIAL, battery, free, offset)


@pytest.mark.article("xinping-2022-aux:14(11)")
@pytest.mark.parametrize("pack", PACKS)
def test_what_another_person_brings_back_is_taken_and_raised(room: DeviceRoom, pack: str) -> None:
    room.under(pack)
    head = room.new(Role.UNIT_HEAD)
    room.issue("0001")
    back = room.custody.give_back(room.custodian, SERIAL, "0002")
    assert (back.person_id, back.returned_by, back.by_another) == (room.officer.id, room.second.id, True)
    assert back.received_by == room.custodian.id
    (notice,) = Denials(room.site).notices(head)
    assert (notice.kind, notice.person_id) == (NoticeKind.DEVICE_FROM_ANOTHER, room.officer.id)
    assert notice.about_id == back.id
    (entry,) = room.entries(Act.DEVICE_RETURN)
    assert entry["facts"] == {"by_another": True, "cites": ["xinping-2022-aux:14(11)"]}
    named = [one["id"] for one in entry["obj"] if one["k"] == "person"]
    assert named == [room.second.id, room.officer.id]
    assert room.listed().state == "in-stock"


def test_what_its_holder_brings_back_raises_nothing(room: DeviceRoom) -> None:
    room.issue("0001")
    assert not room.custody.give_back(room.custodian, SERIAL, "0001").by_another
    assert Denials(room.site).notices(OPERATOR) == []
    with room.refused("device-not-issued", Conflict):
        room.custody.give_back(room.custodian, SERIAL, "0001")
    with room.refused("person-not-found", NotFound):
        room.custody.give_back(room.custodian, SERIAL, "9999x")


def test_nobody_hands_a_device_to_themselves_nor_takes_it_from_themselves(room: DeviceRoom) -> None:
    room.check()
    with room.refused("own-request"):
        room.custody.issue(room.custodian, SERIAL, "0008")
    room.issue("0001")
    with room.refused("own-request"):
        room.custody.give_back(room.custodian, SERIAL, "0008")
    with room.refused("device-issued", Conflict):
        room.custody.issue(room.custodian, SERIAL, "0002")


@pytest.mark.article("inner-mongolia-aux:20", "dazhe-2020-aux:2")
@pytest.mark.parametrize(
    ("pack", "article"), [("inner-mongolia", "inner-mongolia-aux:20"), ("dazhe-2020", "dazhe-2020-aux:2")]
)
def test_whoever_lacks_what_the_law_asks_for_is_issued_no_device(
    room: DeviceRoom, pack: str, article: str
) -> None:
    room.under(pack)
    room.add(type_=PersonType.AUXILIARY, number="XG010001")
    room.check()
    with room.refused("lacks-for-duty") as told:
        room.custody.issue(room.custodian, SERIAL, "XG010001")
    assert article in str(told.fields["cites"]).split()
    assert "contract" in str(told.fields["needs"]).split()


def test_only_people_of_ones_own_units_and_on_the_roll_are_issued_a_device(room: DeviceRoom) -> None:
    room.add(where=room.beside, number="0500")
    room.check()
    with room.refused("person-not-found", OutOfSight):
        room.custody.issue(room.custodian, SERIAL, "0500")
    room.leaving.start(OPERATOR, "0002")
    with room.refused("not-on-roll"):
        room.custody.issue(room.custodian, SERIAL, "0002")
    room.register.add(room.custodian, "a server", "storage", room.unit.id)
    with room.refused("device-not-carried", Conflict):
        room.custody.issue(room.custodian, "a server", "0001", "无")


@pytest.mark.article("xinping-2022-aux:21", "inner-mongolia-aux:25")
def test_whoever_leaves_has_given_every_device_back(room: DeviceRoom) -> None:
    room.under("strict")
    room.issue("0002")
    checklist = room.leaving.start(OPERATOR, "0002")
    assert [(one.kind, one.count) for one in checklist.open] == [("devices", 1)]
    with pytest.raises(Conflict, match="still-open"):
        room.leaving.close(OPERATOR, "0002")
    room.custody.give_back(room.custodian, SERIAL, "0002")
    assert room.leaving.close(OPERATOR, "0002").left_at


@pytest.mark.article("dazhe-2020:10")
def test_a_device_with_a_fault_is_not_issued_until_that_is_settled(room: DeviceRoom) -> None:
    room.check()
    fault = room.custody.report(room.officer, SERIAL, ServiceKind.FAULT, "镜头破裂")
    assert room.listed().state == "in-repair"
    with room.refused("device-in-repair", Conflict):
        room.custody.issue(room.custodian, SERIAL, "0001")
    with room.refused("device-in-repair", Conflict):
        room.custody.report(room.officer, SERIAL, ServiceKind.MAINTENANCE, "保养")
    with room.refused("not-permitted", Refused):
        room.custody.settle(room.officer, SERIAL, "自行修好")
    done = room.custody.settle(room.custodian, SERIAL, "更换镜头")
    assert (done.id, done.outcome, done.ended_by) == (fault.id, "更换镜头", room.custodian.id)
    with room.refused("device-not-in-repair", Conflict):
        room.custody.settle(room.custodian, SERIAL, "更换镜头")
    assert room.custody.issue(room.custodian, SERIAL, "0001")
    assert set(room.entries(Act.DEVICE_SERVICE)[0]["pd"]) == {"note"}


def test_care_of_devices_lets_an_auxiliary_check_and_report_and_see_nothing(room: DeviceRoom) -> None:
    aux = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    room.custody.check(aux, SERIAL, 100, 100, 0)
    room.custody.report(aux, SERIAL, ServiceKind.MAINTENANCE, "擦拭")
    with room.refused("not-permitted"):
        room.reports.all(aux)
    with room.refused("not-permitted"):
        room.custody.issue(aux, SERIAL, "0001")


@pytest.mark.article("dazhe-2020:10")
def test_a_check_under_a_clock_that_was_ahead_neither_counts_nor_stands_in_the_way(room: DeviceRoom) -> None:
    right = room.small.clock.time
    room.small.clock.time = right + timedelta(days=300)
    room.check(battery=1)
    room.check()
    room.small.clock.time = right
    with room.refused("check-needed", Conflict):
        room.custody.issue(room.custodian, SERIAL, "0001")
    room.check()
    room.custody.issue(room.custodian, SERIAL, "0001")
