"""Reading back names every fault in bytes, manifest, receipt and row; nothing unread ever passes."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evidence.errors import NotFound, Refused
from evidence.service.examining import fixity as fixity_module
from evidence.service.examining.fixity import Fixity, Verdict
from evidence.service.gaps.reports import Reports
from evidence.service.jobs import MOST_ATTEMPTS, JobName, back_off
from evidence.service.work import Work
from storage.errors import StoreUnavailable, Withheld
from storage.vault import Sealed
from tests import forms, inside, tampering
from tests.builders import SmallSite, an_origin
from tests.derivative_room import DerivativeRoom

BODY = bytes(range(256)) * 5000  # more than one block


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


def seal(small: SmallSite, name: str = "a.mp4", body: bytes = BODY) -> str:
    upload = small.send(an_origin(name, size_bytes=len(body)), body)
    small.do_jobs()
    return upload.id


def change(small: SmallSite, recording_id: str, how: Callable[[bytes], bytes], part: str = "data") -> None:
    """Change a sealed object as whoever owns the disc can."""
    key = f"recordings/{recording_id}/{part}"
    tampering.overwrite(small.folder, key, how(inside.sealed(small.folder, key)))


def change_row(small: SmallSite, recording_id: str, column: str, value: object) -> None:
    sql = f"UPDATE recording SET {column} = :value WHERE id = :id"
    assert inside.change(small.folder, sql, value=value, id=recording_id)


def verify(small: SmallSite) -> dict[str, Verdict]:
    return {one.recording_id: one for one in Fixity(small.site).verify_all(small.administrator)}


def test_what_is_whole_has_no_fault_and_the_check_is_noted_and_logged(small: SmallSite) -> None:
    recording_id = seal(small)
    before = small.files()
    (verdict,) = verify(small).values()
    assert (verdict.recording_id, verdict.faults, verdict.result) == (recording_id, (), "ok")
    noted = small.recordings.get(small.administrator, recording_id)
    assert noted.check_result == "ok"
    assert noted.checked_at is not None
    entries = [json.loads(body) for body in small.log()]
    (entry,) = [one for one in entries if one["act"] == "evidence.verify"]
    assert (entry["by"], entry["res"], entry["facts"]) == (small.administrator.id, "ok", {"faults": []})
    assert small.files() == before


def test_a_fault_that_a_later_pass_does_not_find_stays_in_sight(small: SmallSite) -> None:
    sound, hurt = seal(small, "sound.mp4", b"sound"), seal(small)
    change(small, hurt, lambda body: b"x" + body[1:])
    verify(small)
    assert small.recordings.get(small.administrator, hurt).past_faults == (), "it is a fault now"
    assert "past-fixity-fault" not in codes(small)
    change(small, hurt, lambda _: BODY)
    for _ in range(2):
        small.clock.pass_by(timedelta(hours=1))
        assert verify(small)[hurt].faults == ()
        listed = {one.recording.id: one for one in small.recordings.list(small.administrator)}
        assert (listed[hurt].check_result, listed[hurt].past_faults) == ("ok", ("bytes-differ",))
        assert (listed[sound].check_result, listed[sound].past_faults) == ("ok", ())
        assert small.recordings.get(small.administrator, hurt).past_faults == ("bytes-differ",)
        assert codes(small).count("past-fixity-fault") == 1
        assert "fixity-fault" not in codes(small)
    (found,) = [
        one
        for one in small.recordings.findings(small.administrator, hurt)
        if one.body["code"] == "past-fixity-fault"
    ]
    assert (found.recording_id, found.body["severity"], found.body["measured"]) == (
        hurt,
        "attention",
        "bytes-differ",
    )
    change(small, hurt, lambda body: body[:-1])
    assert verify(small)[hurt].faults
    assert "fixity-fault" in codes(small)


def codes(small: SmallSite) -> list[object]:
    """Return the codes of all findings in force."""
    return [one.body["code"] for one in Reports(small.site).findings(small.administrator)]


@pytest.mark.parametrize("place", [0, len(BODY) // 2, len(BODY) - 1])
def test_one_flipped_bit_is_found(small: SmallSite, place: int) -> None:
    sound, hurt = seal(small, "sound.mp4", b"sound"), seal(small)
    change(small, hurt, lambda body: body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    verdicts = verify(small)
    assert verdicts[hurt].faults == ("bytes-differ",)
    assert verdicts[sound].faults == ()
    assert small.recordings.get(small.administrator, hurt).check_result == "bytes-differ"
    entry = json.loads(small.log()[-2])
    assert entry["facts"]["faults"] == ["bytes-differ"]


@pytest.mark.parametrize(
    "how",
    [
        lambda body: body[:-1],
        lambda body: b"",
        pytest.param(
            lambda body: body + b"\0",
            marks=forms.embedded_only("a bucket shows as many bytes as it took, whatever lies on its disc"),
        ),
    ],
    ids=["shorter", "empty", "longer"],
)
def test_an_original_of_another_size_is_found(small: SmallSite, how: Callable[[bytes], bytes]) -> None:
    recording_id = seal(small)
    change(small, recording_id, how)
    (verdict,) = verify(small).values()
    # The folder's own record of the size says so; a bucket shows as many bytes as before, and others.
    assert verdict.faults == ("bytes-differ" if forms.GROWN else "object-damaged",)


def test_a_removed_original_is_a_fault_and_the_others_are_still_checked(small: SmallSite) -> None:
    gone, there = seal(small, "gone.mp4"), seal(small, "there.mp4", b"there")
    tampering.remove(small.folder, f"recordings/{gone}/data")
    verdicts = verify(small)
    assert len(verdicts[gone].faults) == 1
    assert verdicts[gone].result != "ok"
    assert verdicts[there].faults == ()


def test_a_changed_manifest_is_found(small: SmallSite) -> None:
    recording_id = seal(small)
    change(small, recording_id, lambda body: body.replace(b"012345", b"543210"), "manifest.json")
    (verdict,) = verify(small).values()
    assert verdict.faults[0] == "manifest-differs"
    assert len(verdict.faults) == 2, "its signature is wrong too"


def test_a_removed_manifest_is_found(small: SmallSite) -> None:
    recording_id = seal(small)
    tampering.remove(small.folder, f"recordings/{recording_id}/manifest.json")
    (verdict,) = verify(small).values()
    assert [fault.startswith("manifest-") for fault in verdict.faults] == [True]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("device", "OTHER"),
        ("wearer", "543210"),
        ("name", "other.mp4"),
        ("modified_at", "2026-03-01T08:00:00.000000Z"),
        ("modified_at", None),
        ("clock_offset_ms", 1),
        ("labels", '{"case-number": "1"}'),
        ("card_id", "f" * 32),
        ("policy_id", "other"),
        ("policy_version", "0"),
        ("sealed_at", "2026-03-01T08:00:00.000000Z"),
        ("retain_until", "2026-03-03T08:00:00.000000Z"),
    ],
)
def test_a_row_that_does_not_say_what_was_signed_is_found(
    small: SmallSite, column: str, value: object
) -> None:
    change_row(small, seal(small), column, value)
    (verdict,) = verify(small).values()
    assert verdict.faults == ("row-differs",)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("sha256", "0" * 64, "bytes-differ"),
        ("sm3", "0" * 64, "bytes-differ"),
        ("size", 1, "size-differs"),
        ("manifest_sha256", "0" * 64, "manifest-differs"),
        ("retain_until", "2099-01-01T00:00:00.000000Z", "lock-weaker"),
    ],
)
def test_a_row_that_does_not_fit_what_is_stored_is_found(
    small: SmallSite, column: str, value: object, fault: str
) -> None:
    change_row(small, seal(small), column, value)
    (verdict,) = verify(small).values()
    assert fault in verdict.faults


def test_a_receipt_of_another_recording_is_found(small: SmallSite) -> None:
    first, second = seal(small, "first.mp4"), seal(small, "second.mp4", b"second")
    receipt = small.recordings.receipt(small.dock, second)
    change_row(small, first, "receipt", receipt)
    verdicts = verify(small)
    assert (verdicts[first].faults, verdicts[second].faults) == (("row-differs",), ())


def test_every_fault_is_named_not_only_the_first(small: SmallSite) -> None:
    recording_id = seal(small)
    change(small, recording_id, lambda body: b"x" + body[1:])
    change_row(small, recording_id, "wearer", "543210")
    (verdict,) = verify(small).values()
    assert verdict.faults == ("bytes-differ", "row-differs")


def reads_back(small: SmallSite) -> list[str]:
    """Sweep, do the jobs, and return what was read back, in order."""
    before = len(small.log())
    small.work.sweep()
    small.do_jobs()
    entries = [json.loads(body) for body in small.log()[before:]]
    return [one["obj"][0]["id"] for one in entries if one["act"] == "evidence.verify"]


def test_the_endless_pass_takes_what_was_never_checked_first_and_each_once(small: SmallSite) -> None:
    old = seal(small, "old.mp4", b"old")
    small.clock.pass_by(timedelta(hours=1))
    young = seal(small, "young.mp4", b"young")
    assert reads_back(small) == [], "nothing is due yet"
    small.clock.pass_by(timedelta(hours=22))
    assert reads_back(small) == [old, young]
    assert reads_back(small) == []
    small.clock.pass_by(timedelta(days=31))
    new = seal(small, "new.mp4", b"new")
    small.clock.pass_by(timedelta(hours=23))
    assert reads_back(small) == [new, old, young]
    assert reads_back(small) == []


def test_the_first_check_is_due_within_24_hours(small: SmallSite) -> None:
    recording_id = seal(small)
    small.clock.pass_by(timedelta(hours=23, minutes=59))
    assert reads_back(small) == [recording_id]


def test_a_long_pass_is_planned_a_few_at_a_time_and_goes_on_without_the_sweep(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixity_module, "_PLANNED_AT_ONCE", 2)
    due = [seal(small, f"{number}.mp4", b"%d" % number) for number in range(5)]
    small.clock.pass_by(timedelta(hours=23))
    assert Fixity(small.site).plan() == 2
    assert Fixity(small.site).plan() == 0, "two are waiting"
    with small.database.reading() as unit:
        assert unit.jobs.counts()["queued"] == 2
    assert reads_back(small) == due


def test_what_one_worker_reads_back_another_does_not(small: SmallSite) -> None:
    recording_id = seal(small)
    small.clock.pass_by(timedelta(hours=23))
    fixity = Fixity(small.site)
    assert fixity.plan() == 1
    job = small.work.claim("first", (JobName.FIXITY,))
    assert job is not None
    assert fixity.plan() == 0, "it is in somebody's hands"
    assert small.work.claim("second", (JobName.FIXITY,)) is None
    small.work.do(job)
    assert fixity.check(recording_id) is None, "a doubled job finds it checked"
    assert len([body for body in small.log() if b"evidence.verify" in body]) == 1


def test_a_recording_that_could_not_be_read_back_stays_due(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording_id = seal(small)
    small.clock.pass_by(timedelta(hours=23))

    def broken(*_: object) -> None:
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(Fixity, "check", broken)
    small.work.sweep()
    for _ in range(MOST_ATTEMPTS):
        small.do_jobs()
        small.clock.pass_by(timedelta(minutes=5))
    with small.database.reading() as unit:
        assert unit.jobs.counts()["failed"] == 1
    assert small.recordings.get(small.administrator, recording_id).checked_at is None
    monkeypatch.undo()
    assert reads_back(small) == [recording_id]


def test_jobs_of_the_endless_pass_do_not_pile_up(small: SmallSite) -> None:
    seal(small)
    small.clock.pass_by(timedelta(hours=23))
    for _ in range(4):
        assert len(reads_back(small)) == 1
        small.clock.pass_by(timedelta(days=31))
    with small.database.engine.connect() as connection:
        names = list(connection.execute(text("SELECT name FROM job")).scalars())
    assert names.count("fixity") == 1
    assert names.count("seal") == 1


def test_the_throttle_is_told_of_every_byte_of_the_original(small: SmallSite) -> None:
    seal(small)
    sizes: list[int] = []
    list(Fixity(small.site, sizes.append).verify_all(small.administrator))
    assert len(sizes) > 1
    assert sum(sizes) == len(BODY)


def test_a_dock_may_not_verify_and_nothing_is_noted(small: SmallSite) -> None:
    recording_id = seal(small)
    with pytest.raises(Refused, match="not-permitted"):
        Fixity(small.site).verify_all(small.dock)
    assert small.recordings.get(small.administrator, recording_id).checked_at is None


def test_the_noted_fault_is_the_whole_word(small: SmallSite) -> None:
    recording_id = seal(small)
    tampering.remove(small.folder, f"recordings/{recording_id}/manifest.json")
    assert verify(small)[recording_id].result == "manifest-object-missing"
    noted = small.recordings.get(small.administrator, recording_id)
    assert noted.check_result == "manifest-object-missing"


def test_what_is_not_in_the_catalogue_is_not_read_back(small: SmallSite) -> None:
    with pytest.raises(NotFound, match="recording-not-found"):
        Fixity(small.site).check("0" * 32)
    assert small.log() == []


class Away:
    """A vault whose store is away for some keys: those that begin with any of these."""

    def __init__(self, small: SmallSite, *keys: str) -> None:
        self._vault, self.keys = small.vault, keys

    def __getattr__(self, name: str) -> object:
        return getattr(self._vault, name)

    def stat(self, key: str) -> object:
        self._answer(key)
        return self._vault.stat(key)

    def open(self, key: str, version: str | None = None) -> object:
        self._answer(key)
        return self._vault.open(key, version)

    def _answer(self, key: str) -> None:
        if key.startswith(self.keys):
            raise StoreUnavailable(key=key, reason="MaxRetryError")


def read_backs(small: SmallSite) -> int:
    return len([body for body in small.log() if b'"evidence.verify"' in body])


def fixity_findings(small: SmallSite) -> list[object]:
    with small.database.reading() as unit:
        bodies = [one.body for one in unit.examinations.current()]
    return [body["measured"] for body in bodies if body["code"] == "fixity-fault"]


@pytest.mark.parametrize("part", ["", "/manifest.json"])
def test_a_store_that_is_away_is_no_check_and_no_breach_and_the_job_is_tried_again(
    small: SmallSite, part: str
) -> None:
    recording_id = seal(small)
    away = Away(small, f"recordings/{recording_id}{part}")
    work = Work(replace(small.site, vault=away), small.uploads)  # type: ignore[arg-type]
    small.clock.pass_by(timedelta(hours=13))
    work.tidy()
    for attempt in range(1, 2 * MOST_ATTEMPTS):
        assert work.do_next("worker")
        assert not work.do_next("worker"), "not before its wait is over"
        small.clock.pass_by(back_off(attempt))
    noted = small.recordings.get(small.administrator, recording_id)
    assert (noted.checked_at, noted.check_result) == (None, None)
    assert (fixity_findings(small), read_backs(small)) == ([], 0)
    (row,) = inside.records(small.folder, "SELECT state, problem FROM job WHERE name = 'fixity'")
    assert row["state"] == "queued"
    assert "store-unavailable" in row["problem"]
    away.keys = ()
    assert work.do_next("worker")
    assert small.recordings.get(small.administrator, recording_id).check_result == "ok"


def test_verify_says_what_it_could_not_check_and_goes_on(small: SmallSite) -> None:
    ids = [seal(small, f"{number}.mp4", b"%d" % number) for number in range(3)]
    away = Away(small, f"recordings/{ids[1]}/data")
    fixity = Fixity(replace(small.site, vault=away))  # type: ignore[arg-type]
    verdicts = list(fixity.verify_all(small.administrator))
    assert [one.faults for one in verdicts] == [(), ("not-checked",), ()]
    assert [one.is_checked for one in verdicts] == [True, False, True]
    noted = [small.recordings.get(small.administrator, one).check_result for one in ids]
    assert noted == ["ok", None, "ok"]
    assert fixity_findings(small) == []


@pytest.mark.parametrize("part", ["data", "manifest.json"])
def test_a_file_the_disc_cannot_read_is_a_finding_said_once_and_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    small = SmallSite(tmp_path, embedded=True)
    recording_id = seal(small)
    broken = (tmp_path / "vault" / "recordings" / recording_id / part).stat().st_ino
    read = os.preadv

    def preadv(fd: int, *words: Sequence[object]) -> int:
        if os.fstat(fd).st_ino == broken:
            raise OSError(errno.EIO, "bad sector")
        return read(fd, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "preadv", preadv)
    small.clock.pass_by(timedelta(hours=13))
    for attempt in range(1, 4):
        small.work.sweep()
        assert small.do_jobs() == 1
        small.clock.pass_by(back_off(attempt))
    word = "unreadable" if part == "data" else "manifest-unreadable"
    noted = small.recordings.get(small.administrator, recording_id)
    assert (noted.checked_at, noted.check_result) == (None, word)
    assert fixity_findings(small) == [word]
    assert read_backs(small) == 1
    assert verify(small)[recording_id].faults == (word,)
    monkeypatch.undo()
    assert reads_back(small) == [recording_id]
    assert fixity_findings(small) == []


@pytest.mark.parametrize("part", ["data", "manifest.json"])
def test_what_the_store_lists_and_does_not_give_is_named_and_hides_no_other(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    ids = [seal(small, name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    lost, look = f"recordings/{ids[1]}/{part}", type(small.vault).stat

    def stat(vault: Any, key: str) -> Sealed:
        if key == lost:
            raise Withheld(reason="listed-but-not-found", key=key)
        return look(vault, key)

    monkeypatch.setattr(type(small.vault), "stat", stat)
    word = "unreadable" if part == "data" else "manifest-unreadable"
    assert [verdict.faults for verdict in verify(small).values()] == [(), (word,), ()]
    assert fixity_findings(small) == [word]
    monkeypatch.undo()
    assert [verdict.faults for verdict in verify(small).values()] == [(), (), ()]
    assert fixity_findings(small) == []


@pytest.mark.parametrize("part", ["data", "manifest.json"])
def test_a_lock_record_that_is_gone_is_a_fault_of_the_manifest_too(tmp_path: Path, part: str) -> None:
    small = SmallSite(tmp_path, embedded=True)
    recording_id = seal(small)
    (tmp_path / "vault" / "recordings" / recording_id / f"{part}~lock.000001.json").unlink()
    word = "object-damaged" if part == "data" else "manifest-object-damaged"
    assert verify(small)[recording_id].faults == (word,)


def test_a_manifest_whose_row_names_another_version_is_found(small: SmallSite) -> None:
    recording_id = seal(small)
    change_row(small, recording_id, "manifest_version", "2")
    assert verify(small)[recording_id].faults[0] == "manifest-version-differs"


def test_what_was_made_from_an_original_is_read_back_with_it(tmp_path: Path) -> None:
    room = DerivativeRoom(tmp_path)
    film = room.film()
    made = room.proxy(film)
    assert made.output is not None
    assert verify(room.small)[film].faults == ()
    body = room.bytes_of(made)
    tampering.overwrite(room.small.folder, made.output.key, body[:-1] + bytes([body[-1] ^ 1]))
    assert verify(room.small)[film].faults == ("derivative-bytes-differ",)
    tampering.remove(room.small.folder, made.output.key)
    assert verify(room.small)[film].faults == ("derivative-object-missing",)


def test_what_went_with_its_original_is_not_missing(tmp_path: Path) -> None:
    room = DerivativeRoom(tmp_path)
    film = room.film()
    room.pass_by()
    room.destroy(film)
    assert verify(room.small)[film].faults == ()
