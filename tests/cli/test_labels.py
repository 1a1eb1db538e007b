"""`evidence labels`: given, to follow, taken off, with their history, and what is missing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.instants import from_text, to_text
from evidence.domain.recordings import NOT_MEASURED
from evidence.errors import Invalid
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with one recording that has a case number from its dock."""
    return listed_site.make(tmp_path / "data")


def test_labels_on_the_command_line(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    before = recording["labels"]["case-number"]
    id_ = recording["id"]
    (bare,) = rows(site, "labels", "missing")["missing"]
    assert (bare["recording"], bare["missing"]) == (id_, ["inspected-party"])
    words = ("labels", "set", id_, "--label", "inspected-party=某公司=甲", "--label", "地点=某街1号")
    assert rows(site, *words) == {"changed": [id_], "before": {}, "unknown_case": None}
    assert rows(site, *words) == {"changed": [], "before": {}, "unknown_case": None}
    assert run(site, *words).stdout.startswith("0 份资料的标注已变更 / 0 recordings changed")
    ((recording),) = rows(site, "recordings")
    assert recording["labels"] == {"case-number": before, "inspected-party": "某公司=甲", "place": "某街1号"}
    assert rows(site, "labels", "missing")["total"] == 0
    wrong = run(site, "labels", "set", id_, "--label", "颜色=红").exception
    assert isinstance(wrong, Invalid)
    assert "case-number" in str(wrong.fields["known"])
    assert "标注已撤下：案号" in run(site, "labels", "end", id_, "--label", "案号", "--reason", "另案").stdout
    due = (date.today() + timedelta(days=7)).isoformat()  # noqa: DTZ011 (any day ahead will do)
    assert rows(site, "labels", "not-yet", id_, "--due", due) == {"changed": [id_]}
    (waiting,) = rows(site, "labels", "missing")["to_follow"]
    assert waiting["case_number_due"] == due
    shown = run(site, "labels", "missing").stdout
    assert "另有 1 份只待补案号" in shown
    assert "1 more lack nothing but a case number that is to follow" in shown
    assert rows(site, "labels", "filed", "--party", "某公司=甲")["by_party"] == [
        {"value": "某公司=甲", "count": 1}
    ]
    assert rows(site, "labels", "filed", "--until", "2001-01-01")["recordings"] == []
    assert "某公司=甲: 1" in run(site, "labels", "filed").stdout
    told = rows(site, "labels", "history", id_)["labels"]
    assert [(one["name"], one["value"], one["given_by"]) for one in told] == [
        ("case-number", before, "dock"),
        ("inspected-party", "某公司=甲", "operator"),
        ("place", "某街1号", "operator"),
        ("case-number", None, "operator"),
    ]


def test_what_is_shown_is_for_people(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    shown = run(site, "labels", "missing").stdout
    assert "被检查单位名称 / inspected party: 1" in shown
    assert recording["id"] in shown
    assert "第十二条" in shown
    shown = run(site, "labels", "history", recording["id"]).stdout
    assert shown.startswith("案号 / case number: ")
    assert "dock" in shown
    shown = run(site, "gaps").stdout
    assert "被检查单位名称" in shown


def test_that_a_clock_was_not_measured_is_said_in_words(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data", **NOT_MEASURED)
    ((recording),) = rows(site, "recordings")
    assert NOT_MEASURED.items() <= recording["labels"].items()
    for words in (("filed",), ("history", recording["id"])):
        shown = run(site, "labels", *words).stdout
        assert "时钟偏差 / clock offset: 未核对 / not measured" in shown
        assert "not-measured" not in shown


@pytest.mark.parametrize("label", ["case-number", "colour=red", "place= "])
def test_what_is_no_label_is_wrong_usage(site: Path, label: str) -> None:
    ((recording),) = rows(site, "recordings")
    before = rows(site, "labels", "history", recording["id"])
    twice = ("--label", "place=a", "--label", "place=b")
    for words in (("--label", label), twice):
        assert isinstance(run(site, "labels", "set", recording["id"], *words).exception, Invalid)
    assert rows(site, "labels", "history", recording["id"]) == before


def test_activities_are_matched_and_label_what_was_recorded(site: Path, tmp_path: Path) -> None:
    ((recording),) = rows(site, "recordings")
    end = from_text(recording["ended"] or recording["sealed"])
    if recording["ended"] is None:
        application = build(site)
        with application.site.database.writing() as unit:
            unit.recordings.note_end(recording["id"], end)
        application.site.database.close()
    times = [to_text(end + timedelta(minutes=minutes)) for minutes in (-30, 30)]
    table = tmp_path / "activities.csv"
    lines = ["wearer,from,to,case_number,place", ",".join([recording["wearer"], *times, "杭9", "某街"])]
    table.write_text("\n".join(lines), "utf-8")
    dry = rows(site, "activities", "import", str(table))
    assert (dry["applied"], dry["changed"]) == (False, 1)
    stood = recording["labels"]["case-number"]
    assert dry["matched"][0]["before"] == {recording["id"]: {"case-number": stood}}
    tried = run(site, "activities", "import", str(table))
    shown = run(site, "activities", "import", str(table), "--apply")
    assert shown.exit_code == 0
    assert f"{recording['id']}*" in shown.stdout
    for told in (tried.stdout, shown.stdout):
        assert f"原案号 / case number：{stood}" in told
        assert "! 没有登记案号为“杭9”的案件" in told
    ((recording),) = rows(site, "recordings")
    assert (recording["labels"]["case-number"], recording["labels"]["place"]) == ("杭9", "某街")
    again = rows(site, "activities", "import", str(table), "--apply")
    assert (again["applied"], again["changed"]) == (True, 0)
    table.write_text("\n".join([*lines, "1,never,never,1,"]), "utf-8")
    refused = run(site, "activities", "import", str(table), "--apply")
    assert refused.exit_code == 1
    assert "不是时间" in refused.stdout


def test_a_case_number_of_no_registered_case_is_told_with_what_stood_before(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    id_, before = recording["id"], recording["labels"]["case-number"]
    shown = run(site, "labels", "set", id_, "--label", "case-number=杭9")
    assert shown.exit_code == 0, "it is no refusal: the case may be opened later"
    assert f"原案号 / case number：{before}" in shown.stdout
    assert "! 没有登记案号为“杭9”的案件" in shown.stdout
    where = rows(site, "units", "add", "大队")["id"]
    rows(site, "cases", "open", "杭1", "--unit", where)
    told = rows(site, "labels", "set", id_, "--label", "案号=杭1")
    assert told == {"changed": [id_], "before": {id_: {"case-number": "杭9"}}, "unknown_case": None}
    assert "没有登记" not in run(site, "labels", "set", id_, "--label", "case-number=杭1").stdout
