"""A card's list is data from outside: what could never be sealed or reported is refused before it is owed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evidence.domain.recordings import NOT_MEASURED
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.web.talk import Answer, Dock, ask

A_TIME = "2026-11-20T09:30:05.000000Z"


def announce(dock: Dock, *files: dict[str, Any], **changes: object) -> Answer:
    """Announce a card."""
    card = {"device": dock.device, "wearer": "012345", "files": list(files), **changes}
    headers = {"Content-Type": "application/json"}
    return ask(dock.service.port, "POST", "/api/v1/cards", dock.token, headers, json.dumps(card).encode())


def owed(dock: Dock) -> list[dict[str, Any]]:
    """Return what stands in the deadline list about the dock's device."""
    answer = ask(dock.service.port, "GET", "/api/v1/deadlines", dock.service.admin_token)
    assert answer.status == 200, answer
    return [row for row in answer.json if row["device"] == dock.device]


def test_the_same_list_again_owes_each_file_once_and_follows_it_to_the_seal(dock: Dock) -> None:
    file = {"name": "a.mp4", "size": 1000, "modified": A_TIME}
    first, again = announce(dock, file), announce(dock, file)
    assert first.status == again.status == 201
    assert [one["state"] for one in again.json["files"]] == ["wanted"]
    assert len(owed(dock)) == 1
    path = dock.open(1000, modified=A_TIME)
    (entry,) = announce(dock, file).json["files"]
    assert (entry["state"], entry["upload"]) == ("receiving", path.rsplit("/", 1)[1])
    assert dock.patch(path, 0, content(1000)).status == 204
    receipt = dock.receipt(path)
    (entry,) = announce(dock, file).json["files"]
    assert (entry["state"], entry["recording"]) == ("sealed", receipt["recording"])
    assert entry["upload"] == path.rsplit("/", 1)[1]
    assert len(owed(dock)) == 1


def test_a_card_that_is_moved_to_another_dock_gets_its_receipts_there(
    service: ServiceProcess, dock: Dock
) -> None:
    other = Dock(service, service.add_dock(f"other {dock.device}"))
    other.device = dock.device
    files = [{"name": name, "size": 1000, "modified": A_TIME} for name in ("sealed.mp4", "half.mp4")]
    announce(dock, *files)
    first = dock.seal(content(1000), "sealed.mp4", modified=A_TIME)
    half = dock.open(1000, "half.mp4", modified=A_TIME)
    assert dock.patch(half, 0, content(1000)[:500]).status == 204
    for entry in announce(other, *files).json["files"]:
        if entry["upload"] is not None:  # what a dock is told to go on with, it may go on with
            assert other.ask("HEAD", f"/api/v1/uploads/{entry['upload']}").status == 200
        else:
            assert entry["state"] == "wanted"
            receipt = other.seal(content(1000), entry["name"], modified=A_TIME)
            assert receipt["recording"] == first["recording"] or entry["name"] == "half.mp4"
    assert {row["state"] for row in owed(dock)} <= {"on-time", "late", "end-unknown"}


# These would make a manifest that cannot be written (docs/formats/signed-document.md),
# so the file would be taken and never sealed.
UNFIT: dict[str, dict[str, Any]] = {
    "a key that is not ASCII": {"labels": {"案号": "1"}},
    "an empty key": {"labels": {"": "1"}},
    "a key with a space": {"labels": {"case number": "1"}},
    "a long key": {"labels": {"k" * 65: "1"}},
    "labels of 70 kB": {"labels": {f"k{n}": "案" * 1200 for n in range(19)}},
    "labels of 40 kB when escaped": {"labels": {"k": "\x01" * 4096, "l": "\x01" * 3000}},
    "21 labels": {"labels": {f"k{n}": "1" for n in range(21)}},
    "a long device": {"device": "现" * 201},
    "a long wearer": {"wearer": "\x01" * 201},
    "an offset of a thousand years": {"clock_offset_ms": 10**15},
}


UNSAYABLE = {"an empty key", "a key that is not ASCII", "a key with a space"}  # in tus metadata


@pytest.mark.parametrize("what", UNFIT)
def test_what_no_manifest_could_hold_is_refused_before_it_is_owed(dock: Dock, what: str) -> None:
    answer = announce(dock, {"name": "a.mp4", "size": 1, "modified": A_TIME}, **UNFIT[what])
    assert answer.status in (400, 422), answer
    assert owed(dock) == []


@pytest.mark.parametrize("what", [what for what in UNFIT if what not in UNSAYABLE])
def test_what_no_manifest_could_hold_makes_no_upload(dock: Dock, what: str) -> None:
    told = dict(UNFIT[what])
    fields = {
        f"label-{key}": text
        for key, text in told.pop("labels", {}).items()
        if key.isascii() and " " not in key
    }
    fields |= {key.replace("_ms", "-ms").replace("_", "-"): str(text) for key, text in told.items()}
    answer = dock.create(1, fields=fields)
    assert 400 <= answer.status < 500, answer


def test_a_label_that_is_called_like_a_field_hides_nothing(dock: Dock) -> None:
    for field, bad in (("name", "a\0b"), ("device", "a\0b"), ("wearer", "a\0b")):
        file = {"name": bad if field == "name" else "a.mp4", "size": 1, "modified": A_TIME}
        changes = {field: bad} if field != "name" else {}
        answer = announce(dock, file, labels={field: "fine"}, **changes)
        assert (answer.status, answer.code) == (400, "invalid-text"), field
    assert owed(dock) == []


TIMES = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+08:00",
    "0001-01-01T08:00:00+08:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-08:00",
    "9999-12-30T00:00:00Z",
    "1601-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2446-05-10T22:38:55Z",
)


@pytest.mark.parametrize("offset_ms", [0, -(36_500 * 86_400_000), 36_500 * 86_400_000])
@pytest.mark.parametrize("modified", TIMES)
def test_no_time_on_a_card_breaks_the_deadline_list_or_the_seal(
    dock: Dock, modified: str, offset_ms: int
) -> None:
    answer = announce(
        dock,
        {"name": "a.mp4", "size": 10, "modified": modified},
        clock_offset_ms=offset_ms,
        clock_offset_confirmed=True,
    )
    assert answer.status in (201, 400), answer
    rows = owed(dock)
    assert len(rows) == (answer.status == 201)
    created = dock.create(10, fields={"modified": modified, "clock-offset-ms": str(offset_ms)})
    assert created.status == answer.status
    if created.status == 201:
        path = created.headers["location"]
        assert dock.patch(path, 0, content(10)).status == 204
        assert dock.receipt(path, 20)["size"] == 10
        assert [row["recording"] is not None for row in owed(dock)] == [True]


@pytest.mark.parametrize("offset_ms", [300_001, -300_001, 108_000_000])
def test_a_large_clock_offset_is_refused_with_its_limit_until_somebody_confirms_it(
    dock: Dock, offset_ms: int
) -> None:
    file = {"name": "a.mp4", "size": 10, "modified": A_TIME}
    answer = announce(dock, file, clock_offset_ms=offset_ms)
    assert (answer.status, answer.code) == (400, "clock-offset-unconfirmed")
    assert answer.json["limit_s"] == "300"
    assert owed(dock) == []
    assert announce(dock, file, clock_offset_ms=offset_ms, clock_offset_confirmed=True).status == 201
    assert announce(dock, file, clock_offset_ms=300_000).status == 201


def test_what_no_dock_has_measured_is_sealed_as_not_measured_and_zero_as_measured(dock: Dock) -> None:
    names = {"neither": (None, None), "listed": (0, None), "sent": (None, "0")}
    for name, (listed, sent) in names.items():
        told = {} if listed is None else {"clock_offset_ms": listed}
        assert announce(dock, {"name": name, "size": 10, "modified": A_TIME}, **told).status == 201
        fields = {} if sent is None else {"clock-offset-ms": sent}
        path = dock.open(10, name, modified=A_TIME, **fields)
        assert dock.patch(path, 0, content(10)).status == 204
        recording = dock.receipt(path)["recording"]
        answer = ask(dock.service.port, "GET", f"/api/v1/recordings/{recording}", dock.service.admin_token)
        assert answer.json["labels"] == (NOT_MEASURED if name == "neither" else {}), name
        (entry,) = announce(dock, {"name": name, "size": 10, "modified": A_TIME}).json["files"]
        assert entry["not_stored"] == []


def test_an_offset_that_no_clock_can_have_is_refused_with_its_limit(dock: Dock) -> None:
    answer = announce(dock, clock_offset_ms=10**15, clock_offset_confirmed=True)
    assert (answer.code, answer.json["limit_ms"]) == ("invalid-clock-offset", 3_153_600_000_000)


@pytest.mark.parametrize("modified", TIMES[6:])
def test_times_that_a_file_system_can_hold_are_taken_however_odd(dock: Dock, modified: str) -> None:
    assert announce(dock, {"name": "a.mp4", "size": 10, "modified": modified}).status == 201


def test_the_worst_texts_that_are_taken_are_sealed(dock: Dock) -> None:
    labels = {"k" * 64: "\x01" * 2000, "案".encode().hex(): "案" * 600}
    dock.device = ("\x01" * 180 + dock.device)[:200]
    name = "\x01" * 4096
    answer = announce(
        dock, {"name": name, "size": 10, "modified": A_TIME}, labels=labels, wearer="\x01" * 200
    )
    assert answer.status == 201, answer
    assert dock.seal(content(10), name, modified=A_TIME, wearer="\x01" * 200)["name"] == name
    report = ask(dock.service.port, "GET", "/api/v1/recordings", dock.service.admin_token)
    (row,) = (one for one in report.json if one["device"] == dock.device)
    assert row["labels"] == {**labels, **NOT_MEASURED}


def test_a_name_twice_and_too_many_names_are_refused(dock: Dock) -> None:
    file = {"name": "a.mp4", "size": 1, "modified": A_TIME}
    assert announce(dock, file, file).code == "name-twice"
    many = [{"name": f"{n}", "size": 1} for n in range(20_001)]
    assert announce(dock, *many).status == 422
    assert owed(dock) == []


def test_a_card_of_2_000_files_is_taken_at_once(dock: Dock) -> None:
    files = [
        {"name": f"DCIM/100MEDIA/现场录像文件_{n:05}.mp4", "size": n, "modified": A_TIME}
        for n in range(2_000)
    ]
    answer = announce(dock, *files)
    assert answer.status == 201
    assert len(answer.json["files"]) == 2_000
