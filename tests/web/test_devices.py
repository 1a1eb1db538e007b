"""Devices over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.rights import Role
from evidence.service.devices.equipment import Equipment
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.device_room import SERIAL, DeviceRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    equipment: Equipment
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> DeviceRoom:
    return DeviceRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: DeviceRoom) -> Web:
    application = Application(room.site, Equipment(room.site), SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:10", "longquan:5")
def test_a_device_goes_its_way_over_http(room: DeviceRoom, web: Web) -> None:
    who = room.custodian.id
    new = {"serial": "S2", "class": "body-camera", "unit": room.unit.id, "capacity_mib": 65536}
    status, made = web.ask(who, "POST", "devices", new)
    assert (status, made["class"], made["maker"], made["capacity_mib"]) == (201, "body-camera", None, 65536)
    status, made = web.ask(who, "PATCH", "devices/S2", {"maker": "某厂", "service_until": "2030-01-01"})
    assert (status, made["maker"], made["service_until"]) == (200, "某厂", "2030-01-01")
    assert made["capacity_mib"] == 65536
    status, told = web.ask(who, "POST", "devices/S2/issue", {"number": "0001"})
    assert (status, told["code"], told["cites"]) == (409, "check-needed", "dazhe-2020:10")
    low = {"battery_percent": 10, "free_percent": 100, "clock_offset_ms": 0}
    assert web.ask(room.officer.id, "POST", "devices/S2/checks", low)[1]["faults"] == ["battery"]
    room.small.clock.pass_by(room.later(seconds=1) - room.small.clock.now())
    status, checked = web.ask(room.officer.id, "POST", "devices/S2/checks", low | {"battery_percent": 99})
    assert (status, checked["faults"]) == (201, [])
    status, issue = web.ask(who, "POST", f"devices/{made['id']}/issue", {"number": "0001"})
    assert (status, issue["person"], issue["issued_by"]) == (201, room.officer.id, who)
    (line,) = [one for one in web.get(who, "devices") if one["serial"] == "S2"]
    assert (line["state"], line["holder"]["number"], line["may_be_issued"]) == ("issued", "0001", True)
    status, back = web.ask(who, "POST", "devices/S2/return", {"number": "0002"})
    assert (status, back["by_another"], back["returned_by"]) == (200, True, room.second.id)
    status, service = web.ask(who, "POST", "devices/S2/services", {"kind": "fault", "note": "进水"})
    assert (status, service["ended"]) == (201, None)
    assert web.ask(who, "POST", "devices/S2/services/end", {"outcome": "报废"})[1]["ended_by"] == who
    gone = {"reason": "报废", "wiped": "存储卡已销毁"}
    assert web.ask(who, "POST", "devices/S2/retirement", gone)[1]["code"] == "device-not-docked"
    room.dock(serial="S2")
    assert web.ask(who, "POST", "devices/S2/retirement", gone)[1]["wiped"] == "存储卡已销毁"
    history = web.get(who, "devices/S2")
    assert [len(history[part]) for part in ("checks", "issues", "services")] == [2, 1, 1]


def test_units_and_clocks_are_listed_over_http(room: DeviceRoom, web: Web) -> None:
    (unit,) = web.get(room.custodian.id, "devices/units")
    assert (unit["custodians"], unit["devices"], unit["needed"], unit["short"]) == (["0008"], 1, 1, 0)
    room.dock(clock_offset_ms=-1000)
    told = web.get(room.custodian.id, "devices/clocks")
    assert told["suspected_docks"] == []
    (clock,) = told["clocks"]
    assert (clock["device"], clock["registered"], clock["last_offset_ms"]) == (SERIAL, True, -1000)


def test_strangers_and_wrong_words_are_refused(room: DeviceRoom, web: Web) -> None:
    other = room.add(Role.CUSTODIAN, where=room.beside)
    assert web.ask(other, "GET", f"devices/{SERIAL}")[1] == web.ask(other, "GET", "devices/none")[1] | {
        "device": SERIAL
    }
    assert web.ask(room.officer.id, "GET", "devices")[0] == 403
    assert web.get(other, "devices") == []
    new = {"serial": "S3", "class": "drone", "unit": room.unit.id}
    status, told = web.ask(room.custodian.id, "POST", "devices", new)
    assert (status, told["code"]) == (400, "unknown-device-class")
    assert web.ask(room.custodian.id, "POST", "devices", new | {"retired": "now"})[0] == 422
