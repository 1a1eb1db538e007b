"""Finding: every regular file is listed under a name that is data; links and devices are named, never
followed."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.dock.finding import Skipped, announced_name, list_card
from evidence.errors import Invalid
from tests.simulators.card import HOSTILE_NAMES, MODIFIED_NS, bury, shift, tree_digest, write_card


def test_every_regular_file_is_listed_whatever_its_type_in_one_order(tmp_path: Path) -> None:
    card = write_card(
        tmp_path / "card", {**shift(2, 10), "System Volume Information/x": b"1", ".Trashes": b""}
    )
    listing = list_card(card)
    assert [(found.name, found.size_bytes) for found in listing.files] == [
        (".Trashes", 0),
        ("DCIM/100MEDIA/DSJ_0000.mp4", 10),
        ("DCIM/100MEDIA/DSJ_0001.mp4", 11),
        ("DCIM/100MEDIA/empty.jpg", 0),
        ("LOG/20251120.txt", 7),
        ("System Volume Information/x", 1),
    ]
    assert listing.skipped == ()
    assert {found.modified for found in listing.files} == {datetime(2025, 11, 20, 9, 30, 5, 250000, UTC)}
    assert list_card(card) == listing


def test_hostile_names_are_listed_as_data_and_open_the_file_they_name(tmp_path: Path) -> None:
    files: dict[str | bytes, bytes] = {name: name for name in HOSTILE_NAMES}
    listing = list_card(write_card(tmp_path / "card", files))
    assert sorted(found.name for found in listing.files) == sorted(map(announced_name, HOSTILE_NAMES))
    for found in listing.files:
        assert announced_name(Path(found.path).read_bytes()) == found.name


def test_a_byte_that_is_not_utf8_is_written_as_an_escape() -> None:
    assert announced_name(b"caf\xe9/\xff\xfe.mp4") == "caf\\xe9/\\xff\\xfe.mp4"
    assert announced_name("局/一.mp4".encode()) == "局/一.mp4"


def test_two_names_that_are_written_alike_are_not_taken_for_one_file(tmp_path: Path) -> None:
    listing = list_card(write_card(tmp_path / "card", {b"\xff": b"1", b"\\xff": b"2"}))
    assert [found.name for found in listing.files] == ["\\xff"]
    assert listing.skipped == (Skipped("\\xff", "name-ambiguous", is_loss=True),)


def test_links_pipes_and_sockets_are_named_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/password").write_text("x")
    (card / "folder").symlink_to(tmp_path / "secret")
    (card / "file").symlink_to(tmp_path / "secret/password")
    (card / "loop").symlink_to(card)
    os.mkfifo(card / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        monkeypatch.chdir(card)  # the name of a socket may only be short
        unix.bind("sock")
    listing = list_card(card)
    assert [found.name for found in listing.files] == ["a.mp4"]
    assert {(s.name, s.reason, s.is_loss) for s in listing.skipped} == {
        ("folder", "symbolic-link", False),
        ("file", "symbolic-link", False),
        ("loop", "symbolic-link", False),
        ("pipe", "pipe", False),
        ("sock", "socket", False),
    }


def test_a_card_behind_a_link_is_listed_like_the_card_itself(tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", {"a.mp4": b"1"})
    (tmp_path / "mount").symlink_to(card)
    assert [found.name for found in list_card(tmp_path / "mount").files] == ["a.mp4"]


def test_a_file_that_no_path_reaches_is_a_loss_that_is_told(tmp_path: Path) -> None:
    bury(tmp_path)
    listing = list_card(tmp_path)
    assert listing.files == ()
    assert [skipped.is_loss for skipped in listing.skipped] == [True]


def test_a_card_that_is_not_there_or_not_a_folder_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(Invalid, match="folder-not-found"):
            list_card(folder)


def test_more_files_than_one_list_may_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.dock.finding.MOST_FILES", 2)
    card = write_card(tmp_path / "card", {"a": b"", "b": b"", "c": b""})
    with pytest.raises(Invalid, match="too-many-files"):
        list_card(card)


def test_a_time_that_no_calendar_holds_is_no_time(tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", {"a": b""})
    (found,) = list_card(card).files
    assert type(found)("a", found.path, 0, 10**30).modified is None
    assert type(found)("a", found.path, 0, -1000).modified == datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)


def test_listing_changes_nothing_on_the_card(tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", shift())
    before = tree_digest(card)
    list_card(card)
    assert tree_digest(card) == before
    assert (card / "LOG/20251120.txt").stat().st_mtime_ns == MODIFIED_NS
