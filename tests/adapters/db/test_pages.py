"""Questions of pages mean the same on both engines."""

from __future__ import annotations

from evidence.adapters.db.unit_of_work import SqlDatabase
from evidence.domain.devices import Check, Device
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit
from evidence.policy.equipment import CARRIED, DeviceClass
from evidence.service.devices.device_ports import Order, Tally
from tests.builders import START


def test_pages_of_devices_and_people_are_the_same_on_both_engines(database: SqlDatabase) -> None:
    top = new_id()
    agency = Unit(id=top, name="局", path=f"/{top}/")
    devices = [Device(new_id(), serial, DeviceClass.BODY_CAMERA, agency.id) for serial in "cab"]
    people = [Person(new_id(), f"000{n}", f"李{n}", PersonType.OFFICER, agency.id) for n in range(3)]
    with database.writing() as unit:
        unit.units.add(agency, START)
        for one in devices:
            unit.devices.add(one, START)
        for person in people:
            unit.people.add(person, START)
        unit.devices.add_check(Check(new_id(), devices[1].id, people[0].id, START, 90, 90, 0))
    with database.reading() as unit:
        rows, mine = unit.devices, [agency.id]

        def turned(order: Order, after: str | None) -> str:
            return "".join(one.serial for one in rows.page(mine, order, after, 50))

        assert [turned(one, None) for one in Order] == ["bca", "abc", "cba"]
        assert [turned(one, "b") for one in Order] == ["ca", "c", "a"]
        assert (rows.tally(mine), rows.stock(CARRIED)) == (Tally(3, 0, 2), {agency.id: 3})
        assert rows.recorded(START, ["a"]) == rows.owed(["a"]) == {}
        assert list(rows.last_checks([devices[1].id])) == [devices[1].id]
        found = unit.people.page(mine, "李", 2, "0002", is_last_first=True)
        assert [one.number for one in found] == ["0001", "0000"]
        assert (unit.people.count(mine, "0002"), unit.people.count(mine, "%")) == (1, 0)
        assert unit.people.by_numbers(["0001", "no such"]) == {"0001": people[1]}
        assert unit.people.on_roll(PersonType.OFFICER, START.date(), START) == {agency.id: 3}
        assert unit.recordings.unsound() == 0
