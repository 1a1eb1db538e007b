"""Lists of devices and people, page by page: the same as the whole list, in the order that is asked for, and
only of one's own units.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, is_on_roll
from evidence.domain.rights import Role
from evidence.errors import NotFound
from evidence.service.devices.device_ports import Order, Tally
from evidence.service.people.grants import Grants
from evidence.service.people.people_lists import AskedPeople, PeopleLists
from evidence.service.sign_in.account_desk import AccountDesk
from tests.builders import SmallSite
from tests.device_room import DeviceRoom
from tests.roll_room import OPERATOR, RollRoom

SERIALS = ("C3", "A1", "E5", "B2", "D4")


@pytest.fixture
def room(small: SmallSite) -> DeviceRoom:
    room = DeviceRoom(small)
    for serial in SERIALS:
        room.register.add(room.custodian, serial, "body-camera", room.unit.id)
    room.issue("0001", "A1")
    room.check("D4")
    room.register.retire(room.custodian, "B2", "旧", "已格式化")
    return room


@pytest.fixture
def roll(tmp_path: Path) -> RollRoom:
    roll = RollRoom(tmp_path)
    for place in range(7):
        roll.person(f"000{place}", **({"name": "李明"} if place == 4 else {}))
    return roll


def serials(room: DeviceRoom, caller: Caller, order: Order, most: int) -> list[str]:
    """Turn the pages to the end."""
    found, after = [], None
    while True:
        page = room.reports.page(caller, order, after, most)
        found += [one.device.serial for one in page.devices]
        assert len(page.devices) <= most
        if (after := page.after) is None:
            return found


@pytest.mark.parametrize("most", [1, 2, 3, 50])
def test_pages_of_devices_hold_each_once_in_the_order_asked_for(room: DeviceRoom, most: int) -> None:
    every = [one.device.serial for one in room.reports.all(room.custodian)]
    assert serials(room, room.custodian, Order.SERIAL, most) == every
    assert serials(room, room.custodian, Order.LAST_SERIAL, most) == every[::-1]
    unchecked = ["C3", "DSJX9A00123", "E5"]
    assert serials(room, room.custodian, Order.UNCHECKED, most) == [*unchecked, "A1", "D4", "B2"]


def test_a_page_of_devices_says_the_same_of_each_as_the_whole_list_and_counts_all(room: DeviceRoom) -> None:
    room.dock("a.mp4", "b.mp4", serial="A1")
    page = room.reports.page(room.custodian, Order.SERIAL, None, 3)
    assert list(page.devices) == list(room.reports.all(room.custodian))[:3]
    assert (page.devices[0].owed, page.devices[0].holder and page.devices[0].holder.number) == (2, "0001")
    assert page.tally == Tally(total=6, out=1, never=3)


def test_devices_of_another_unit_are_on_no_page_and_in_no_count(room: DeviceRoom) -> None:
    other = room.new(Role.CUSTODIAN, where=room.beside)
    page = room.reports.page(other, Order.UNCHECKED, None, 50)
    assert (page.devices, page.tally, page.after) == ([], Tally(0, 0, 0), None)


def numbers(roll: RollRoom, most: int, *, last_first: bool = False, caller: Caller = OPERATOR) -> list[str]:
    found, after = list[str](), None
    while True:
        asked = AskedPeople(after=after, is_last_first=last_first)
        page = PeopleLists(roll.site).page(caller, asked, most)
        found += [one.person.number for one in page.people]
        if (after := page.after) is None:
            return found


@pytest.mark.parametrize("most", [1, 3, 7, 50])
def test_pages_of_people_hold_each_once_by_number_either_way(roll: RollRoom, most: int) -> None:
    every = [one.person.number for one in roll.people.all(OPERATOR)]
    assert numbers(roll, most) == every
    assert numbers(roll, most, last_first=True) == every[::-1]


def test_people_are_found_by_number_or_name_and_counted(roll: RollRoom) -> None:
    lists = PeopleLists(roll.site)
    for text, found in (("李", ["0004"]), ("0006", ["0006"]), ("%", []), ("000", numbers(roll, 50))):
        page = lists.page(OPERATOR, AskedPeople(text), 50)
        assert [one.person.number for one in page.people] == found
        assert page.count == len(found)


def test_who_lacks_nothing_is_passed_over_however_many_they_are(
    mongolian: RollRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.service.people.people_lists.AT_ONCE", 2)
    lists = PeopleLists(mongolian.site)
    every = [one.person.number for one in mongolian.people.all(OPERATOR, lacking=True)]
    found, after = [], None
    while True:
        page = lists.page(OPERATOR, AskedPeople(lacking=True, after=after), 1)
        assert page.count is None, "nobody has looked at each of them"
        found += [one.person.number for one in page.people]
        if (after := page.after) is None:
            break
    assert found == every
    assert len(found) == 2


@pytest.fixture
def mongolian(tmp_path: Path) -> RollRoom:
    roll = RollRoom(tmp_path, "inner-mongolia")
    for place in range(6):
        roll.person(f"{place:04}")
    for place in range(2):
        roll.person(f"XG01{place:04}", PersonType.AUXILIARY)
    return roll


def test_somebody_of_another_unit_is_not_there_and_the_try_is_logged(roll: RollRoom) -> None:
    manager = roll.caller("9001", Role.SECURITY_ADMINISTRATOR, roll.west)
    lists = PeopleLists(roll.site)
    assert lists.one(OPERATOR, "0004").person.name == "李明"
    for number in ("0004", "no such"):
        with pytest.raises(NotFound, match="person-not-found"):
            lists.one(manager, number)
    assert len(roll.entries("access.denied")) == 2
    assert "0004" not in numbers(roll, 50, caller=manager)


def test_who_is_on_the_roll_is_counted_as_the_roll_itself_says(roll: RollRoom) -> None:
    now = roll.clock.now()
    on = now.date()
    days = (None, on - timedelta(days=1), on, on + timedelta(days=1))
    moments = (None, now - timedelta(seconds=1), now, now + timedelta(seconds=1))
    with roll.database.writing() as unit:
        for place, (begun, over, leaving, left) in enumerate(product(days, days, moments, moments)):
            one = Person(
                new_id(),
                f"r{place}",
                None,
                PersonType.AUXILIARY,
                roll.west.id,
                begun,
                over,
                None,
                leaving,
                left,
            )
            unit.people.add(one, now)
        some = [one for one in unit.people.all() if one.type is PersonType.AUXILIARY]
        expected = sum(is_on_roll(one, on, now) for one in some)
        assert 0 < expected < len(some) == 256
        assert unit.people.on_roll(PersonType.AUXILIARY, on, now) == {roll.west.id: expected}
        assert unit.people.on_roll(PersonType.OFFICER, on, now) == {roll.east.id: 7}


def test_what_one_person_holds_is_what_the_whole_list_says_of_them(room: DeviceRoom) -> None:
    head = room.new(Role.SECURITY_ADMINISTRATOR)
    grants, accounts = Grants(room.site), AccountDesk(room.site)
    for number in ("0001", "0008", head.name, "no such"):
        assert grants.held(head, number) == [one for one in grants.held(head) if one.person.number == number]
        assert accounts.all(head, number) == [one for one in accounts.all(head) if one.number == number]
    assert [one.person.number for one in grants.held(head, "0008")] == ["0008"]
