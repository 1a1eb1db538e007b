"""`evidence devices` on a real site: the same answers as over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.errors import Conflict
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """A site in `data` with a recording of DSJ1 and one that is owed, a unit and two officers; its id."""
    application = build(listed_site.make(tmp_path / "data"))
    home = new_id()
    with application.site.database.writing() as work:
        now = application.site.clock.now()
        work.units.add(Unit(home, "大队", unit_path(None, home)), now)
        for number in ("1001", "1002"):
            work.people.add(Person(new_id(), number, "某人", PersonType.OFFICER, home), now)
    application.site.database.close()
    return home


@pytest.mark.article("dazhe-2020:10", "longquan:5", "xinping-2022-aux:14(11)")
def test_a_device_goes_its_way_on_the_command_line(tmp_path: Path, unit: str) -> None:
    site = tmp_path / "data"
    words = ("add", "DSJ1", "--class", "body-camera", "--unit", unit, "--capacity-mib", "65536")
    id_ = run(site, "devices", *words).stdout.strip()
    assert rows(site, "devices", "change", "DSJ1", "--maker", "某厂")["maker"] == "某厂"
    assert isinstance(run(site, "devices", "issue", "DSJ1", "1001").exception, Conflict)
    found = run(site, "devices", "check", "DSJ1", "--battery", "5", "--free", "90")
    assert (found.exit_code, "电量不足" in found.stdout) == (1, True)
    found = run(site, "devices", "check", id_, "--battery", "95", "--free", "90")
    assert (found.exit_code, "正常" in found.stdout) == (0, True)
    assert rows(site, "devices", "issue", "DSJ1", "1001")["override"] is None
    shown = run(site, "devices", "list").stdout
    assert "已领用" in shown
    assert "1001" in shown
    assert "上次检查" in shown, "a check is no verification of bytes"
    assert "尚未处理完毕" not in shown
    run(site, "devices", "report", "DSJ1", "fault", "--note", "镜头破裂")
    shown = run(site, "devices", "list").stdout
    assert re.search("已领用.* ‼ 故障尚未处理完毕", shown), "in somebody's hands, and a fault of it is open"
    (row,) = rows(site, "devices", "list")
    assert (row["state"], row["service"]["kind"], row["service"]["note"]) == ("issued", "fault", "镜头破裂")
    run(site, "devices", "settle", "DSJ1", "--outcome", "已换")
    assert rows(site, "devices", "list")[0]["service"] is None
    assert "由他人归还" in run(site, "devices", "return", "DSJ1", "1002").stdout
    run(site, "devices", "report", "DSJ1", "maintenance", "--note", "清洁")
    assert rows(site, "devices", "list")[0]["state"] == "in-repair"
    assert rows(site, "devices", "settle", "DSJ1", "--outcome", "完成")["outcome"] == "完成"
    problem = run(site, "devices", "retire", "DSJ1", "--reason", "老化", "--wiped", "格式化").exception
    assert isinstance(problem, Conflict)
    assert problem.code == "device-not-offloaded"
    shown = run(site, "devices", "show", "DSJ1").stdout
    assert not set(re.findall("[0-9a-f]{32}", shown)), "people and units by name, not by id"
    for words in (
        "执法记录仪",
        "大队",
        "某厂",
        "电量 5%",
        "：1001 某人",
        "归还",
        "：1002 某人",
        "清洁",
        "完成",
    ):
        assert words in shown
    assert rows(site, "devices", "show", "DSJ1")["services"][0]["outcome"] == "完成"


def test_units_and_clocks_are_listed(tmp_path: Path, unit: str) -> None:
    site = tmp_path / "data"
    assert rows(site, "devices", "list") == []
    assert "无专人管理" in run(site, "devices", "units").stdout
    assert unit in [one["unit"] for one in rows(site, "devices", "units")]
    assert "DSJ1" in run(site, "devices", "clocks").stdout
    (clock,) = rows(site, "devices", "clocks")["clocks"]
    assert (clock["registered"], clock["cards"]) == (False, 1)
