"""Sending over real HTTP: lines break, discs fill, cards are pulled out; no byte is lost and few go twice."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable

import pytest

from evidence.dock import sending
from evidence.dock.outcome import State
from tests.dock.station import Station, arrived
from tests.simulators.card import content, write_card
from tests.simulators.dock_server import (
    Handler,
    refuse_unread,
    reply_lost,
    reset_after,
    status,
)


@pytest.mark.usefixtures("small_chunks")
def test_a_lost_reply_is_settled_by_asking_for_the_offset_and_nothing_is_sent_twice(station: Station) -> None:
    data = content(200_000)
    write_card(station.card, {"a.mp4": data})
    station.far.on("PATCH", reply_lost, status(503, "unavailable"), reply_lost, reply_lost)
    assert station.dock().is_complete
    assert arrived(station.far) == {"a.mp4": data}
    assert station.far.received_bytes == len(data)
    assert "no-answer" in station.heard.problems


def test_a_small_file_is_one_request_and_a_lost_reply_costs_one_more(station: Station) -> None:
    station.far.takes_first = True
    bodies = {"a.mp4": content(10_000), "b.mp4": content(20_000), "c.mp4": b""}
    write_card(station.card, bodies)
    station.far.on("POST", lambda _: False, reply_lost)  # the first is the card's list
    assert station.dock(parallel=1).is_complete
    assert arrived(station.far) == bodies
    assert station.far.requests.count("POST") == 1 + 3 + 1
    assert not {"PATCH", "HEAD"} & set(station.far.requests)


def test_a_small_file_whose_bytes_arrived_wrong_is_sent_again(station: Station) -> None:
    station.far.takes_first = True
    write_card(station.card, {"a.mp4": content(10_000)})
    station.far.on("POST", lambda _: False, status(460, "checksum-differs"))
    assert station.dock().is_complete
    assert arrived(station.far) == {"a.mp4": content(10_000)}
    assert station.heard.problems == ["checksum-differs"]


@pytest.mark.usefixtures("small_chunks")
def test_a_line_that_breaks_in_the_midst_costs_at_most_a_chunk_each_time(station: Station) -> None:
    data = content(500_000)
    write_card(station.card, {"a.mp4": data})
    station.far.on("PATCH", *(reset_after(n * 7919 % 60_000) for n in range(5)))
    assert station.dock().is_complete
    assert arrived(station.far) == {"a.mp4": data}
    assert station.far.received_bytes - len(data) <= 5 * (1 << 16)
    assert max(station.heard.done["a.mp4"]) == len(data)


@pytest.mark.parametrize("request_kind", ["key", "cards", "POST", "HEAD", "receipt"])
def test_a_break_at_any_request_is_survived(station: Station, request_kind: str) -> None:
    write_card(station.card, {"a.mp4": content(1000)})
    if request_kind == "HEAD":
        station.far.on("PATCH", reply_lost)
    kind = "POST" if request_kind == "cards" else request_kind
    station.far.on(kind, reply_lost, reset_after(0))
    assert station.dock().is_complete
    assert content(1000) in arrived(station.far).values()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (status(423, "upload-busy", Retry_After="0"), "upload-busy"),
        (status(503, "unavailable"), "unavailable"),
        (status(507, "no-space"), "no-space"),
        (status(460, "checksum-differs"), "checksum-differs"),
        (refuse_unread(507, "no-space"), "no-space"),
    ],
)
def test_what_may_pass_is_told_and_tried_again(
    station: Station, fault: Callable[[Handler], bool], code: str
) -> None:
    write_card(station.card, {"a.mp4": content(3_000_000)})
    station.far.on("PATCH", fault, fault)
    assert station.dock().is_complete
    assert station.heard.problems[:2] == [code, code]
    assert arrived(station.far) == {"a.mp4": content(3_000_000)}


def test_a_disc_that_stays_full_ends_in_an_honest_failure_and_the_next_docking_goes_on(
    station: Station,
) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.on("PATCH", *[status(507, "no-space")] * 10_000)
    report = station.dock()
    assert not report.is_complete
    assert report.files[0].error is not None
    assert report.files[0].error.code == "no-space"
    station.far.faults.clear()
    assert station.dock().is_complete
    assert len(station.far.uploads) == 1  # resumed, not begun anew


def test_a_docking_that_was_broken_off_is_resumed_at_the_durable_offset(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LARGEST_CHUNK", 1000)
    data = content(5000)
    write_card(station.card, {"a.mp4": data})
    station.far.on("PATCH", lambda _: False, lambda _: False, status(403, "not-permitted"))
    assert not station.dock().is_complete
    assert arrived(station.far) == {"a.mp4": data[:2000]}
    report = station.dock()
    assert report.is_complete
    assert report.files[0].sha256 == hashlib.sha256(data).hexdigest()
    assert station.far.received_bytes == len(data)


def test_an_upload_that_expired_is_begun_anew(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LARGEST_CHUNK", 1000)
    write_card(station.card, {"a.mp4": content(3000)})
    station.far.on("PATCH", lambda _: False, status(403, "not-permitted"))
    station.dock()
    station.far.on("HEAD", status(410))
    assert station.dock().is_complete
    assert len(station.far.uploads) == 2


def test_a_file_cut_short_while_it_is_read_fails_alone_and_is_never_completed(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LARGEST_CHUNK", 1000)
    write_card(station.card, {"a.mp4": content(5000), "b.mp4": b"2"})

    def pull(_: object) -> bool:
        os.truncate(station.card / "a.mp4", 1500)
        return False

    station.far.on("PATCH", pull)
    report = station.dock(parallel=1)
    assert [o.state for o in report.files] == [State.FAILED, State.SEALED]
    assert report.files[0].error is not None
    assert report.files[0].error.code == "card-file-changed"
    assert arrived(station.far) == {"a.mp4": content(5000)[:1000], "b.mp4": b"2"}


def test_a_card_pulled_out_midway_fails_what_was_not_read_and_says_so(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1", "b.mp4": b"2", "c.mp4": b"3"})

    def pull(_: object) -> bool:
        station.card.rename(station.card.with_name("elsewhere"))
        return False

    station.far.on("PATCH", pull)
    report = station.dock(parallel=1)
    assert [o.state for o in report.files] == [State.SEALED, State.FAILED, State.FAILED]
    assert {o.error.code for o in report.files if o.error} == {"card-unreadable"}
    station.card.with_name("elsewhere").rename(station.card)
    assert station.dock().is_complete


def test_a_sparse_file_of_10_gib_is_announced_with_its_size_and_sent_in_bounded_chunks(
    station: Station,
) -> None:
    path = station.card / "sparse.mp4"
    path.touch()
    os.truncate(path, 10 << 30)
    station.far.on("PATCH", status(413, "too-many-bytes"))
    (outcome,) = station.dock().files
    assert outcome.state is State.FAILED
    assert station.far.lists[0]["files"][0]["size"] == 10 << 30  # type: ignore[index]
    assert max(station.heard.done["sparse.mp4"]) == min(sending.FIRST_CHUNK, sending.LARGEST_CHUNK)


@pytest.mark.parametrize(("line", "kept"), [("fast", 400 + 800), ("slow", 400 + 200)])
def test_pieces_grow_on_a_fast_line_and_shrink_on_a_slow_one_so_that_little_is_lost_when_one_is_cut_off(
    station: Station, monkeypatch: pytest.MonkeyPatch, line: str, kept: int
) -> None:
    for name, size in (("SMALLEST_CHUNK", 100), ("FIRST_CHUNK", 400), ("LARGEST_CHUNK", 1000)):
        monkeypatch.setattr(sending, name, size)
    monkeypatch.setattr(sending, "PIECE_S", 600.0 if line == "fast" else 0.0)
    write_card(station.card, {"a.mp4": content(5000)})
    station.far.on("PATCH", lambda _: False, lambda _: False, status(403, "not-permitted"))
    assert not station.dock().is_complete
    assert arrived(station.far) == {"a.mp4": content(5000)[:kept]}
    assert station.dock().is_complete


def test_files_are_sent_several_at_once_when_asked(station: Station) -> None:
    write_card(station.card, {f"{n}.mp4": content(1000, n) for n in range(12)})
    together = threading.Barrier(3, timeout=5)

    def meet(_: object) -> bool:
        together.wait()  # breaks, and fails the test, unless three senders are here at the same time
        return False

    station.far.on("PATCH", meet, meet, meet)
    report = station.dock(parallel=3)
    assert report.is_complete
    assert [o.found.name for o in report.files] == sorted(f"{n}.mp4" for n in range(12))


def test_a_service_that_knows_none_of_its_own_uploads_is_given_up(station: Station) -> None:
    write_card(station.card, {"a.mp4": b"1"})
    station.far.on("PATCH", *[status(404, "upload-not-found")] * 50)
    (outcome,) = station.dock().files
    assert outcome.error is not None
    assert outcome.error.code == "upload-not-found"
    assert len(station.far.uploads) == 1
