"""Copying between vaults: same bytes, never a weaker lock, nothing twice; damage never passes as sound."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import copying, parts
from storage.copying import DAMAGED, Copier
from storage.errors import Damaged, Exists, Mismatch, StoreUnavailable
from storage.local import LocalVault
from storage.memory import MemoryVault
from storage.s3 import S3Vault
from storage.vault import Lock, Vault
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, DAY, LOCK, UNTIL
from tests.servers.object_store import ObjectStoreServer
from tests.storage.test_s3 import LONG, made

KEY = "recordings/1/data"


@pytest.fixture(params=["folder", "bucket", "memory"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "folder":
        return LocalVault.make(tmp_path / "target")
    if request.param == "memory":
        return MemoryVault()
    return S3Vault(made(request.getfixturevalue("object_store_server")))


@pytest.fixture
def bucket(object_store_server: ObjectStoreServer) -> S3Vault:
    return S3Vault(made(object_store_server))


@pytest.fixture
def source(tmp_path: Path) -> LocalVault:
    return LocalVault.make(tmp_path / "source")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir()
    return tmp_path / "room"


def test_an_object_arrives_with_its_bytes_and_its_lock_and_a_second_time_only_verified(
    source: LocalVault, target: Vault, room: Path
) -> None:
    found = source.seal_bytes(KEY, BODY, Lock(UNTIL, frozenset({"案件", "complaint"})))
    copier = Copier(source, target, room)
    first = copier.copy(found)
    assert (first.was_there, first.is_later) == (False, False)
    assert (first.sealed.lock, first.sealed.promise) == (found.lock, found.promise)
    assert content(target, KEY) == BODY
    again = copier.copy(found)
    assert (again.was_there, again.sealed) == (True, first.sealed)
    assert list(room.iterdir()) == []


def test_what_a_killed_copy_left_in_the_scratch_folder_is_removed(
    source: LocalVault, tmp_path: Path, room: Path
) -> None:
    (room / "copy-abc").write_bytes(b"half")
    (room / "original-abc").write_bytes(b"somebody else's")
    Copier(source, LocalVault.make(tmp_path / "target"), room)
    assert [path.name for path in room.iterdir()] == ["original-abc"]


def test_two_folders_share_no_bytes(source: LocalVault, tmp_path: Path, room: Path) -> None:
    found = source.seal_bytes(KEY, BODY, LOCK)
    Copier(source, LocalVault.make(tmp_path / "target"), room).copy(found)
    assert not (tmp_path / "source" / KEY).samefile(tmp_path / "target" / KEY)


def test_from_a_bucket_into_a_folder(bucket: S3Vault, tmp_path: Path, room: Path) -> None:
    found = bucket.seal_bytes(KEY, BODY, Lock(UNTIL, frozenset({"case"})))
    target = LocalVault.make(tmp_path / "target")
    assert Copier(bucket, target, room).copy(found).sealed.lock == found.lock
    assert content(target, KEY) == BODY


def test_a_lock_that_got_stricter_since_an_attempt_died_is_brought_up(
    source: LocalVault, target: Vault, room: Path
) -> None:
    copier = Copier(source, target, room)
    copier.copy(source.seal_bytes(KEY, BODY, LOCK))
    source.extend(KEY, UNTIL + DAY)
    found = source.hold(KEY, "late")
    assert copier.copy(found).sealed.lock == found.lock == target.stat(KEY).lock


def test_a_ground_that_was_released_since_an_attempt_died_is_released_in_the_copy_too(
    source: LocalVault, target: Vault, room: Path
) -> None:
    copier = Copier(source, target, room)
    copier.copy(source.seal_bytes(KEY, BODY, Lock(UNTIL, frozenset({"complaint 12", "诉讼"}))))
    source.release(KEY, "诉讼")
    found = source.hold(KEY, "late")
    assert list(copier.other_locks(())) == [f"{KEY} (holds)"]
    assert copier.copy(found).sealed.lock == found.lock == target.stat(KEY).lock
    for ground in found.lock.holds:
        found = source.release(KEY, ground)
    assert copier.copy(found).sealed.lock.holds == frozenset()
    assert list(copier.other_locks(())) == []
    if isinstance(target, S3Vault):
        assert not target.bucket.head(KEY, target.stat(KEY).version).is_held


def test_a_copy_with_another_hold_an_earlier_date_or_none_at_all_is_named(
    source: LocalVault, room: Path
) -> None:
    target = MemoryVault()
    copier = Copier(source, target, room)
    for name in ("same", "held", "short", "not-there", "later"):
        found = source.seal_bytes(f"recordings/{name}/data", BODY, LOCK)
        if name != "not-there":
            copier.copy(found)
    target.hold("recordings/held/data", "of somebody else")
    source.extend("recordings/short/data", UNTIL + DAY)
    target.extend("recordings/later/data", UNTIL + DAY)
    assert sorted(copier.other_locks({"recordings/none/data"})) == [
        "recordings/held/data (holds)",
        "recordings/not-there/data (object-missing)",
        "recordings/short/data (date)",
    ]
    assert "recordings/held/data (holds)" not in list(copier.other_locks({"recordings/held/data"}))


def test_more_grounds_than_a_seal_can_carry_are_all_held(
    source: LocalVault, bucket: S3Vault, room: Path
) -> None:
    many = frozenset(f"{n} " + "据" * 190 for n in range(6))
    found = source.seal_bytes(KEY, b"x", Lock(UNTIL, many))
    sealed = Copier(source, bucket, room).copy(found).sealed
    assert sealed.lock == found.lock
    assert bucket.bucket.head(KEY, sealed.version).is_held


def test_a_date_that_is_past_becomes_the_earliest_and_stays_that_the_second_time(
    source: LocalVault, bucket: S3Vault, room: Path
) -> None:
    now = datetime.now(UTC)
    found = source.seal_bytes(KEY, BODY, Lock(now - timedelta(days=400)))
    earliest = iter([now + DAY, now + 2 * DAY])
    copier = Copier(source, bucket, room, lambda: next(earliest))
    copied = copier.copy(found)
    assert copied.is_later
    assert now + DAY <= copied.sealed.lock.retain_until < now + DAY + timedelta(seconds=2)
    assert copier.copy(found).sealed == copied.sealed


def test_a_long_file_whose_copy_died_before_its_lock_is_locked_and_not_sent_again(
    source: LocalVault, bucket: S3Vault, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = source.seal_bytes(KEY, LONG, Lock(UNTIL, frozenset({"case"})))
    copier = Copier(source, bucket, room)

    def die(name: str) -> None:
        if name == "after-complete":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(parts, "crashpoint", die)
        with pytest.raises(KeyboardInterrupt):
            copier.copy(found)
    (orphan,) = [one.id for one in bucket.bucket.versions(KEY)]
    assert copier.copy(found).sealed.version == orphan
    assert (bucket.stat(KEY).lock, content(bucket, KEY)) == (found.lock, LONG)
    assert [one.id for one in bucket.bucket.versions(KEY)] == [orphan]


def flip(file: Path) -> bytes:
    body = bytearray(file.read_bytes())
    body[1000] ^= 1
    file.chmod(0o644)
    file.write_bytes(body)
    file.chmod(0o444)
    return bytes(body)


def test_bytes_that_changed_since_the_seal_are_not_stored_under_their_key(
    source: LocalVault, target: Vault, room: Path, tmp_path: Path
) -> None:
    found = source.seal_bytes(KEY, BODY, Lock(UNTIL, frozenset({"case"})))
    damaged = flip(tmp_path / "source" / KEY)
    copier = Copier(source, target, room)
    with pytest.raises(Mismatch):
        copier.copy(found)
    assert_nothing_stored(target, KEY)
    kept = copier.keep_damaged(KEY, found.lock)
    assert kept is not None
    assert (kept.key, kept.lock) == (DAMAGED + KEY, found.lock)
    assert content(target, kept.key) == damaged
    assert copier.keep_damaged(KEY, found.lock) == kept
    sound = MemoryVault()
    restored = sound.seal_bytes(KEY, BODY, found.lock)  # the place is free for it
    assert Copier(sound, target, room).copy(restored).sealed.sha256 == found.sha256


def test_a_copy_that_is_damaged_where_it_stands_is_never_taken_for_one(
    source: LocalVault, tmp_path: Path, room: Path
) -> None:
    found = source.seal_bytes(KEY, BODY, LOCK)
    copier = Copier(source, LocalVault.make(tmp_path / "target"), room)
    copier.copy(found)
    flip(tmp_path / "target" / KEY)
    with pytest.raises(Damaged):
        copier.copy(found)


def test_other_bytes_under_the_key_are_a_conflict_and_stay(
    source: LocalVault, target: Vault, room: Path
) -> None:
    found = source.seal_bytes(KEY, BODY, LOCK)
    other = target.seal_bytes(KEY, b"other", LOCK)
    with pytest.raises(Exists):
        Copier(source, target, room).copy(found)
    assert target.stat(KEY) == other


@pytest.mark.parametrize("lent", [True, False], ids=["lent to a bucket", "copied for a folder"])
def test_a_disc_that_cannot_read_an_original_damages_it_and_a_store_that_is_away_does_not(
    source: LocalVault,
    bucket: S3Vault,
    tmp_path: Path,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    lent: bool,
) -> None:
    found = source.seal_bytes(KEY, BODY, LOCK)
    target: Vault = bucket if lent else LocalVault.make(tmp_path / "target")
    copier = Copier(source, target, room)

    def fail(*_: Any) -> Any:
        raise OSError(errno.EIO, "Input/output error")

    real: Callable[..., Any] = os.pread if lent else os.preadv
    with monkeypatch.context() as patch:
        patch.setattr(os, real.__name__, fail)
        with pytest.raises(Mismatch) as caught:
            copier.copy(found)
    assert caught.value.fields["reason"] == "unreadable"
    assert_nothing_stored(target, KEY)

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable(reason="ReadTimeoutError")

    monkeypatch.setattr(copier, "_there", away)
    with pytest.raises(StoreUnavailable):
        copier.copy(found)


def test_a_full_scratch_folder_is_the_machine_s_trouble_and_no_damage(
    source: LocalVault, tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = source.seal_bytes(KEY, BODY, LOCK)
    copier = Copier(source, LocalVault.make(tmp_path / "target"), room)
    for number in (errno.ENOSPC, errno.EIO):

        def fail(_copy: Any, _block: bytes, number: int = number) -> None:
            raise (
                copying.unavailable(OSError(number, ""))
                if number == errno.ENOSPC
                else StoreUnavailable(reason="scratch")
            )

        with monkeypatch.context() as patch:
            patch.setattr(copying, "_write", fail)
            with pytest.raises(StoreUnavailable):
                copier.copy(found)
    assert_nothing_stored(copier.target, KEY)
