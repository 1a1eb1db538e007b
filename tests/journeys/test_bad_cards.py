"""Bad cards and bad files, through the real command and the real service: a clear word, and nothing lost."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import forms
from tests.journeys.conftest import Station
from tests.simulators.card import content, tree_digest, write_card
from tests.simulators.weak_line import weak_line


def wait_for_findings(station: Station, *names: str) -> list[dict[str, Any]]:
    """Wait until each of these files has a finding."""
    deadline = time.monotonic() + 60 * forms.PATIENCE
    while True:
        rows = station.rows("findings")
        if set(names) <= {row["file"] for row in rows}:
            return rows
        assert time.monotonic() < deadline, (names, rows)
        time.sleep(0.5)


def codes(rows: list[dict[str, Any]], name: str) -> set[str]:
    """Return the codes above "info" of a file."""
    return {row["code"] for row in rows if row["file"] == name and row["severity"] != "info"}


def lying_mp4(path: Path, real_bytes: int, declared_bytes: int) -> None:
    """Write a sparse file: an ftyp box and an mdat box that claims a length that is not there."""
    with path.open("wb") as file:
        file.write(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom"))
        file.write(struct.pack(">I4sQ", 1, b"mdat", declared_bytes))
        file.truncate(real_bytes)


def test_empty_renamed_and_lying_files_are_sealed_as_they_are_each_with_a_finding(
    station: Station, tmp_path: Path
) -> None:
    files: dict[str | bytes, bytes] = {
        "DCIM/empty.mp4": b"",
        "DCIM/text.mp4": "执法记录\n".encode() * 100,
        "DCIM/noise.mp4": content(5000),
        "DCIM/x\n\x1b[31m\u202egpj.mp4": content(300),
        ("DCIM/" + "现" * 84 + ".m").encode(): content(301),  # the longest name that fits
    }
    card = write_card(tmp_path / "card", files)
    lying_mp4(card / "DCIM" / "lying.mp4", 300_000_000, 10 * 2**40)
    before = tree_digest(card)
    code, report, _ = station.dock(card)
    assert code == 0, report
    assert report["complete"]
    sealed = {row["name"]: row for row in station.rows("recordings")}
    assert len(sealed) == 6
    for path in card.rglob("*.m*"):
        row = sealed[str(path.relative_to(card))]
        with path.open("rb") as file:
            assert row["sha256"] == hashlib.file_digest(file, "sha256").hexdigest()
    names = ("DCIM/empty.mp4", "DCIM/text.mp4", "DCIM/noise.mp4", "DCIM/lying.mp4")
    rows = wait_for_findings(station, *names)
    assert "empty-file" in codes(rows, "DCIM/empty.mp4")
    assert codes(rows, "DCIM/text.mp4") & {"type-differs", "unreadable"}
    assert codes(rows, "DCIM/noise.mp4") & {"type-differs", "unreadable"}
    assert codes(rows, "DCIM/lying.mp4") & {"truncated", "unreadable"}
    assert tree_digest(card) == before


def test_a_card_that_shows_nothing_is_an_error_and_never_a_silent_success(
    station: Station, tmp_path: Path
) -> None:
    (tmp_path / "card").mkdir()
    code, report, err = station.dock(tmp_path / "card")
    assert code != 0
    assert "存储卡上没有可采集的文件" in err + json.dumps(report, ensure_ascii=False)
    code, report, err = station.dock(tmp_path / "nowhere")
    assert code == 2
    assert "没有这个目录" in err + json.dumps(report, ensure_ascii=False)
    assert station.rows("deadlines") == []


@pytest.mark.grown
def test_a_card_that_is_pulled_out_midway_owes_what_is_missing_and_gives_it_when_it_is_back(
    station: Station, tmp_path: Path
) -> None:
    files: dict[str | bytes, bytes] = {f"DCIM/{n:02}.bin": content(3_000_000 + n, n) for n in range(20)}
    card = write_card(tmp_path / "card", files, time.time_ns() - 3_600_000_000_000)
    before, away = tree_digest(card), tmp_path / "away"
    with weak_line(station.service.url) as line:
        line.hold = 10_000_000  # inside the fourth file: the others are not opened yet
        process = station.start(card, "--parallel", "1", "--url", line.url)
        assert line.held.wait(60 * forms.PATIENCE)
        os.rename(card, away)  # the card is pulled out
        line.go_on()
        out, err = process.communicate(timeout=120 * forms.PATIENCE)
    code, report = process.returncode, json.loads(out)
    assert code != 0, report
    failed = {row["name"] for row in report["files"] if row["state"] == "failed"}
    assert 16 <= len(failed) < 20, report
    assert not report["complete"]
    assert {row["error"]["code"] for row in report["files"] if row["error"]} <= {
        "card-unreadable",
        "card-file-changed",
    }
    owed = {row["name"]: row for row in station.rows("deadlines")}
    assert set(owed) == set(files)
    missing = {name for name, row in owed.items() if row["state"] in ("pending", "due-soon", "overdue")}
    assert missing == failed
    assert all(owed[name]["cites"] for name in missing)
    human = station.service.command("deadlines")
    assert all(name.rsplit("/", 1)[1] in human for name in failed)
    gaps = json.loads(station.service.command("gaps", "--json"))
    assert {row["name"] for row in gaps["missing"] if row["device"] == station.device} == failed

    os.rename(away, card)
    code, report, err = station.dock(card)
    assert code == 0, err
    assert {row["state"] for row in report["files"] if row["name"] in failed} == {"sealed"}
    assert {row["name"]: row["sha256"] for row in report["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    assert len(station.rows("recordings")) == len(files), "nothing twice"
    assert {row["state"] for row in station.rows("deadlines")} <= {"on-time", "end-unknown"}
    assert tree_digest(card) == before


def test_a_sparse_file_of_10_gb_with_a_lying_length_is_judged_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "lying.mp4"
    lying_mp4(file, 10 * 2**30, 2**40)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "evidence", "examine", str(file), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 20
    assert {row["code"] for row in json.loads(done.stdout)["findings"]} & {"truncated", "unreadable"}
