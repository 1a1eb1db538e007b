"""A dock remembers how far the site's log had come, and tells when the site shows another past."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from evidence.dock.outcome import Growth, State
from tests.dock.station import Station
from tests.dock.test_terminal import DOORS, command, run
from tests.simulators.card import tree_digest, write_card
from tests.simulators.dock_server import FarEnd, Handler, status
from tests.simulators.far_log import FarLog


@pytest.fixture
def log(far: FarEnd) -> FarLog:
    far.log = FarLog(far.key.name)
    return far.log


@pytest.fixture
def docked(station: Station, log: FarLog) -> Station:
    """A station that has docked a card of two files: three entries were seen."""
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    assert station.dock().growth == Growth(None, 3)
    return station


def kept(station: Station) -> list[tuple[int, bytes]]:
    with closing(sqlite3.connect(station.state / "dock.sqlite3")) as file:
        return file.execute("SELECT size, note FROM checkpoint").fetchall()


def put_back(log: FarLog, *more: str) -> None:
    """Put the log back to its first entry; then other acts happen."""
    del log.entries[1:]
    for act in more:
        log.entries.append(log.entry({"act": act, "obj": []}, len(log.entries)))


def told(station: Station) -> tuple[str | None, bool]:
    """Dock the same card again, and return what is told of the log; all receipts are good."""
    before, seen = tree_digest(station.card), kept(station)
    report = station.dock()
    assert report.growth is not None
    assert {one.state for one in report.files} <= {State.SEALED, State.ALREADY_SEALED}
    assert tree_digest(station.card) == before
    if report.growth.error is not None:
        assert kept(station) == seen
    return report.growth.error.code if report.growth.error else None, report.is_complete


def test_a_log_that_only_grows_is_no_alarm_and_its_newest_checkpoint_is_kept(
    docked: Station, log: FarLog
) -> None:
    assert docked.dock().growth == Growth(3, 3)
    write_card(docked.card, {"c.mp4": b"3"})
    report = docked.dock()
    assert report.growth == Growth(3, 4)
    assert report.is_complete
    assert kept(docked) == [(4, log.checkpoint())]
    assert report.as_json()["log"] == {
        "kept": 3,
        "size": 4,
        "told": False,
        "contradicted": False,
        "error": None,
    }
    assert docked.far.seen("consistency") == 1


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ([], "log-went-back"),
        (["evidence.verify"] * 2, "root-differs"),
        (["evidence.verify"] * 3, "proof-wrong"),
        (["evidence.verify"] * 300, "proof-wrong"),
    ],
)
def test_a_site_that_shows_another_past_is_told_at_each_docking_until_it_goes_on_as_before(
    docked: Station, log: FarLog, acts: list[str], code: str
) -> None:
    before = list(log.entries)
    put_back(log, *acts)
    assert told(docked) == (code, False)
    assert told(docked) == (code, False)
    log.entries[:] = before
    assert told(docked) == (None, True)


def test_a_site_that_begins_anew_with_its_key_is_contradicted(docked: Station, log: FarLog) -> None:
    log.held_at = 0
    assert told(docked) == ("log-went-back", False)


def test_what_is_new_on_the_card_is_sent_to_a_site_that_was_put_back(docked: Station, log: FarLog) -> None:
    put_back(log)
    write_card(docked.card, {"c.mp4": b"3"})
    report = docked.dock()
    assert report.files[2].state is State.SEALED
    assert report.is_contradicted


def test_a_new_key_that_the_signed_list_names_is_no_alarm(docked: Station, log: FarLog) -> None:
    log.private, log.key = log.new_key()
    log.listed.append(log.key)
    log.entries.append(log.entry({"act": "evidence.verify", "obj": []}, 3))
    assert told(docked) == (None, True)
    assert kept(docked) == [(4, log.checkpoint())]


def test_a_checkpoint_of_a_key_that_no_signed_list_names_is_a_contradiction(
    docked: Station, log: FarLog
) -> None:
    log.private, log.key = log.new_key()
    assert told(docked) == ("signer-unknown", False)


def test_a_checkpoint_of_another_log_of_the_site_is_not_taken(docked: Station, log: FarLog) -> None:
    log.origin = f"{docked.far.key.name}/access/2026"
    log.private, log.key = log.new_key()
    log.listed.append(log.key)
    assert told(docked) == ("checkpoint-differs", False)


@pytest.mark.parametrize("kind", ["checkpoint", "consistency"])
@pytest.mark.parametrize("code", [403, 404, 500, 503])
def test_a_site_that_cannot_be_asked_is_told_and_is_no_contradiction(
    docked: Station, log: FarLog, kind: str, code: int
) -> None:
    log.entries.append(log.entry({"act": "evidence.verify", "obj": []}, 3))
    docked.far.on(kind, *[status(code, "some-reason")] * 1000)
    assert told(docked) == ("some-reason", True)
    docked.far.faults.clear()
    assert told(docked) == (None, True)


def test_a_line_that_breaks_is_tried_again(docked: Station) -> None:
    docked.far.on("checkpoint", status(503, "some-reason"), lambda handler: handler.reset() or True)
    assert told(docked) == (None, True)


def test_a_service_without_a_log_is_asked_and_nothing_is_told(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    report = station.dock()
    assert (report.growth, report.is_complete) == (None, True)
    assert report.as_json()["log"] is None


def test_another_dock_that_was_faster_is_no_contradiction(docked: Station, log: FarLog) -> None:
    """Two docks share a journal; the other one's larger checkpoint comes while this one has its answer."""
    log.held_at = 3
    write_card(docked.card, {"c.mp4": b"3"})

    def other_dock(handler: Handler) -> bool:
        slow = log.checkpoint()
        log.held_at = None
        assert docked.dock().growth == Growth(3, 4)
        handler.answer(200, slow)
        return True

    docked.far.on("checkpoint", other_dock)
    assert docked.dock().growth == Growth(3, 3)
    assert [size for size, _ in kept(docked)] == [4]


def test_the_officer_is_told_plainly_with_an_exit_code_of_its_own(far: FarEnd, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    far.log = FarLog(far.key.name)
    card = write_card(tmp_path_factory.mktemp("desk") / "card", {"a.mp4": b"1"})
    assert run(command(DOORS[0], card, far)).returncode == 0
    put_back(far.log)
    done = run(command(DOORS[0], card, far, "--json"))
    assert done.returncode == 5, done.stderr
    report = json.loads(done.stdout)
    assert report["complete"] is False
    assert report["log"]["error"]["code"] == "log-went-back"
    chinese, english = (
        done.stderr.index("请保留存储卡、不要清空"),
        done.stderr.index("KEEP THE CARD, erase nothing"),
    )
    assert chinese < english
    assert "NOT COMPLETE" in done.stderr
