"""`evidence verify`: every tampering is named, and what could not be checked is said. These tests tamper,
so the site is theirs alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from evidence.service.examining.fixity import Fixity
from storage.errors import StoreUnavailable
from tests import forms, inside, listed_site, tampering
from tests.listed_site import NAME, rows, run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one recording, sealed and examined, and one file that is overdue."""
    return listed_site.make(tmp_path_factory.mktemp("site") / "data")


def verdict(site: Path) -> tuple[int, dict[str, Any]]:
    """Run `evidence verify` in both forms; return exit code and the one recording's row."""
    result, human = run(site, "verify", "--json"), run(site, "verify")
    assert human.exit_code == result.exit_code, human.output
    report = json.loads(result.stdout)
    (row,) = report["recordings"]
    assert (report["checked"], report["not_checked"]) == (1, 0)
    assert report["faulty"] == bool(row["faults"])
    (line,) = [one for one in human.stdout.splitlines() if row["recording"] in one]
    assert row["name"].rsplit(" ", 1)[-1] in line
    assert f"  {row['device']}  " in line
    assert line.startswith("‼ ") == bool(row["faults"])
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
