"""The lists: the same facts for people and programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from evidence.errors import Invalid, NotFound
from tests import inside, listed_site
from tests.listed_site import NAME, OWED, rows, run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one recording, sealed and examined, and one file that is overdue."""
    return listed_site.make(tmp_path_factory.mktemp("site") / "data")


def test_recordings_tell_what_is_sealed(site: Path) -> None:
    (row,) = rows(site, "recordings")
    assert (row["name"], row["device"], row["wearer"], row["size"]) == (NAME, "DSJ1", "012345", 50_000)
    assert len(row["sha256"]) == len(row["sm3"]) == 64
    assert row["labels"] == {"case-number": "杭1"}
    assert rows(site, "recordings", "--device", "DSJ1") == [row]
    assert rows(site, "recordings", "--device", "DSJ2") == []


def test_findings_have_the_shape_that_programs_rely_on(site: Path) -> None:
    found = rows(site, "findings")
    assert {"unreadable", "late", "overdue"} & {row["code"] for row in found}
    for row in found:
        assert {"code", "severity", "file", "start_s", "end_s", "measured", "limit", "cites"} <= set(row)
        assert row["severity"] in ("info", "attention", "breach")
    assert [row for row in found if row["severity"] == "breach"] == rows(
        site, "findings", "--least", "breach"
    )
    assert run(site, "findings", "--least", "none").exit_code == 2


def test_deadlines_tell_the_missing_first_then_the_late_with_their_articles(site: Path) -> None:
    missing, late = rows(site, "deadlines")
    assert (missing["name"], missing["state"], missing["stored"]) == (OWED, "overdue", None)
    assert (late["name"], late["state"]) == (NAME, "late")
    assert 5.9 * 3600 < late["late_by_s"] < 6.2 * 3600
    assert missing["cites"] == late["cites"] == ["dazhe-2020:12"]


def test_the_gap_report_puts_everything_in_its_part(site: Path) -> None:
    report = rows(site, "gaps")
    assert [row["name"] for row in report["missing"]] == [OWED]
    assert [row["name"] for row in report["late"]] == [NAME]
    assert [row["missing"] for row in report["unlabelled"]] == [["inspected-party"]]
    assert report["set_aside"] == []


def test_the_gap_report_begins_with_its_totals_and_can_be_asked_for_less(site: Path) -> None:
    report = rows(site, "gaps")
    head, first, rest = run(site, "gaps").stdout.split("\n", 2)
    assert head.startswith("缺口报告：")
    assert report["totals"] == {part: len(report[part]) for part in report["totals"]}
    assert "尚未入库 1，逾期入库 1" in first
    day = report["late"][0]["day"]
    assert f"── DSJ1  {day}" in rest
    for less in (["--until", "2000-01-01"], ["--since", "2999-01-01"]):
        assert set(rows(site, "gaps", *less)["totals"].values()) == {0}, less
    assert rows(site, "gaps", "--device", "DSJ1", "--since", day, "--until", day)["late"] == report["late"]
    assert run(site, "gaps", "--since", "yesterday").exit_code == 2
    asked = run(site, "gaps", "--device", "DSJ1", "--since", day).stdout.splitlines()[1]
    assert asked.startswith(f"仅含：记录仪 DSJ1，录制日期 {day}")
    assert isinstance(run(site, "gaps", "--device", "DSJ2").exception, NotFound)


@pytest.mark.parametrize("words", ["recordings", "deadlines"])
def test_a_table_that_is_piped_has_one_line_for_each_row(site: Path, words: str) -> None:
    result = CliRunner(env={"COLUMNS": "40"}).invoke(app, [words, "--data", str(site)])
    listed = rows(site, words)
    lines = result.stdout.splitlines()
    for row, line in zip(listed, lines[1:], strict=False):
        assert row["device"] in line
        assert row["name"].rsplit("/", 1)[-1].rsplit(" ", 1)[-1] in line
        assert row.get("sha256", "") in line
    assert "记录仪 / device" in lines[0]


@pytest.mark.parametrize("words", [["findings"], ["deadlines"], ["gaps"]])
def test_what_people_read_names_the_recorder_and_the_recording(site: Path, words: list[str]) -> None:
    (recording,) = rows(site, "recordings")
    shown = run(site, *words).stdout
    assert recording["id"] in shown
    assert "DSJ1" in shown
    if words == ["findings"]:
        heads = [line for line in shown.splitlines() if line and not line.startswith(" ")]
        assert all("DSJ1" in line for line in heads)


@pytest.mark.parametrize("words", [["deadlines"], ["gaps"]])
def test_times_carry_their_offset_and_lengths_of_time_are_written_in_both_languages(
    site: Path, words: list[str]
) -> None:
    shown = run(site, *words).stdout
    assert "+08:00" in shown
    assert "小时" in shown
    assert ", " not in shown.replace("; ", "").split("逾期时长")[-1].splitlines()[0]


@pytest.mark.parametrize("words", [["recordings"], ["findings"], ["deadlines"], ["gaps"], ["verify"]])
def test_what_people_read_is_chinese_first_and_steers_no_terminal(site: Path, words: list[str]) -> None:
    result = run(site, *words)
    assert result.exit_code == 0, result.output
    assert "\x1b[31m" not in result.stdout
    assert any("\u4e00" <= letter <= "\u9fff" for letter in result.stdout.replace("现场", ""))
    if words != ["verify"]:
        assert "missing.mp4" in result.stdout or words == ["recordings"]
    assert "\\x1b" in result.stdout


@pytest.mark.parametrize("words", [["deadlines"], ["gaps"], ["findings"]])
def test_what_people_read_names_the_article(site: Path, words: list[str]) -> None:
    assert "第十二条" in "".join(run(site, *words).stdout.split())


def test_each_look_stands_in_the_log(site: Path) -> None:
    for command in ("recordings", "findings", "deadlines", "gaps"):
        before = entries(site)
        rows(site, command)
        assert entries(site) > before, command


def entries(site: Path) -> int:
    """Count the entries of the log."""
    return inside.count(site, "SELECT count(*) FROM audit_entry")


def test_the_gap_report_is_written_into_a_new_file_by_its_name(site: Path, tmp_path: Path) -> None:
    for form, begins in (("pdf", b"%PDF-"), ("svg", b"<svg "), ("xlsx", b"PK")):
        file = tmp_path / f"gaps.{form}"
        told = run(site, "gaps", "--out", str(file), "--language", "en").stdout
        assert str(file) in told
        assert file.read_bytes().startswith(begins)
        assert isinstance(run(site, "gaps", "--out", str(file)).exception, Invalid), "nothing is overwritten"
    for wrong in (
        ["--out", str(tmp_path / "gaps.doc")],
        ["--out", str(tmp_path / "b.pdf"), "--language", "fr"],
    ):
        assert isinstance(run(site, "gaps", *wrong).exception, Invalid)
    assert {one.name for one in tmp_path.glob("*.*")} >= {"gaps.pdf", "gaps.svg", "gaps.xlsx"}
    assert not list(tmp_path.glob("*.doc")) + list(tmp_path.glob("b.pdf"))


def test_a_line_says_all_of_it_in_one_language_and_then_in_the_other(site: Path) -> None:
    for line in run(site, "gaps").stdout.splitlines():
        if "中断时长" in line or "time lost" in line:
            assert line.count(" / ") == 1, line
