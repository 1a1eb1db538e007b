"""Dockings at a service with a log: what is proven or owed, and what is told when the log says otherwise."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from evidence.dock.outcome import Report, State
from tests.dock.station import QUICK, Station
from tests.servers.processes import wait_until
from tests.simulators.card import shift, tree_digest, write_card
from tests.simulators.dock_server import FarEnd, Handler, status
from tests.simulators.far_log import FarLog


@pytest.fixture
def log(far: FarEnd) -> FarLog:
    far.log = FarLog(far.key.name)
    return far.log


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.proven, report.owed, report.earlier.proven, report.earlier.owed


def proofs_kept(station: Station) -> list[bytes]:
    with closing(sqlite3.connect(station.state / "dock.sqlite3")) as file:
        return [row[0] for row in file.execute("SELECT document FROM proof WHERE document IS NOT NULL")]


def test_every_file_of_a_card_is_proven_and_the_proofs_are_kept(station: Station, log: FarLog) -> None:
    write_card(station.card, shift())
    report = station.dock()
    assert report.is_complete
    assert counts(report) == (5, 0, 0, 0)
    assert sorted(proofs_kept(station)) == sorted(one.proof or b"" for one in report.files)
    assert report.as_json()["proofs"] == {
        "given": True,
        "proven": 5,
        "owed": 0,
        "earlier": {"proven": 0, "owed": 0, "disproved": []},
    }
    assert station.far.seen("log-keys") == 1


def test_what_is_proven_is_not_asked_for_again(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    first = station.dock()
    again = station.dock()
    assert again.files[0].state is State.ALREADY_SEALED
    assert again.files[0].proof == first.files[0].proof is not None
    assert (station.far.seen("proof"), station.far.seen("log-keys")) == (1, 1)


def test_a_checkpoint_that_comes_in_time_is_waited_for(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    log.held_at = 1

    def publish_once_it_was_missed() -> None:
        assert wait_until(lambda: bool(station.heard.problems), 60)
        log.held_at = None

    with ThreadPoolExecutor(1) as pool:
        published = pool.submit(publish_once_it_was_missed)
        report = station.dock(patience=replace(QUICK, proof_s=60.0))
        published.result()
    assert counts(report) == (2, 0, 0, 0)
    assert station.heard.problems == ["not-yet-published"]  # told once


def test_what_is_not_there_in_time_is_owed_and_fetched_at_the_next_docking_of_any_card(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    log.held_at = 1
    started = time.monotonic()
    report = station.dock()
    assert time.monotonic() - started < 5
    assert report.is_complete
    assert counts(report) == (0, 2, 0, 0)
    assert {one.state for one in report.files} == {State.SEALED}
    log.held_at = None
    for name in ("a.mp4", "b.mp4"):
        (station.card / name).unlink()
    write_card(station.card, {"c.mp4": b"3"})
    later = station.dock(device="another")
    assert counts(later) == (1, 0, 2, 0)
    assert len(proofs_kept(station)) == 3
    assert counts(station.dock(device="another")) == (1, 0, 0, 0)


def test_what_is_owed_from_earlier_cards_keeps_nobody_waiting(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    assert counts(station.dock()) == (1, 0, 0, 0)
    other = write_card(station.card.with_name("other"), {"b.mp4": b"2"})
    log.held_at = len(log.entries)
    assert counts(station.dock(folder=other)) == (0, 1, 0, 0)
    started = time.monotonic()
    report = station.dock(patience=replace(QUICK, proof_s=60.0))
    assert time.monotonic() - started < 20
    assert counts(report) == (1, 0, 0, 1)


def test_a_service_that_gives_no_proofs_any_more_is_no_failure_but_told(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    station.far.log = None
    write_card(station.card, {"b.mp4": b"2"})
    report = station.dock()
    assert report.is_complete
    assert report.has_proofs
    assert counts(report) == (1, 1, 0, 0)


def test_a_card_of_before_the_proofs_is_proven_when_it_is_docked_again(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    before = station.dock()
    assert before.is_complete
    assert counts(before) == (0, 1, 0, 0)
    assert not before.has_proofs
    assert station.far.seen("proof") == 0
    with closing(sqlite3.connect(station.state / "dock.sqlite3")) as file:
        file.executescript("DELETE FROM proof; DELETE FROM receipt")
    station.far.log = FarLog(station.far.key.name)
    assert counts(station.dock()) == (1, 0, 0, 0)


def forged(log: FarLog, index: int) -> bytes:
    """A sound proof of an entry that says other bytes were sealed."""
    fields = {"act": "evidence.seal", "obj": [{"id": "f" * 32, "k": "recording"}]}
    entries = list(log.entries)
    entries[index] = log.entry(fields, index)
    return log.proof_of(index, entries[index], entries)


def test_a_wrong_proof_is_told_like_a_damaged_original_and_the_card_is_kept(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    before = tree_digest(station.card)
    log.forge = lambda log, index: forged(log, index) if index == 1 else log.proof(index)
    report = station.dock(parallel=1)
    assert not report.is_complete
    wrong, right = report.files
    assert (wrong.state, right.state) == (State.DISPROVED, State.SEALED)
    assert wrong.error is not None
    assert wrong.error.code == "proof-differs"
    assert (wrong.receipt is None, wrong.proof) == (False, None)
    assert counts(report) == (1, 0, 0, 0)
    assert [one.state for one in station.heard.outcomes].count(State.DISPROVED) == 1
    assert proofs_kept(station) == [right.proof]
    assert tree_digest(station.card) == before
    assert report.as_json()["totals"]["sealed-but-disproved"] == 1  # type: ignore[index]


def test_a_wrong_proof_of_an_earlier_card_is_told_at_each_docking_until_it_is_right(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    log.held_at = 1
    first = station.dock()
    log.held_at = None
    log.forge = lambda log, index: forged(log, index) if index == 1 else log.proof(index)
    (station.card / "a.mp4").unlink()
    write_card(station.card, {"b.mp4": b"2"})
    for _ in range(2):
        report = station.dock()
        assert report.is_complete  # of this card
        (told,) = report.earlier.disproved
        assert (told.device, told.name, told.recording) == (
            "DSJX9A00123",
            "a.mp4",
            first.files[0].recording,
        )
        assert told.error.code == "proof-differs"
        assert counts(report) == (1, 0, 0, 0)
        assert proofs_kept(station) == [report.files[0].proof]
    log.forge = FarLog.proof
    assert counts(station.dock()) == (1, 0, 1, 0)


def test_a_list_of_keys_that_is_not_signed_speaks_against_the_card(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    body = station.far.sign(log.keys_body()).replace(b"/custody", b"/custodx")
    station.far.on("log-keys", lambda handler: handler.answer(200, body) or True)
    report = station.dock()
    assert report.files[0].state is State.DISPROVED
    assert report.files[0].error is not None
    assert report.files[0].error.code == "signature-wrong"
    assert station.far.seen("proof") == 0
    assert proofs_kept(station) == []
    assert counts(station.dock()) == (1, 0, 0, 0)


def test_keys_are_pinned_and_one_that_disappears_from_the_list_is_still_believed(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    assert counts(station.dock()) == (1, 0, 0, 0)
    _, new = log.new_key()
    log.listed = [new]
    write_card(station.card, {"b.mp4": b"2"})
    assert counts(station.dock()) == (2, 0, 0, 0)  # signed with the key of the first list


def test_a_key_that_no_signed_list_names_is_not_believed(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    log.private, log.key = log.new_key()
    write_card(station.card, {"b.mp4": b"2"})
    report = station.dock()
    assert [one.state for one in report.files] == [State.ALREADY_SEALED, State.DISPROVED]
    assert report.files[1].error is not None
    assert report.files[1].error.code == "signer-unknown"
    log.listed.append(log.key)
    assert counts(station.dock()) == (2, 0, 0, 0)


def test_the_first_checkpoint_of_a_new_log_comes_after_the_list_was_fetched(
    station: Station, log: FarLog
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    log.listed = []

    def published(_: Handler) -> bool:
        log.listed = [log.key]
        return False

    station.far.on("proof", published)
    assert counts(station.dock()) == (1, 0, 0, 0)
    assert station.far.seen("log-keys") == 2


@pytest.mark.parametrize("kind", ["log-keys", "proof"])
@pytest.mark.parametrize("code", [403, 404, 500, 503])
def test_an_answer_that_is_no_proof_is_no_failure(
    station: Station, log: FarLog, kind: str, code: int
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.on(kind, *[status(code, "some-reason")] * 1000)
    report = station.dock()
    assert report.is_complete
    assert counts(report) == (0, 1, 0, 0)
    station.far.faults.clear()
    assert counts(station.dock()) == (1, 0, 0, 0)


@pytest.mark.parametrize("kind", ["log-keys", "proof"])
def test_a_service_that_falls_silent_keeps_nobody_longer_than_the_bound(
    station: Station, log: FarLog, kind: str
) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    over = threading.Event()
    station.far.on(kind, *[lambda _: not over.wait(30)] * 4)
    started = time.monotonic()
    report = station.dock(patience=replace(QUICK, timeout_s=60.0))
    assert time.monotonic() - started < 5
    over.set()
    assert report.is_complete
    assert counts(report) == (0, 2, 0, 0)


def test_proofs_are_asked_for_several_at_once(station: Station, log: FarLog) -> None:
    write_card(station.card, {f"{n}.mp4": b"%d" % n for n in range(3)})
    meeting = threading.Barrier(3, timeout=20)

    def meet(_: object) -> bool:
        meeting.wait()  # breaks, and the answer fails, unless three are here at one time
        return False

    station.far.on("proof", meet, meet, meet)
    report = station.dock(parallel=3, patience=replace(QUICK, proof_s=20.0))
    assert counts(report) == (3, 0, 0, 0)


@pytest.mark.parametrize("held_back", [False, True])
def test_what_was_owed_to_an_account_that_was_revoked_is_given_to_whoever_shows_the_receipt(
    station: Station, log: FarLog, held_back: bool
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    log.held_at = 1
    assert counts(station.dock()) == (0, 1, 0, 0)
    station.far.others = set(station.far.uploads)  # the same dock, another account
    log.held_at = 1 if held_back else None
    other = write_card(station.card.with_name("other"), {"b.mp4": b"2"})
    for _ in range(2 if held_back else 1):
        assert counts(station.dock(folder=other)) == ((0, 1, 0, 1) if held_back else (1, 0, 1, 0))
    log.held_at = None
    assert counts(station.dock(folder=other)) == ((1, 0, 1, 0) if held_back else (1, 0, 0, 0))
    assert len(proofs_kept(station)) == 2
    assert station.far.seen("proof-shown") == (3 if held_back else 1)


def test_a_service_that_knows_no_shown_receipts_leaves_the_proof_owed(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    log.held_at = 1
    station.dock()
    station.far.others, log.held_at = set(station.far.uploads), None
    station.far.on("proof-shown", status(404, "http-404"), status(405, "http-405"))
    other = write_card(station.card.with_name("other"), {"b.mp4": b"2"})
    for _ in range(2):
        report = station.dock(folder=other)
        assert report.is_complete
        assert counts(report) == (1, 0, 0, 1)
    assert counts(station.dock(folder=other)) == (1, 0, 1, 0)


def test_a_wrong_proof_of_a_shown_receipt_is_told(station: Station, log: FarLog) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    log.held_at = 1
    station.dock()
    station.far.others, log.held_at = set(station.far.uploads), None
    log.forge = lambda log, index: forged(log, index) if index == 1 else log.proof(index)
    other = write_card(station.card.with_name("other"), {"b.mp4": b"2"})
    (told,) = station.dock(folder=other).earlier.disproved
    assert (told.name, told.error.code) == ("a.mp4", "proof-differs")
