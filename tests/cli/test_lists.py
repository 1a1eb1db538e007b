"""The lists and `evidence verify`: the same facts for people and programs; every tampering is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner, Result

from evidence.bootstrap import Application, build
from evidence.cli import app
from evidence.cli.site import OPERATOR
from evidence.domain.recordings import Origin
from evidence.service.fixity import Fixity
from storage.errors import StoreUnavailable
from tests import forms, inside, tampering
from tests.simulators.card import content

NAME = "DCIM/现场\x1b[31m 1.mp4"
OWED = "DCIM/missing.mp4"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one recording, sealed and examined, and one file that is overdue."""
    data = tmp_path_factory.mktemp("site") / "data"
    forms.initialise(data)
    application = build(data)
    caller, _ = application.accounts.add_dock(OPERATOR, "dock")
    modified, body = datetime.now(UTC) - timedelta(hours=30), content(50_000)
    origins = [
        Origin("DSJ1", "012345", name, size, modified, clock_offset_ms=0, labels={"case-number": "杭1"})
        for name, size in ((NAME, len(body)), (OWED, 10))
    ]
    application.cards.announce(caller, origins[0], origins)
    upload = application.uploads.create(caller, origins[0], None)
    with application.uploads.receive(caller, upload.id, 0, len(body), None) as reception:
        reception.take(body)
        reception.commit()
    work(application)
    return data


def work(application: Application) -> None:
    """Do all jobs that are due."""
    while application.work.do_next("tester"):
        pass
    application.deadlines.raise_notices(application.site.clock.now())


def run(site: Path, *words: str) -> Result:
    """Run a command on the site."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--data", str(site)])


def rows(site: Path, *words: str) -> Any:
    """Run a command and read its JSON."""
    result = run(site, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


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
    first, _, rest = run(site, "gaps").stdout.partition("\n")
    assert report["totals"] == {part: len(report[part]) for part in report["totals"]}
    assert "尚未入库 1，逾期入库 1" in first
    day = report["late"][0]["day"]
    assert f"── DSJ1  {day}" in rest
    for less in (["--device", "DSJ2"], ["--until", "2000-01-01"], ["--since", "2999-01-01"]):
        assert set(rows(site, "gaps", *less)["totals"].values()) == {0}, less
    assert rows(site, "gaps", "--device", "DSJ1", "--since", day, "--until", day)["late"] == report["late"]
    assert run(site, "gaps", "--since", "yesterday").exit_code == 2


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


def verdict(site: Path) -> tuple[int, dict[str, Any]]:
    """Run `evidence verify` in both forms; return exit code and the one recording's row."""
    result, human = run(site, "verify", "--json"), run(site, "verify")
    assert human.exit_code == result.exit_code, human.output
    report = json.loads(result.stdout)
    (row,) = report["recordings"]
    assert (report["checked"], report["not_checked"]) == (1, 0)
    assert report["faulty"] == bool(row["faults"])
    assert row["name"].rsplit(" ", 1)[-1] in human.stdout
    return result.exit_code, row


def test_verify_finds_nothing_where_nothing_was_touched(site: Path) -> None:
    code, row = verdict(site)
    assert (code, row["result"], row["faults"]) == (0, "ok", [])
    assert rows(site, "recordings")[0]["check_result"] == "ok"


def test_verify_says_what_could_not_be_checked_and_does_not_pass(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable(reason="MaxRetryError")

    monkeypatch.setattr(Fixity, "_examine_original", away)
    result, human = run(site, "verify", "--json"), run(site, "verify")
    report = json.loads(result.stdout)
    assert (report["checked"], report["faulty"], report["not_checked"]) == (0, 0, 1)
    assert report["recordings"][0]["result"] == "not-checked"
    assert (result.exit_code, human.exit_code) == (3, 3)
    assert "未能校验" in human.stdout


def sealed_key(site: Path, name: str) -> str:
    """Return the key of an object of the one recording."""
    ((recording,),) = inside.rows(site, "SELECT id FROM recording")
    return f"recordings/{recording}/{name}"


def flipped(data: bytes, at: int) -> bytes:
    """Return the bytes with one bit flipped."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("at", [0, 25_000, 49_999])
def test_one_flipped_bit_of_an_original_is_named_with_exit_code_4(site: Path, at: int) -> None:
    original = sealed_key(site, "data")
    with tampering.overwritten(site, original, flipped(inside.sealed(site, original), at)):
        code, row = verdict(site)
        shown = run(site, "recordings").stdout
        assert "‼" in shown
        assert "内容摘要不一致" in shown
        assert "上次校验不一致 1 件" in shown
    assert (code, row["name"]) == (4, NAME)
    assert "bytes-differ" in row["faults"]
    assert verdict(site)[0] == 0
    shown = run(site, "recordings").stdout
    assert "‼" not in shown
    assert "曾经不一致 1 件" in shown
    assert "(past-fixity-fault)" in run(site, "findings").stdout


def test_an_original_that_is_longer_or_shorter_is_named(site: Path) -> None:
    original = sealed_key(site, "data")
    whole = inside.sealed(site, original)
    # A bucket never shows more bytes than it took.
    for data in (whole[:-1], b"", *([] if forms.GROWN else [whole + b"x"])):
        with tampering.overwritten(site, original, data):
            code, row = verdict(site)
        assert (code, row["name"]) == (4, NAME)
        assert row["faults"]


@pytest.mark.parametrize("damage", ["body", "signature", "short", "empty", "another"])
def test_a_manifest_that_was_touched_is_named(site: Path, damage: str) -> None:
    manifest = sealed_key(site, "manifest.json")
    whole = inside.sealed(site, manifest)
    data = {
        "body": flipped(whole, whole.index(b'"wearer":"') + 10),
        "signature": flipped(whole, whole.index(b'"sig":"') + 9),
        "short": whole[:-5],
        "empty": b"",
        "another": b'{"signed":\n{}\n,"signatures":[]}\n',
    }[damage]
    with tampering.overwritten(site, manifest, data):
        code, row = verdict(site)
    assert (code, row["name"]) == (4, NAME)
    assert any(fault.startswith("manifest-") for fault in row["faults"])


@pytest.mark.parametrize("name", ["data", "manifest.json"])
def test_a_sealed_file_that_is_gone_is_named(site: Path, name: str) -> None:
    with tampering.removed(site, sealed_key(site, name)):
        code, row = verdict(site)
    assert (code, row["name"]) == (4, NAME)
    assert verdict(site)[0] == 0


EDITS = {
    "device": "DSJ9",
    "wearer": "999999",
    "name": "1.mp4",
    "size": 49_999,
    "sha256": "0" * 64,
    "sm3": "0" * 64,
    "sealed_at": "2026-01-01T00:00:00.000000Z",
    "retain_until": "2026-01-01T00:00:00.000000Z",
    "modified_at": "2026-01-01T00:00:00.000000Z",
    "clock_offset_ms": 60_000,
    "labels": '{"case-number":"杭2"}',
    "card_id": "0" * 32,
    "policy_id": "strict",
    "policy_version": "0",
    "manifest_sha256": "0" * 64,
    "receipt": b"{}",
}


@pytest.mark.parametrize("column", EDITS)
def test_a_row_that_was_edited_is_named(site: Path, column: str) -> None:
    ((before,),) = inside.rows(site, f"SELECT {column} FROM recording")
    inside.change(site, f"UPDATE recording SET {column} = :value", value=EDITS[column])
    try:
        code, row = verdict(site)
    finally:
        inside.change(site, f"UPDATE recording SET {column} = :value", value=before)
    assert code == 4
    assert row["faults"]
    if column in ("wearer", "device", "name", "retain_until", "labels"):
        assert "row-differs" in row["faults"]


def test_the_log_cannot_be_edited_by_sql(site: Path) -> None:
    for sql in ("UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DatabaseError, match="append-only"):
            inside.change(site, sql)
