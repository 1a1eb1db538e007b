"""The roll on the command line: tables with a dry run, personnel files, leaving."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import forms
from tests.listed_site import rows, run

EAST = "大柘镇/东片执法队"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an agency and a unit."""
    data = tmp_path_factory.mktemp("site") / "data"
    forms.initialise(data)
    assert run(data, "units", "add", "大柘镇").exit_code == 0
    assert run(data, "units", "add", "东片执法队", "--below", "大柘镇").exit_code == 0
    return data


def enrolled(site: Path) -> list[str]:
    """Return the names of all but the administrator that a site begins with."""
    return [one["name"] for one in rows(site, "people", "list") if one["number"] != "administrator"]


def test_an_import_tells_first_and_does_it_when_told_to(site: Path, tmp_path: Path) -> None:
    before = enrolled(site)
    table = tmp_path / "人员.csv"
    table.write_text(f"编号,姓名,人员类别,单位\nA1,张三,执法人员,{EAST}\n=2,x,officer,没有\n", "gb18030")
    refused = run(site, "people", "import", str(table), "--apply")
    assert refused.exit_code == 1
    assert "第 2 行" in refused.stdout
    assert "人员类别" in refused.stdout
    assert "第 3 行" in refused.stdout
    assert "looks like a formula" in refused.stdout
    assert enrolled(site) == before
    table.write_text(f"编号,姓名,人员类别,单位\nA1,张三,行政执法人员,{EAST}\n", "gb18030")
    dry = run(site, "people", "import", str(table))
    assert (dry.exit_code, "试运行" in dry.stdout, "A1" in dry.stdout) == (0, True, True)
    assert enrolled(site) == before
    done = json.loads(run(site, "people", "import", str(table), "--apply", "--json").stdout)
    assert (done["applied"], done["added"]) == (True, 1)
    assert sorted(enrolled(site)) == sorted([*before, "张三"])
    for name in ("out.xlsx", "out.csv"):
        assert run(site, "people", "export", str(tmp_path / name)).exit_code == 0
        again = json.loads(run(site, "people", "import", str(tmp_path / name), "--apply", "--json").stdout)
        assert (again["added"], again["changed"]) == (0, 0)
        assert again["unchanged"] >= 2, "the administrator and 张三 at least: whoever left stands in no sheet"
    written = (tmp_path / "out.csv").read_bytes()
    assert run(site, "people", "export", str(tmp_path / "out.csv")).exit_code != 0
    assert (tmp_path / "out.csv").read_bytes() == written


def test_an_auxiliary_comes_is_marked_and_leaves(site: Path, tmp_path: Path) -> None:
    assert run(site, "people", "add", "B1", "--unit", EAST, "--type", "auxiliary").exit_code == 0
    listed = run(site, "people", "list", "--not-permitted").stdout
    assert "不得佩戴执法记录仪，缺：保密承诺" in listed
    assert "《大柘镇人民政府行政执法辅助人员管理办法》第十二条第（四）项" in listed
    changed = json.loads(run(site, "people", "change", "B1", "--name", "李四").stdout)
    assert changed["name"] == "李四"
    file = tmp_path / "B1.json"
    assert run(site, "people", "show", "B1", "--to", str(file)).exit_code == 0
    assert json.loads(file.read_text("utf-8"))["name"] == "李四"
    assert run(site, "people", "show", "B1", "--to", str(tmp_path / "B1.xlsx")).exit_code == 0
    assert json.loads(run(site, "people", "show", "B1").stdout)["number"] == "B1"
    assert "没有未结事项" in run(site, "people", "leave", "B1", "--check").stdout
    assert run(site, "people", "leave", "B1", "--close").exit_code != 0, "not begun"
    assert run(site, "people", "leave", "B1").exit_code == 0
    assert run(site, "people", "leave", "B1", "--close").exit_code == 0
    assert run(site, "people", "erase-name", "B1", "--reason", "x").exit_code != 0, "too early"
    (row,) = [one for one in rows(site, "people", "list") if one["number"] == "B1"]
    assert (row["on_roll"], bool(row["left"]), row["name"]) == (False, True, "李四")


def test_units_are_named_by_id_or_full_name(site: Path, tmp_path: Path) -> None:
    (new,) = run(site, "units", "add", "一中队", "--below", EAST).stdout.split()
    assert run(site, "units", "rename", f"{EAST}/一中队", "二中队").exit_code == 0
    assert f"{EAST}/二中队" in run(site, "units", "list").stdout
    assert run(site, "units", "export", str(tmp_path / "units.csv")).exit_code == 0
    assert run(site, "units", "import", str(tmp_path / "units.csv"), "--apply").exit_code == 0
    assert run(site, "units", "close", new).exit_code == 0
    assert run(site, "units", "close", "没有").exit_code != 0
    assert {one["full_name"] for one in rows(site, "units", "list")} >= {"大柘镇", EAST}
