"""The dock at a terminal: one document for programs, harmless lines for people, one exit code."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.dock.finding import Found
from evidence.dock.outcome import Outcome, State
from evidence.dock.terminal import Lines, labels, milliseconds, patience, printable
from evidence.errors import Conflict, IntegrityFault, Invalid, Unavailable
from evidence.ledger.keys import VerifierKey
from tests.simulators.card import content, write_card
from tests.simulators.dock_server import TOKEN, FarEnd, far_end, status
from tests.simulators.far_log import FarLog

ROOT = Path(__file__).parents[2]
DOORS = [["-m", "evidence.dock"], ["-m", "evidence", "dock"]]
# Both are one program; the second takes three times as long to start.
BY_EACH_DOOR = [DOORS[0], pytest.param(DOORS[1], marks=pytest.mark.grown)]


@pytest.fixture
def far() -> Iterator[FarEnd]:
    with far_end() as far:
        yield far


def command(door: list[str], card: Path, far: FarEnd, *more: str) -> list[str]:
    state = card.with_name("state")
    facts = ["--url", far.url, "--device", "D1", "--wearer", "012345", "--state", str(state)]
    return [sys.executable, *door, str(card), *facts, "--patience", "1", *more]


def run(words: list[str], token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EVIDENCE_TOKEN": token, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("door", DOORS)
def test_json_is_one_document_and_the_exit_code_says_that_all_is_sealed(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"现场.mp4": b"1", "b\n.mp4": b""})
    done = run(
        command(door, card, far, "--json", "--clock-offset", "-1.5", "--case", "C1", "--party", "某公司")
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [file["name"] for file in report["files"]] == ["b\n.mp4", "现场.mp4"]
    assert report["complete"] is True
    assert report["totals"]["sealed"] == 2
    (listed,) = far.lists
    assert listed["clock_offset_ms"] == -1500
    assert listed["labels"] == {"case-number": "C1", "inspected-party": "某公司"}


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_one_file_without_a_receipt_makes_the_exit_code_1_and_is_named(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a\x1b[31m.mp4": b"1", "b.mp4": b"2"})
    far.on("PATCH", status(413, "too-many-bytes"))
    done = run(command(door, card, far, "--parallel", "1"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "too-many-bytes" in done.stderr
    assert "a\\x1b[31m.mp4" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--clock-offset", "nan"], 2),
        (["--key", "no key"], 2),
        (["--token", "wrong"], 1),
        (["--token", ""], 2),
        (["--key", VerifierKey("far.end.example", bytes(32)).text()], 4),
        (["--url", "http://127.0.0.1:9"], 3),
    ],
)
@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_a_docking_that_did_not_begin_says_why_to_people_and_programs(
    door: list[str], words: list[str], code: int, tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    done = run(command(door, card, far, "--json", *words))
    assert done.returncode == code, done.stderr
    told = json.loads(done.stdout)
    assert told["complete"] is False
    assert told["error"]["code"]
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert far.uploads == {}


def test_what_somebody_must_look_into_is_said_although_all_is_sealed(tmp_path: Path, far: FarEnd) -> None:
    far.alarms = 3
    card = write_card(tmp_path / "card", {"DSJX9A00601_666666_20260302100000_0001.mp4": b"1"})
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 0, done.stderr
    assert "named for the recorder DSJX9A00601, given was D1" in done.stderr
    assert "named for the wearer 666666, given was 012345" in done.stderr
    assert "3 integrity alarms stand at the service" in done.stderr
    assert json.loads(done.stdout)["integrity_alarms"] == 3


def test_a_key_taken_on_first_use_is_told_even_when_quiet(tmp_path: Path, far: FarEnd) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    assert far.key.text() in run(command(DOORS[0], card, far, "--json")).stderr
    assert far.key.text() not in run(command(DOORS[0], card, far, "--json")).stderr


def test_at_a_terminal_each_file_on_its_way_has_a_bar_and_ends_as_a_line(tmp_path: Path, far: FarEnd) -> None:
    card = write_card(tmp_path / "card", {"[bold]a\x1b[31m.mp4": content(3_000_000)})
    screen, terminal = pty.openpty()
    environment = {**os.environ, "EVIDENCE_TOKEN": TOKEN, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(
        command(DOORS[1], card, far), cwd=ROOT, env=environment, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = bytearray()
    while piece := _read(screen):
        shown += piece
    os.close(screen)
    assert process.wait(timeout=30) == 0, shown.decode()
    text = shown.decode()
    assert "[bold]a\\x1b[31m.mp4" in text
    assert "\x1b[31m.mp4" not in text
    assert next(iter(far.uploads.values())).recording in text


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # Linux says EIO when the last writer has gone
        return b""


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_control_c_ends_it_at_once_even_while_the_service_is_silent(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1", "b.mp4": b"2"})
    silent, over = threading.Event(), threading.Event()

    def say_nothing(_: object) -> bool:
        silent.set()
        return not over.wait(60)

    far.on("PATCH", say_nothing)
    process = subprocess.Popen(
        command(door, card, far, "--json", "--patience", "600", "--token", TOKEN),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A test run in the background of a shell ignores Ctrl-C, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert silent.wait(30)
    process.send_signal(signal.SIGINT)
    told, problems = process.communicate(timeout=30)
    over.set()
    assert process.returncode == 130, problems.decode()
    assert json.loads(told)["error"] == {"code": "stopped"}
    assert b"Traceback" not in problems


def test_a_failure_is_written_even_when_quiet_with_facts_from_outside_made_harmless() -> None:
    out = io.StringIO()
    lines = Lines(out, quiet=True)
    found = Found("a\u202e.mp4", "", 1, 0)
    lines.settled(Outcome(found, State.SEALED, "ab", "cd", b""))
    assert out.getvalue() == ""
    lines.settled(Outcome(found, State.FAILED, error=IntegrityFault("receipt-differs", found="\x1b[2J")))
    assert "a\\u202e.mp4" in out.getvalue()
    assert "\\x1b[2J" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_printable_text_stays_as_it_is() -> None:
    assert printable("局 一.mp4") == "局 一.mp4"
    assert printable("a\n\x7f\u2028") == "a\\n\\x7f\\u2028"


def test_lengths_of_time_are_whole_milliseconds_or_refused() -> None:
    assert [milliseconds(s) for s in (0.0, -1.5, 0.0004, 86_400.25)] == [0, -1500, 0, 86_400_250]
    for seconds in (float("nan"), float("inf")):
        with pytest.raises(Invalid, match="invalid-clock-offset"):
            milliseconds(seconds)
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(Invalid, match="invalid-patience"):
            patience(seconds)
    assert patience(3).contact_s == 3


def test_only_labels_that_were_given_are_sent() -> None:
    assert labels(None, "") == {}
    assert labels("C1", None) == {"case-number": "C1"}
    assert labels(None, None, "330001") == {"commander": "330001"}


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_a_damaged_original_is_told_in_plain_words_even_when_quiet(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    assert run(command(door, card, far)).returncode == 0
    (upload,) = far.uploads.values()
    upload.check = "bytes-differ"
    done = run(command(door, card, far, "--json"))
    assert done.returncode == 4
    assert json.loads(done.stdout)["complete"] is False
    assert "请保留存储卡并告知保管人员" in done.stderr
    assert "KEEP THE CARD and tell the custodian" in done.stderr


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_no_token_is_told_as_such(door: list[str], tmp_path: Path, far: FarEnd) -> None:
    done = run(command(door, write_card(tmp_path / "card", {"a.mp4": b"1"}), far), token="")
    assert done.returncode == 2
    assert "no token: set EVIDENCE_TOKEN or --token" in done.stderr


@pytest.mark.parametrize("door", BY_EACH_DOOR)
@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_folder_that_is_none_is_wrong_usage(
    door: list[str], what: str, tmp_path: Path, far: FarEnd
) -> None:
    if what == "a file":
        (tmp_path / "card").write_bytes(b"1")
    done = run(command(door, tmp_path / "card", far, "--json"))
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "folder-not-found"


def test_the_last_line_counts_what_is_no_file(tmp_path: Path, far: FarEnd) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    (card / "link").symlink_to("a.mp4")
    os.mkfifo(card / "pipe")
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["totals"]["not_files"] == 2
    assert "and 2 entries that are no files" in done.stderr.splitlines()[-1]


def test_what_is_given_in_vain_is_told_once_for_the_card(tmp_path: Path, far: FarEnd) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1", "b.mp4": b"2"})
    assert run(command(DOORS[0], card, far)).returncode == 0
    for upload in far.uploads.values():
        upload.not_stored = ["wearer", "label-case-number", "label-\x1b[2J"]
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 0
    fields = ["wearer", "label-case-number", "label-\x1b[2J"]
    assert json.loads(done.stdout)["not_stored"] == {"a.mp4": fields, "b.mp4": fields}
    (line,) = [one for one in done.stderr.splitlines() if "given now, but not stored" in one]
    assert ": label-\\x1b[2J, case number, wearer (2 files)" in line
    assert "案号" in line
    assert "\x1b" not in line


@pytest.mark.article("dazhe-2020:12")
def test_a_file_that_was_half_sent_and_is_gone_from_the_card_is_told(tmp_path: Path, far: FarEnd) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    far.gone = [{"name": "b\x1b[2J.mp4", "size": 10, "modified": None, "received": 3, "upload": "0" * 32}]
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 4
    told = json.loads(done.stdout)
    assert (told["complete"], told["totals"]["gone"], told["totals"]["sealed"]) == (False, 1, 1)
    assert "请保留存储卡并告知保管人员" in done.stderr.splitlines()[-1]
    assert "可以取走" not in done.stderr
    assert told["gone"] == [{"name": "b\x1b[2J.mp4", "size": 10, "received": 3}]
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("‼")]
    assert "3／10" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_an_address_that_cannot_be_right_is_told_at_once_and_in_plain_words(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    for url in ("https://no-such-host.invalid", far.url.replace("http:", "https:")):
        words = command(door, card, far, "--url", url, "--patience", "600")
        done = run(words)
        assert done.returncode == 3, done.stderr
        (line,) = [one for one in done.stderr.splitlines() if "address-wrong" in one]
        assert "check the address" in line
        assert "next try" not in done.stderr
        assert "rrno" not in done.stderr
        assert "SSL" not in done.stderr
        assert json.loads(run([*words, "--json"]).stdout)["error"]["reason"]


def test_while_nobody_listens_the_lines_are_whole_sentences_in_each_language(
    tmp_path: Path, far: FarEnd
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    done = run(command(DOORS[0], card, far, "--url", "http://127.0.0.1:9"))
    assert done.returncode == 3
    waits = [one for one in done.stderr.splitlines() if "next try" in one]
    assert waits
    for line in waits:
        assert not line.startswith("-")
        assert line.count(" / ") == 1
        assert "rrno" not in line


@pytest.mark.parametrize("door", BY_EACH_DOOR)
def test_proven_and_owed_files_are_counted_for_people_and_programs(
    door: list[str], tmp_path: Path, far: FarEnd
) -> None:
    far.log = FarLog(far.key.name)
    card = write_card(tmp_path / "card", {"a.mp4": b"1", "b.mp4": b"2"})
    done = run(command(door, card, far, "--json"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["proofs"]["proven"], told["proofs"]["owed"]) == (2, 0)
    assert told["files"][0]["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    assert "log proofs: 2 files proven, 0 still owed" in done.stderr
    assert "日志证明：2 个文件已核验" in done.stderr


def test_a_receipt_that_the_log_contradicts_is_told_in_plain_words_now_and_with_later_cards(
    tmp_path: Path, far: FarEnd
) -> None:
    log = far.log = FarLog(far.key.name)
    card = write_card(tmp_path / "card", {"a\x1b[2J.mp4": b"1"})
    log.forge = lambda log, index: log.proof(0)
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 4
    told = json.loads(done.stdout)
    assert (told["complete"], told["files"][0]["state"]) == (False, "sealed-but-disproved")
    assert "KEEP THE CARD and tell the custodian: a\\x1b[2J.mp4" in done.stderr
    assert "请保留存储卡并告知保管人员" in done.stderr
    assert "NOT SEALED" not in done.stderr
    (card / "a\x1b[2J.mp4").unlink()
    write_card(card, {"b.mp4": b"2"})
    log.forge = lambda log, index: log.proof(0) if index == 1 else FarLog.proof(log, index)
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 4
    told = json.loads(done.stdout)
    assert told["complete"] is True
    assert told["proofs"]["earlier"]["disproved"][0]["error"]["code"] == "proof-differs"
    assert "EARLIER CARD" in done.stderr
    assert "\x1b" not in done.stderr


def test_an_answer_that_nobody_of_ours_gave_is_told_in_words(tmp_path: Path, far: FarEnd) -> None:
    far.on("PATCH", status(413))  # a proxy's page: no problem document
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    done = run(command(DOORS[0], card, far))
    assert done.returncode == 1
    assert "应答 HTTP 413，未作说明" in done.stderr
    assert "answered HTTP 413 and said no more" in done.stderr
    assert "error.http" not in done.stderr


def test_a_dock_that_waits_for_receipts_says_that_what_was_sent_is_safe() -> None:
    out = io.StringIO()
    Lines(out).sealing(3, 35.2)
    assert out.getvalue() == (
        "等待回执：3 个文件，已等待 35 秒；已发送的内容是安全的"
        " / waiting for the receipt of 3 files since 35 s; what was sent is safe\n"
    )


def test_a_restart_of_the_service_does_not_fill_the_screen() -> None:
    """The first waits for a file are tenths of a second; only what lasts is told."""
    out = io.StringIO()
    lines, found = Lines(out), Found("a.mp4", "/card/a.mp4", 1, 0)
    for seconds in (0.1, 0.2, 0.4, 0.8, 1.6, 2.99, 3.2, 6.4):
        lines.waits(found, Unavailable("no-answer"), seconds)
    lines.waits(None, Conflict("not-yet-published"), 0.5)
    told = [line.partition(" 秒后重试")[0].rpartition("；")[2] for line in out.getvalue().splitlines()]
    assert told == ["3.2", "6.4", "0.5"]
