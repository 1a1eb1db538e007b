"""What a dock has kept comes out as files: receipts byte for byte, with the proofs that are in hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evidence.dock.kept import kept
from evidence.errors import NotFound, Unavailable
from tests.commands import run_here
from tests.dock.station import Station
from tests.simulators.card import write_card
from tests.simulators.far_log import FarLog


def test_every_receipt_comes_out_as_it_came_and_of_one_recorder_if_asked(
    station: Station, tmp_path: Path
) -> None:
    write_card(station.card, {"a.mp4": b"1", "现场 2.mp4": b"2"})
    report = station.dock()
    for file in station.card.iterdir():
        file.unlink()
    write_card(station.card, {"other.mp4": b"3"})
    station.dock(device="OTHER")
    held = {outcome.found.name: outcome.receipt for outcome in report.files}
    of_one = list(kept(station.state, "DSJX9A00123"))
    assert {one.name: one.receipt for one in of_one} == held
    assert len(list(kept(station.state))) == 3
    to = tmp_path / "out"
    code, out, _ = run_here("receipts", str(to), "--state", str(station.state), "--device", "DSJX9A00123")
    assert code == 0
    assert "现场 2.mp4" in out
    written = {file.name: file.read_bytes() for file in to.iterdir()}
    assert written == {f"{one.recording}.receipt.json": one.receipt for one in of_one}


def test_the_newest_checkpoint_comes_out_too_unless_the_journal_is_of_before(
    station: Station, tmp_path: Path
) -> None:
    log = station.far.log = FarLog(station.far.key.name)
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    assert run_here("receipts", str(tmp_path / "out"), "--state", str(station.state))[0] == 0
    assert (tmp_path / "out/1.checkpoint").read_bytes() == log.checkpoint()
    with closing(sqlite3.connect(station.state / "dock.sqlite3")) as file:
        file.execute("DROP TABLE checkpoint")
    assert run_here("receipts", str(tmp_path / "old"), "--state", str(station.state))[0] == 0
    assert len(list((tmp_path / "old").iterdir())) == 2


def test_a_dock_that_keeps_nothing_says_so_and_makes_no_folder(station: Station, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="state-not-found"):
        list(kept(tmp_path / "nowhere"))
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    to = tmp_path / "out"
    code, _, said = run_here("receipts", str(to), "--state", str(station.state), "--device", "TYPO")
    assert (code, to.exists()) == (1, False)
    assert said.startswith("该采集站没有这台记录仪的回执")
    to.mkdir()
    assert run_here("receipts", str(to), "--state", str(station.state))[0] == 2
    (station.state / "dock.sqlite3").write_bytes(b"no database at all, but as long as one might well be" * 9)
    with pytest.raises(Unavailable, match="state-unusable"):
        list(kept(station.state))
