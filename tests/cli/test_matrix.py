"""`evidence matrix` on a real site: the same answers as over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.errors import Conflict, Invalid
from tests import listed_site
from tests.listed_site import rows, run


@pytest.mark.article("dazhe-2020:5", "dazhe-2020:annex")
def test_what_must_be_recorded_is_entered_and_shown_on_the_command_line(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now, home = application.site.clock.now(), new_id()
    with application.site.database.writing() as work:
        work.units.add(Unit(home, "大队", unit_path(None, home), None), now)
        work.people.add(Person(new_id(), "1001", "某人", PersonType.OFFICER, home), now)
    application.site.database.close()
    assert "没有" in run(site, "matrix", "unit").stdout
    case = run(site, "cases", "open", "杭1", "--unit", home).stdout.strip()
    times = ("--from", "2026-01-05 09:00:00", "--to", "2026-01-05T10:00:00", "--officer", "1001")
    step = run(
        site, "matrix", "enter", case, "--kind", "随机抽查、现场检查", *times, "--place", "某街"
    ).stdout.strip()
    lines = rows(site, "matrix", "show", case)["lines"]
    assert (lines[0]["kind"], lines[0]["state"], lines[0]["cites"]) == (
        "on-site-check",
        "red",
        ["dazhe-2020:5"],
    )
    assert lines[0]["steps"][0]["from"] == "2026-01-05T01:00:00.000000Z", "in the law's time zone"
    hearing = next(number for number, line in enumerate(lines, 1) if line["stage"] == "听证")
    unnamed = run(site, "matrix", "enter", case, "--line", str(hearing), *times).exception
    assert isinstance(unnamed, Conflict)
    assert (unnamed.code, unnamed.fields["name"]) == ("no-legal-unit", "大队")
    assert run(site, "units", "legal", home).exit_code == 0
    owed = rows(site, "matrix", "enter", case, "--line", str(hearing), *times)
    assert (owed["stage"], owed["owner"]) == ("听证", home)
    for wrong in ((), ("--line", "99"), ("--line", "1", "--kind", "on-site-check")):
        assert run(site, "matrix", "enter", case, *wrong, *times).exit_code != 0
    refused = run(site, "matrix", "enter", case, "--line", "99", *times).exception
    assert isinstance(refused, Invalid)
    assert (refused.code, refused.fields["found"]) == ("no-such-line", 99)
    assert refused.known is not None
    numbers = [one.partition(" ")[0] for one in refused.known.taken]
    assert numbers == [str(n) for n in range(1, len(lines) + 1)], "which lines there are"
    assert "听证" in refused.known.taken[hearing - 1]
    shown = run(site, "matrix", "show", case).stdout
    assert "随机抽查、现场检查" in shown
    assert "第五条" in shown
    assert " / the whole of a hearing" in shown
    red = run(site, "matrix", "unit", "--red").stdout
    assert step in red
    assert "‼" in red
    (counted,) = rows(site, "matrix", "unit", home)["cases"]
    assert rows(site, "matrix", "unit", "大队")["cases"] == [counted], "by its name as well"
    assert rows(site, "gaps", "--unit", "大队")["by_unit"] == rows(site, "gaps", "--unit", home)["by_unit"]
    assert run(site, "matrix", "unit", "小队").exit_code != 0
    assert counted["counts"]["red"] == 2
    assert {one["place"] for one in counted["red"]} == {"某街", None}
    gaps = run(site, "gaps").stdout
    assert "应当记录而未记录的执法活动" in gaps
    assert step in gaps
    assert "未记录的活动 2，" in gaps, "among the totals"
    assert "已录 0 秒，应录 1 小时，占 0%" in shown
    assert "已录 0 秒，应录 1 小时，占 0%" in gaps
    assert "登记的执法活动已撤回" in run(site, "matrix", "withdraw", case, step, "--reason", "误登").stdout
    counts = rows(site, "matrix", "unit")["counts"]
    assert counts == {"red": 1, "due": 0, "partly": 0, "exempt": 0, "covered": 0}
    assert run(site, "units", "legal", home, "--end").exit_code == 0
