"""A whole docking over real HTTP: what arrives, what is reported, and what is refused before it begins."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.dock.finding import CardFault
from evidence.dock.outcome import State
from evidence.errors import IntegrityFault, Invalid, Refused, Unavailable
from evidence.ledger.keys import VerifierKey
from tests.dock.station import QUICK, Station, arrived
from tests.simulators.card import bury, shift, tree_digest, write_card
from tests.simulators.dock_server import (
    far_end,
    status,
)


def test_every_file_arrives_whole_and_its_receipt_is_checked_and_kept(station: Station) -> None:
    files = shift()
    write_card(station.card, files)
    report = station.dock(clock_offset_ms=-1500, labels={"case-number": "杭2026-1"})
    assert report.is_complete
    assert arrived(station.far) == files
    assert [outcome.state for outcome in report.files] == [State.SEALED] * 5
    for outcome in report.files:
        data = files[outcome.found.name]
        assert outcome.sha256 == hashlib.sha256(data).hexdigest()
        assert outcome.receipt is not None
    (listed,) = station.far.lists
    assert {k: v for k, v in listed.items() if k != "files"} == {
        "device": "DSJX9A00123",
        "wearer": "012345",
        "clock_offset_ms": -1500,
        "labels": {"case-number": "杭2026-1"},
    }
    metadata = next(iter(station.far.uploads.values())).metadata
    assert metadata["clock-offset-ms"] == "-1500"
    assert metadata["modified"] == "2025-11-20T09:30:05.250000Z"
    assert metadata["card"] == report.card


def test_the_report_for_programs_holds_what_the_outcomes_hold(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    station.far.on("PATCH", status(413, "too-many-bytes"))
    document = station.dock(parallel=1).as_json()
    failed, sealed = document["files"]  # type: ignore[misc]
    assert failed["error"] == {"code": "too-many-bytes", "status": 413}
    assert (failed["state"], failed["recording"], failed["receipt"]) == ("failed", None, None)
    assert sealed["sha256"] == hashlib.sha256(b"2").hexdigest()
    assert sealed["receipt"].startswith('{"signed":\n')
    nothing = {"proven": 0, "owed": 0, "disproved": []}
    assert document["proofs"] == {"given": False, "proven": 0, "owed": 1, "earlier": nothing}
    assert document["complete"] is False
    assert document["totals"] == {
        "files": 2, "bytes": 2, "skipped": 0, "not_files": 0, "gone": 0,
        "sealed": 1, "already-sealed": 0, "sealed-but-damaged": 0, "sealed-but-disproved": 0, "failed": 1,
    }  # fmt: skip


def test_nothing_on_the_card_is_written_or_deleted(station: Station) -> None:
    write_card(station.card, shift())
    before = tree_digest(station.card)
    for place, _, _ in os.walk(station.card):
        os.chmod(place, 0o555)
    read_only = tree_digest(station.card)
    try:
        assert station.dock().is_complete
        assert station.dock().is_complete
        assert tree_digest(station.card) == read_only
    finally:
        for place, _, _ in os.walk(station.card):
            os.chmod(place, 0o755)
    assert tree_digest(station.card) == before


def test_a_changed_key_is_refused_before_anything_is_announced(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.dock()
    pinned = station.far.key
    assert station.heard.pins == [(pinned, "first-use")]
    station.far.private = Ed25519PrivateKey.generate()
    station.far.key = VerifierKey(pinned.name, station.far.private.public_key().public_bytes_raw())
    lists = len(station.far.lists)
    for given in (None, station.far.key.text()):
        with pytest.raises(IntegrityFault, match="key-changed"):
            station.dock(key=given)
    assert len(station.far.lists) == lists


def test_names_that_tell_another_recorder_or_wearer_are_said_while_the_officer_is_there(
    station: Station,
) -> None:
    names = [f"DSJX9A00601_012345_2026030210000{n}_000{n}.mp4" for n in range(3)]
    write_card(station.card, {**dict.fromkeys(names, b"1"), "plain.mp4": b"2"})
    report = station.dock(device="DSJX9A00610", wearer="12345")
    assert report.is_complete
    told = [(one.what, one.told, one.given, one.files) for one in report.named_otherwise]
    assert told == [("device", "DSJX9A00601", "DSJX9A00610", 3)]
    assert report.as_json()["named_otherwise"] == [
        {"what": "device", "told": "DSJX9A00601", "given": "DSJX9A00610", "files": 3}
    ]


def test_a_key_given_by_hand_is_pinned_and_a_service_with_another_is_refused(
    station: Station, tmp_path: Path
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    with pytest.raises(IntegrityFault, match="key-given-differs"):
        station.dock(key=VerifierKey("far.end.example", bytes(32)).text())
    assert station.far.lists == []
    assert station.heard.pins == []
    assert station.dock(key=station.far.key.text() + "\n").is_complete
    assert station.heard.pins == [(station.far.key, "given")]


def test_names_travel_as_they_are(station: Station) -> None:
    names = ["-rf", "a\nb.mp4", "\x1b[31m.mp4", "现" * 85, "DCIM/..x/ .mp4", "\u202egpj.4pm"]
    write_card(station.card, {name: name.encode() for name in names})
    assert station.dock().is_complete
    assert arrived(station.far) == {name: name.encode() for name in names}
    listed = json.loads(json.dumps(station.far.lists[0]["files"]))
    assert [file["name"] for file in listed] == sorted(names)


def test_an_empty_card_is_an_error_and_not_a_silent_success(station: Station) -> None:
    with pytest.raises(CardFault, match="card-empty"):
        station.dock()
    assert station.far.requests == []


def test_a_folder_that_cannot_be_listed_spoils_the_docking_but_not_the_files(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    bury(station.card)
    report = station.dock()
    assert [o.state for o in report.files] == [State.SEALED]
    assert [s.is_loss for s in report.skipped] == [True]
    assert not report.is_complete


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "a\r\nHost: b"},
        {"device": " "},
        {"wearer": ""},
        {"wearer": "\udcff"},
        {"labels": {"case-number": "a\0b"}},
        {"parallel": 0},
        {"parallel": 17},
        {"url": "http://evidence.example"},
        {"key": "no key"},
    ],
)
def test_a_bad_order_is_refused_and_nothing_is_announced(station: Station, change: dict[str, object]) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    with pytest.raises(Invalid):
        station.dock(**change)
    assert station.far.lists == []
    assert station.far.uploads == {}


def test_a_wrong_token_is_told_at_once(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    with pytest.raises(Refused, match="not-signed-in"):
        station.dock(token="wrong")
    assert station.heard.problems == []


def test_a_service_that_is_not_there_is_told_after_a_short_while(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    with ExitStack() as stack:
        gone = stack.enter_context(far_end()).url
    with pytest.raises(Unavailable, match="no-answer"):
        station.dock(url=gone)


def test_control_c_while_the_workers_are_only_being_started_ends_it_at_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2"})
    silent, over = threading.Event(), threading.Event()

    def say_nothing(_: object) -> bool:
        silent.set()
        return not over.wait(60)

    station.far.on("PATCH", say_nothing)
    submit, begun = ThreadPoolExecutor.submit, [0]

    def submit_and_be_called_off(pool: ThreadPoolExecutor, *work: object) -> Future[None]:
        begun[0] += 1
        if begun[0] == 3:  # the collector and the first sender are at work
            assert silent.wait(30)
            raise KeyboardInterrupt
        return submit(pool, *work)  # type: ignore[arg-type]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_and_be_called_off)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        station.dock(patience=replace(QUICK, timeout_s=50.0))
    assert time.monotonic() - started < 10
    over.set()


def test_an_answer_about_other_files_is_not_believed(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    for answer in (
        b'{"card":"' + b"0" * 32 + b'","files":[]}',
        b'{"card":"x","files":[{"name":"a.mp4","size":1,"state":"wanted","upload":null,"recording":null}]}',
        b'{"card":"' + b"0" * 32 + b'","files":[{"name":"a.mp4","size":1,"state":"sealed","upload":"../x",'
        b'"recording":null}]}',
        b"[]",
        b"<html>",
    ):
        station.far.on("POST", lambda handler, answer=answer: handler.answer(201, answer) or True)
        with pytest.raises(IntegrityFault, match="answer-malformed"):
            station.dock()
    assert station.far.uploads == {}
