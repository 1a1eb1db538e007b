"""`evidence examine`: findings for local files without a site, in a shape that programs rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.card import content

SHAPE = {"code", "severity", "file", "start_s", "end_s", "measured", "limit", "cites"}


def examine(*words: str | bytes | Path, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a folder."""
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "evidence", "examine", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        timeout=120,
    )


def findings(*words: str | bytes | Path, cwd: Path) -> list[dict[str, Any]]:
    """Examine files and return what was found."""
    done = examine(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert set(report) == {"files", "findings"}
    found: list[dict[str, Any]] = report["findings"]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good recording of two seconds and some that are not."""
    folder = tmp_path_factory.mktemp("files")
    words = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2"]
    subprocess.run([*words, "-c:v", "mpeg4", "good.mp4"], cwd=folder, check=True)
    whole = (folder / "good.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_bytes("执法记录\n".encode() * 50)
    (folder / "noise.mp4").write_bytes(content(4000))
    (folder / "x\x1b[31m\u202ey.mp4").write_bytes(b"x")
    (folder / "现场.mp4").write_bytes(content(400))
    (folder / os.fsdecode(b"caf\xe9.mp4")).write_bytes(content(300))
    return folder


def test_findings_have_the_shape_that_programs_rely_on(folder: Path) -> None:
    found = findings("cut.mp4", "empty.mp4", "text.mp4", "noise.mp4", cwd=folder)
    assert found
    for row in found:
        assert set(row) >= SHAPE, row
        assert row["severity"] in ("info", "attention", "breach")
        assert isinstance(row["cites"], list)
    serious = {row["file"]: row["code"] for row in found if row["severity"] != "info"}
    assert set(serious) == {"cut.mp4", "empty.mp4", "text.mp4", "noise.mp4"}
    assert "empty-file" in {row["code"] for row in found if row["file"] == "empty.mp4"}
    assert {"truncated", "unreadable"} & {row["code"] for row in found if row["file"] == "cut.mp4"}


def test_nothing_is_ever_called_untampered(folder: Path) -> None:
    said = examine("good.mp4", cwd=folder).stdout.decode()
    assert said.strip()
    for word in ("untampered", "authentic", "genuine", "未被篡改", "真实有效"):
        assert word not in said


def test_nothing_is_said_to_be_sealed_where_there_is_no_site(folder: Path) -> None:
    said = examine("empty.mp4", "noise.mp4", "cut.mp4", cwd=folder).stdout.decode()
    assert "(empty-file)" in said
    assert "(unreadable)" in said
    assert "封存" not in said
    assert "seal" not in said


def test_what_people_read_is_chinese_first_and_steers_no_terminal(folder: Path) -> None:
    done = examine("x\x1b[31m\u202ey.mp4", "现场.mp4", cwd=folder)
    assert done.returncode == 0
    said = done.stdout.decode()
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\\x1b[31m\\u202ey.mp4" in said
    assert "现场.mp4" in said


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_name_that_is_no_text_is_written_in_its_escaped_form(folder: Path, form: list[str]) -> None:
    done = examine(b"caf\xe9.mp4", *form, cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    assert "caf\\xe9.mp4" in done.stdout.decode().replace("\\\\", "\\")


@pytest.mark.parametrize("name", ["nowhere.mp4", ".", "no\x1b[31mwhere.mp4"])
def test_what_is_not_there_or_no_file_is_wrong_usage_and_says_so(folder: Path, name: str) -> None:
    done = examine("good.mp4", name, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    assert b"\x1b[31mwhere" not in done.stderr


def test_no_file_at_all_is_wrong_usage(folder: Path) -> None:
    assert examine(cwd=folder).returncode == 2


def test_the_same_bytes_twice_are_named(folder: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes((folder / "good.mp4").read_bytes())
    assert "duplicate-file" in {row["code"] for row in findings("a.mp4", "b.mp4", cwd=tmp_path)}


def test_an_unknown_policy_is_refused_before_any_file_is_read(folder: Path) -> None:
    done = examine("good.mp4", "--policy", "nowhere", cwd=folder)
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
