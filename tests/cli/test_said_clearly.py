"""Refusals and lists on the command line: times in the zone of the law, nothing of what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.answers.coded_words import with_words
from evidence.cli import main
from evidence.errors import Invalid
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a recording, late, and a unit."""
    site = listed_site.make(tmp_path / "data")
    rows(site, "units", "add", "大队")
    return site


def refused(site: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command as a shell does; return what it says on refusing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["evidence", *words, "--data", str(site)])
        with pytest.raises(SystemExit):
            main()
    return capsys.readouterr().err


def test_a_refusal_tells_times_in_the_zone_of_the_law(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = ["--since", "2026-01-01T00:00:00", "--until", "2026-02-01T00:00:00"]
    told = refused(site, ["samples", "commit", "大队", *times], capsys)
    assert "since: 2026-01-01 00:00:00+08:00" in told
    assert rows(site, "samples", "list") == []


def test_a_refusal_of_a_code_tells_those_that_there_are_in_words(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((recording),) = rows(site, "recordings")
    place = ["holds", "place", recording["id"], "--ground", "complaint", "--reason", "来访"]
    told = refused(site, place, capsys)
    assert "  所填情形 / ground: complaint" in told.splitlines()
    assert f"    {with_words('ground', 'objection')}" in told.splitlines()
    told = refused(site, ["labels", "set", recording["id"], "--label", "阶段=现场检查"], capsys)
    assert f"    {with_words('label', 'stage')}" in told.splitlines()
    told = refused(site, ["labels", "set", recording["id"], "--label", "stage=现场检察"], capsys)
    assert f"  标注 / label: {with_words('label', 'stage')}" in told.splitlines()
    assert "    听证" in told.splitlines()
    assert rows(site, "holds", "list", recording["id"]) == []


def test_a_refusal_says_nothing_of_what_is_not_there(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((recording),) = rows(site, "recordings")
    told = refused(site, ["disposals", "ask", recording["id"], "--reason", "到期"], capsys)
    assert "keeps: " in told
    assert "None" not in told
    assert rows(site, "disposals", "list") == []


def test_a_hold_says_who_asked_to_lift_it_and_when(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    words = ("holds", "place", recording["id"], "--ground", "objection", "--reason", "来访")
    (hold,) = rows(site, *words)
    run(site, "holds", "ask-release", hold["id"], "--reason", "已办结")
    shown = run(site, "holds", "list", recording["id"]).stdout
    assert "申请解除 / lifting asked for by: operator" in shown
    assert "已办结" in shown


def test_a_written_ground_alone_names_nobody_and_that_is_said(site: Path) -> None:
    words = ("faults", "open", "not-recorded", "--reason", "来函", "--basis", "监察大队来函")
    problem = run(site, *words).exception
    assert isinstance(problem, Invalid)
    assert problem.code == "subject-needed"
    assert rows(site, "faults", "list") == []
