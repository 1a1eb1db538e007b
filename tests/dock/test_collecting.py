"""Receipts over real HTTP: which are believed, which are remembered, and what a false one leaves behind
(F08)."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.dock import collecting, sending
from evidence.dock.journal import Journal
from evidence.dock.outcome import State
from evidence.dock.patience import Patience
from evidence.errors import IntegrityFault
from tests.dock.station import Station, arrived
from tests.simulators.card import shift, write_card
from tests.simulators.dock_server import (
    FarEnd,
    Handler,
    Stored,
    status,
)


def test_a_second_docking_sends_and_reads_nothing_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(station.card, shift())
    first = station.dock()
    received = station.far.received_bytes
    monkeypatch.setattr(sending, "Original", None)  # opening a file now would fail
    second = station.dock()
    assert second.is_complete
    assert {o.state for o in second.files} == {State.ALREADY_SEALED}
    assert [o.receipt for o in second.files] == [o.receipt for o in first.files]
    assert station.far.received_bytes == received


def test_receipts_of_small_files_are_asked_for_together_until_all_are_there(station: Station) -> None:
    station.far.takes_first = station.far.tells_many = True
    write_card(station.card, {f"{n}.mp4": b"%d" % n for n in range(20)})
    honest, asked = station.far.forge, dict[str, int]()

    def late(far: FarEnd, upload: Stored) -> bytes | None:
        asked[upload.id] = asked.get(upload.id, 0) + 1
        return None if asked[upload.id] == 1 and len(asked) % 5 == 0 else honest(far, upload)

    station.far.forge = late
    # While the first question is under way the others are sent: then they are asked for together.
    station.far.on("receipt", lambda _: bool(time.sleep(0.3)))
    report = station.dock(parallel=1)
    assert report.is_complete
    assert {o.state for o in report.files} == {State.SEALED}
    kinds = station.far.requests
    assert kinds.count("receipt") + kinds.count("receipts") < 20


def test_a_false_receipt_among_several_fails_its_own_file_alone(station: Station) -> None:
    station.far.tells_many = True
    write_card(station.card, {f"{n}.mp4": b"%d" % n for n in range(10)})
    honest = station.far.forge
    bad = {"3.mp4", "7.mp4"}

    def forge(far: FarEnd, upload: Stored) -> bytes | None:
        document = honest(far, upload)
        assert document is not None
        return document.replace(b'"size":1', b'"size":2') if upload.metadata["filename"] in bad else document

    station.far.forge = forge
    report = station.dock(parallel=1)
    assert {o.found.name for o in report.files if o.state is State.FAILED} == bad
    assert sum(o.state is State.SEALED for o in report.files) == 8


def test_an_answer_about_other_uploads_than_were_asked_for_is_believed_of_none(station: Station) -> None:
    station.far.tells_many = True
    write_card(station.card, {f"{n}.mp4": b"%d" % n for n in range(10)})

    def crossed(handler: Handler) -> bool:
        handler.read_body()  # else it would be taken for the next request
        handler.answer(200, json.dumps({"receipts": [{"upload": "x", "state": "sealing"}]}).encode())
        return True

    station.far.on("receipt", lambda _: bool(time.sleep(0.3)))
    station.far.on("receipts", crossed)
    failed = [o for o in station.dock(parallel=1).files if o.state is State.FAILED]
    assert failed
    assert {o.error.code for o in failed if o.error} == {"answer-malformed"}


def test_a_recorder_whose_clock_is_dead_is_read_again_each_time(station: Station) -> None:
    """Each day it begins at the same date, with the same names, in files made beforehand of one size."""
    dead = int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()) * 10**9
    write_card(station.card, {"a.mp4": b"monday", "b.mp4": b"stays "}, dead)
    first = {o.found.name: o.sha256 for o in station.dock().files}
    write_card(station.card, {"a.mp4": b"tuesday"[:6]}, dead)
    second = {o.found.name: o for o in station.dock().files}
    assert second["a.mp4"].sha256 != first["a.mp4"]
    assert second["a.mp4"].state is not State.ALREADY_SEALED
    assert second["b.mp4"].state is State.ALREADY_SEALED


@pytest.mark.parametrize("late", [b"came while it was docked", b""])
def test_a_card_that_changes_while_it_is_docked_is_not_complete(station: Station, late: bytes) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    honest = station.far.forge

    def forge(far: Any, upload: Any) -> Any:
        write_card(station.card, {"b.mp4": late} if late else {"a.mp4": b"1 and more"})
        return honest(far, upload)

    station.far.forge = forge
    report = station.dock()
    assert [o.state for o in report.files] == [State.SEALED]
    assert report.changed == ("b.mp4" if late else "a.mp4",)
    assert not report.is_complete
    station.far.forge = honest
    assert station.dock().changed == ()


def test_a_dock_that_lost_its_journal_reads_and_compares_but_does_not_send_again(station: Station) -> None:
    write_card(station.card, shift())
    first = station.dock()
    received = station.far.received_bytes
    second = station.dock(state=station.state / "new")
    assert {o.state for o in second.files} == {State.ALREADY_SEALED}
    assert [o.receipt for o in second.files] == [o.receipt for o in first.files]
    assert station.far.received_bytes == received


def test_a_file_sealed_with_other_bytes_under_the_same_facts_is_sent_and_not_passed_over(
    station: Station,
) -> None:
    write_card(station.card, {"a.mp4": b"first"})
    station.dock()
    write_card(station.card, {"a.mp4": b"other"})
    report = station.dock(state=station.state / "new")
    assert report.files[0].state is State.SEALED
    assert [bytes(upload.data) for upload in station.far.uploads.values()] == [b"first", b"other"]


def test_a_service_that_lost_a_sealed_file_gets_it_again(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    station.far.uploads.clear()
    assert [o.state for o in station.dock().files] == [State.SEALED]
    assert arrived(station.far) == {"a.mp4": b"1"}


@pytest.mark.parametrize("forgery", ["bit", "other-key", "other-recording", "other-sha256", "old", "junk"])
def test_a_false_receipt_is_refused_and_never_kept(station: Station, forgery: str) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})

    def forge(far: FarEnd, upload: Stored) -> bytes | None:
        honest = far.receipt(upload)
        assert honest is not None
        if upload.metadata["filename"] != "a.mp4":
            return honest
        if forgery == "bit":
            return honest.replace(b'"log_index":7', b'"log_index":6')
        if forgery == "other-key":
            far_private, far.private = far.private, Ed25519PrivateKey.generate()
            document = far.receipt(upload)
            far.private = far_private
            return document
        if forgery == "other-recording":
            (other,) = (u for u in far.uploads.values() if u.metadata["filename"] == "b.mp4")
            return far.receipt(other)
        if forgery == "other-sha256":
            return far.sign(far.receipt_body(upload) | {"sha256": "0" * 64})
        if forgery == "old":  # the same name with the bytes it had on another day
            return far.sign(far.receipt_body(upload) | {"sha256": hashlib.sha256(b"0").hexdigest()})
        return b"<html>"

    station.far.forge = forge
    report = station.dock(parallel=1)
    by_name = {outcome.found.name: outcome for outcome in report.files}
    assert by_name["b.mp4"].state is State.SEALED
    failed = by_name["a.mp4"]
    assert (failed.state, failed.receipt, failed.recording) == (State.FAILED, None, None)
    assert isinstance(failed.error, IntegrityFault)
    journal = Journal(station.state, station.far.url, station.card)
    assert journal.receipt("DSJX9A00123", failed.found) is None
    assert journal.receipt("DSJX9A00123", by_name["b.mp4"].found) is not None


def test_a_receipt_remembered_under_another_key_counts_for_nothing(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    report = station.dock()
    journal = Journal(station.state, station.far.url, station.card)
    journal.keep("DSJX9A00123", report.files[0].found, str(report.files[0].sha256), b"forged", "u1")
    journal.close()
    again = station.dock()
    assert again.files[0].state is State.ALREADY_SEALED
    assert again.files[0].receipt == report.files[0].receipt


def test_a_seal_that_never_comes_is_told_and_the_others_are_not_held_up(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2", "c.mp4": b"3"})
    honest = station.far.forge
    station.far.forge = lambda far, u: None if u.metadata["filename"] == "b.mp4" else honest(far, u)
    report = station.dock(patience=Patience(0.001, 0.02, 2.0, 0.3, 0.2, 5.0))
    assert [o.state for o in report.files] == [State.SEALED, State.FAILED, State.SEALED]
    assert report.files[1].error is not None
    assert report.files[1].error.code == "receipt-late"


def test_a_name_used_again_for_other_bytes_is_told_with_the_code_of_the_service(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.on("receipt", status(409, "name-reused"))
    (outcome,) = station.dock().files
    assert outcome.error is not None
    assert outcome.error.code == "name-reused"
    assert station.far.seen("receipt") == 1


def test_a_receipt_is_not_asked_for_sooner_than_the_service_said(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.retry_after = "1"
    asked: list[float] = []

    def seal_at_the_second_look(far: FarEnd, upload: Stored) -> bytes | None:
        asked.append(time.monotonic())
        return far.receipt(upload) if len(asked) > 1 else None

    station.far.forge = seal_at_the_second_look
    assert station.dock(patience=Patience(longest_s=5, receipt_s=5)).is_complete
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1


@pytest.mark.parametrize("remembers", [True, False])
def test_an_original_that_failed_its_last_check_keeps_the_card_whatever_receipts_there_are(
    station: Station, remembers: bool
) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    assert station.dock().is_complete
    damaged, whole = sorted(station.far.uploads.values(), key=lambda one: one.metadata["filename"])
    damaged.check, whole.check = "bytes-differ", "ok"
    report = station.dock() if remembers else station.dock(state=station.state / "new")
    assert [o.state for o in report.files] == [State.DAMAGED, State.ALREADY_SEALED]
    assert report.files[0].receipt is not None
    assert not report.is_complete
    first = report.as_json()["files"][0]  # type: ignore[index]
    assert (first["state"], first["check"]) == ("sealed-but-damaged", "bytes-differ")
    damaged.check = "ok"
    assert station.dock().is_complete


def test_bytes_that_are_sent_now_and_prove_to_be_a_damaged_original_keep_the_card(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})

    def found_damaged(far: FarEnd, upload: Stored) -> bytes | None:
        upload.check = "object-missing"
        return far.receipt(upload)

    station.far.forge = found_damaged
    (outcome,) = station.dock().files
    assert (outcome.state, outcome.check) == (State.DAMAGED, "object-missing")


def test_who_waits_long_for_a_receipt_is_told_so_now_and_then(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "TELL_AFTER_S", 0.2)
    monkeypatch.setattr(collecting, "TELL_EVERY_S", 0.3)
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    began, honest = time.monotonic(), station.far.forge
    station.far.forge = lambda far, one: honest(far, one) if time.monotonic() - began > 1.2 else None
    assert station.dock().is_complete
    told = station.heard.sealings
    assert 2 <= len(told) <= 4
    assert [files for files, _ in told] == [2] * len(told)
    assert [seconds for _, seconds in told] == sorted(seconds for _, seconds in told)
    assert told[0][1] >= 0.2


def test_a_receipt_is_not_asked_for_sooner_than_the_service_said_where_it_is_in_trouble(
    station: Station,
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.on("receipt", status(503, "store-unavailable", **{"Retry-After": "1"}))
    began = time.monotonic()
    report = station.dock(patience=Patience(first_s=0.001, longest_s=30.0, receipt_s=10.0, proof_s=0.1))
    assert report.is_complete
    assert time.monotonic() - began >= 1.0
    assert station.far.seen("receipt") == 2
