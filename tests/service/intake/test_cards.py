"""A card's list: each file is owed once, stands where it stands, and a wrong list stores nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.recordings import Origin
from evidence.errors import Invalid, Refused
from evidence.service.examining.fixity import Fixity
from evidence.service.intake.cards import MOST_FILES, FileStanding
from tests import tampering
from tests.builders import START, SmallSite, an_origin

BODY = b"not a film" * 1000
CARD = an_origin("-")


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def a_file(name: str = "a.mp4", **changes: object) -> Origin:
    return an_origin(name, **{"size_bytes": len(BODY), **changes})


def announce(small: SmallSite, *files: Origin) -> list[FileStanding]:
    return small.cards.announce(small.dock, CARD, files)[1]


def owed(small: SmallSite) -> list[str]:
    with small.database.reading() as unit:
        return [file.origin.name for file in unit.cards.outstanding()]


def test_the_same_card_docked_twice_owes_each_file_once(small: SmallSite) -> None:
    files = [a_file("a.mp4"), a_file("b.mp4"), a_file("c.mp4", modified_at=None)]
    first = announce(small, *files)
    small.clock.pass_by(timedelta(hours=1))
    second = announce(small, *files)
    assert [one.file for one in second] == [one.file for one in first], "the first announcement counts"
    assert owed(small) == ["a.mp4", "b.mp4", "c.mp4"]
    third = announce(small, a_file("d.mp4"), *reversed(files))
    assert [one.file.origin.name for one in third] == ["d.mp4", "c.mp4", "b.mp4", "a.mp4"]
    assert sorted(owed(small)) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "b.mp4"},
        {"size_bytes": 1},
        {"modified_at": START},
        {"modified_at": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_with_another_name_size_or_time_is_another_file(
    small: SmallSite, change: dict[str, object]
) -> None:
    announce(small, a_file())
    announce(small, a_file(**change))
    assert len(owed(small)) == 2


def test_a_file_is_wanted_then_receiving_then_sealing_then_sealed(small: SmallSite) -> None:
    (wanted,) = announce(small, a_file())
    assert (wanted.state, wanted.upload_id, wanted.recording_id) == ("wanted", None, None)
    upload = small.uploads.create(small.dock, a_file(), None)
    small.put(upload.id, 0, BODY[:10])
    (receiving,) = announce(small, a_file())
    assert (receiving.state, receiving.upload_id, receiving.recording_id) == ("receiving", upload.id, None)
    small.put(upload.id, 10, BODY[10:])
    (sealing,) = announce(small, a_file())
    assert (sealing.state, sealing.upload_id, sealing.recording_id) == ("sealing", upload.id, None)
    small.do_jobs()
    (sealed,) = announce(small, a_file())
    assert (sealed.state, sealed.upload_id, sealed.recording_id) == ("sealed", upload.id, upload.id)
    assert owed(small) == []


def test_a_standing_tells_what_the_last_reading_back_found(small: SmallSite) -> None:
    announce(small, a_file("a.mp4"), a_file("b.mp4"))
    recording_id = small.send(a_file("a.mp4"), BODY).id
    small.do_jobs()
    assert [one.check for one in announce(small, a_file("a.mp4"), a_file("b.mp4"))] == [None, None]
    list(Fixity(small.site).verify_all(small.administrator))
    assert [one.check for one in announce(small, a_file("a.mp4"), a_file("b.mp4"))] == ["ok", None]
    tampering.overwrite(small.folder, f"recordings/{recording_id}/data", b"x" * len(BODY))
    list(Fixity(small.site).verify_all(small.administrator))
    (told, _) = announce(small, a_file("a.mp4"), a_file("b.mp4"))
    assert told.state == "sealed"
    assert told.check not in (None, "ok")


def test_what_a_second_list_gives_otherwise_than_it_is_sealed_is_named(small: SmallSite) -> None:
    def again(**changes: object) -> tuple[str, ...]:
        card = an_origin("-", **changes)
        return small.cards.announce(small.dock, card, [a_file()])[1][0].not_stored

    labels = {"case-number": "1"}
    assert again(labels=labels, clock_offset_ms=-1500) == ()
    upload = small.uploads.create(small.dock, a_file(labels=labels, clock_offset_ms=-1500), None)
    assert again(wearer="9", labels=labels) == ("wearer",), "on its way with what was given first"
    small.put(upload.id, 0, BODY)
    small.do_jobs()
    assert again(labels=labels, clock_offset_ms=-1500) == ()
    assert again() == (), "what is not given is not dropped"
    given = {"case-number": "2", "inspected-party": "甲", "other": ""}
    assert again(wearer="9", clock_offset_ms=2000, labels=given) == (
        "wearer",
        "clock-offset-ms",
        "label-case-number",
        "label-inspected-party",
    )


@pytest.mark.parametrize("offset_ms", [300_001, -300_001])
def test_a_large_offset_that_nobody_confirmed_owes_nothing(small: SmallSite, offset_ms: int) -> None:
    card = an_origin("-", clock_offset_ms=offset_ms)
    with pytest.raises(Invalid, match="clock-offset-unconfirmed") as refusal:
        small.cards.announce(small.dock, card, [a_file(clock_offset_ms=offset_ms)])
    assert refusal.value.fields["limit_s"] == "300"
    assert owed(small) == []
    small.cards.announce(small.dock, card, [a_file(clock_offset_ms=offset_ms)], offset_confirmed=True)
    assert owed(small) == ["a.mp4"]


def test_a_file_whose_upload_was_given_up_is_wanted_again(small: SmallSite) -> None:
    announce(small, a_file())
    upload = small.uploads.create(small.dock, a_file(), None)
    small.uploads.terminate(small.dock, upload.id)
    (again,) = announce(small, a_file())
    assert (again.state, again.upload_id) == ("wanted", None)


def test_what_another_dock_sent_is_wanted_again_because_its_receipt_is_not_ours(small: SmallSite) -> None:
    announce(small, a_file())
    small.send(a_file(), BODY)
    small.do_jobs()
    other, _ = small.accounts.add_dock(small.administrator, "other dock")
    _, (standing,), _ = small.cards.announce(other, CARD, [a_file()])
    assert (standing.state, standing.upload_id) == ("wanted", None)
    assert owed(small) == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([a_file(), a_file()], "name-twice"),
        ([a_file(), a_file(size_bytes=1)], "name-twice"),
        ([a_file("good.mp4"), a_file("")], "missing-text"),
        ([a_file("good.mp4"), a_file("nul\0.mp4")], "invalid-text"),
        ([a_file("good.mp4"), a_file("\ud800.mp4")], "invalid-text"),
        ([a_file("good.mp4"), a_file("n" * 4097)], "invalid-text"),
        ([a_file("good.mp4"), a_file("a.mp4", size_bytes=-1)], "invalid-size"),
        ([a_file("good.mp4"), a_file("a.mp4", size_bytes=2**63)], "invalid-size"),
        ([a_file(f"{i}.mp4") for i in range(MOST_FILES + 1)], "too-many-files"),
    ],
    ids=["twice", "twice-other-size", "empty", "nul", "surrogate", "long", "negative", "huge", "many"],
)
def test_a_wrong_list_is_refused_whole(small: SmallSite, files: list[Origin], code: str) -> None:
    _ = small.dock
    entries = len(small.log())
    with pytest.raises(Invalid) as refusal:
        announce(small, *files)
    assert refusal.value.code == code
    assert owed(small) == []
    assert len(small.log()) == entries


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"device": ""}, "missing-text"),
        ({"wearer": ""}, "missing-text"),
        ({"device": "d" * 201}, "invalid-text"),
        ({"labels": {"not a key": "x"}}, "invalid-text"),
        ({"clock_offset_ms": 2**60}, "invalid-clock-offset"),
    ],
)
def test_a_wrong_card_is_refused_whole(small: SmallSite, card: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        small.cards.announce(small.dock, an_origin("-", **card), [a_file()])
    assert refusal.value.code == code
    assert owed(small) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\nb.mp4", "-rf.mp4", "执法 记录.mp4", "C:\\a.mp4"])
def test_an_odd_name_is_data(small: SmallSite, name: str) -> None:
    announce(small, a_file(name))
    assert owed(small) == [name]


def test_an_upload_inherits_card_and_labels_from_the_list(small: SmallSite) -> None:
    labels = {"case-number": "杭2026-1", "inspected-party": "某公司"}
    card_id, *_ = small.cards.announce(small.dock, an_origin("-", labels=labels), [a_file()])
    upload = small.send(a_file(), BODY)
    assert (upload.origin.labels, upload.origin.card_id) == (labels, card_id)
    small.do_jobs()
    manifest = json.loads(small.recordings.manifest(small.administrator, upload.id))["signed"]
    assert (manifest["labels"], manifest["card"]) == (labels, card_id)


def test_labels_that_the_sender_gives_win_over_the_lists(small: SmallSite) -> None:
    small.cards.announce(small.dock, an_origin("-", labels={"case-number": "1"}), [a_file()])
    upload = small.send(a_file(labels={"case-number": "2"}), BODY)
    assert upload.origin.labels == {"case-number": "2"}


def test_an_empty_card_is_taken_and_logged(small: SmallSite) -> None:
    assert announce(small) == []
    entry = json.loads(small.log()[-1])
    assert (entry["act"], entry["facts"]) == ("card.announce", {"files": 0})


def test_only_a_dock_announces(small: SmallSite) -> None:
    with pytest.raises(Refused, match="not-permitted"):
        small.cards.announce(small.administrator, CARD, [a_file()])
    assert owed(small) == []
