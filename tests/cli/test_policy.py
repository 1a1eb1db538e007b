"""`evidence policy`: shows every rule with its article, and refuses a pack with file, line and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evidence.adapters.packs import shipped_packs
from evidence.cli.policy import app
from tests.policy.packs import GOOD, broken, line_with


def run(*arguments: str) -> Result:
    """Run the sub-command."""
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("name", ["dazhe-2020", "inner-mongolia", "longquan", "strict"])
def test_show_prints_every_rule_with_its_article_in_chinese_and_a_gloss(name: str) -> None:
    result = run("show", name)
    assert result.exit_code == 0
    for citation in shipped_packs()[name].latest.citations:
        for part in (citation.id, citation.article, citation.text_zh, citation.gloss_en):
            assert part in result.stdout


def test_show_says_what_no_article_gives() -> None:
    result = run("show", "longquan")
    assert "原文未载日期" in result.stdout
    assert "条文未定，系统默认" in result.stdout
    assert "参照采用" in result.stdout


def test_show_without_a_name_lists_the_packs() -> None:
    result = run("show")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in shipped_packs())


def test_show_as_json_holds_the_rules_and_every_citation_they_name() -> None:
    (pack,) = json.loads(run("show", "dazhe-2020", "--json").stdout)
    assert pack["upload_deadline"] == {
        "within_s": 86400.0,
        "warn_before_s": 7200.0,
        "largest_offset_s": 300.0,
        "cites": ["dazhe-2020:12"],
    }
    assert pack["in_force"]["from"] == "2020-12-03"
    listed = {citation["id"] for citation in pack["citations"]}
    parts = (
        "basis",
        "in_force",
        "upload_deadline",
        "continuity",
        "retention",
        "long_term",
        "labels",
        "no_editing",
        "secrecy",
        "exemptions",
        "faults",
    )
    rules = [pack[part] for part in parts] + pack["auxiliary_bars"]
    rules += pack["before_duty"] + pack["personnel_duties"] + pack["must_record"]
    rules += pack["check_points"]
    rules += pack["fault_outcomes"]
    rules += [one for one in pack["equipment"].values() if one is not None]
    rules += [pack["activities"], pack["enforcement_documents"]]
    rules += [pack["transfer"], pack["outside_supply"], pack["long_term_media"]]
    assert pack["party_copy"] is None, "Longquan has one"
    assert pack["case_file"] is None, "Longquan has one"
    assert pack["complaints"] is None, "it is left to the union"
    assert pack["person_number"] is None, "this law says nothing about it"
    (mongolia,) = json.loads(run("show", "inner-mongolia", "--json").stdout)
    assert mongolia["person_number"]["city_codes"]["01"] == "呼和浩特市"
    assert {cite for rule in rules for cite in rule["cites"]} == listed
    (longquan,) = json.loads(run("show", "longquan", "--json").stdout)
    assert longquan["in_force"]["from"] is None
    assert [one["id"] for one in json.loads(run("show", "--json").stdout)] == list(shipped_packs())


def test_an_unknown_pack_is_refused_and_the_known_ones_are_named() -> None:
    result = run("show", "no-such-pack")
    assert result.exit_code == 1
    assert "dazhe-2020" in result.stderr
    assert result.stdout == ""


def test_check_accepts_a_pack_in_order(tmp_path: Path) -> None:
    file = tmp_path / "here.toml"
    file.write_text(GOOD, encoding="utf-8")
    result = run("check", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "here 1" in result.stdout


def test_check_names_file_line_and_reason_of_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "here.toml"
    text = broken("years = 1", "years = 1\nmonths = 6")
    file.write_text(text, encoding="utf-8")
    result = run("check", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{file}:{line_with(text, 'months')}: ")
    assert "未知的键 retention.months / unknown key retention.months" in result.stderr


def test_check_takes_a_folder_as_the_versions_of_one_pack(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text(broken("from = 2020-12-03", "from = 2020-12-03\nto = 2023-01-01"))
    second = broken('version = "1"', 'version = "2"').replace("2020-12-03", "2023-01-01")
    (tmp_path / "2.toml").write_text(second)
    assert run("check", str(tmp_path)).exit_code == 0
    (tmp_path / "2.toml").write_text(second.replace("2023-01-01", "2022-12-31"))
    refused = run("check", str(tmp_path))
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"{tmp_path / '2.toml'}:{line_with(second, 'from')}: ")


def test_check_refuses_an_empty_folder_and_a_file_that_is_no_text(tmp_path: Path) -> None:
    assert run("check", str(tmp_path)).exit_code == 1
    file = tmp_path / "here.toml"
    file.write_bytes(b'id = "here"\nversion = "\xff"\n')
    result = run("check", str(file))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{file}:2: ")
