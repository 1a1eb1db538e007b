"""The vault in a bucket, on a real server: the contract, and what servers, rivals and crashes do to it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from minio.error import S3Error

from storage import marks, parts
from storage.address import Address
from storage.bucket import Bucket
from storage.errors import Damaged, Exists, Locked, Mismatch, Missing, StoreUnavailable
from storage.opening import bucket_address, open_vault
from storage.s3 import S3Vault
from storage.vault import Debris, Lock, Strength, Vault
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, DAY, LOCK, UNTIL, promise, stage
from tests.contracts.vault import VaultContract
from tests.servers.object_store import ObjectStoreServer

LONG = os.urandom(1 << 20) * 17 + b"the end"  # two parts


@pytest.fixture
def fresh(object_store_server: ObjectStoreServer) -> Callable[[], S3Vault]:
    return lambda: S3Vault(made(object_store_server))


@pytest.fixture
def vault(fresh: Callable[[], S3Vault]) -> S3Vault:
    return fresh()


@pytest.fixture
def bucket(vault: S3Vault) -> Bucket:
    return vault.bucket


def made(server: ObjectStoreServer) -> Bucket:
    """A new bucket, made as `init` makes it."""
    bucket = Bucket(address(server, f"v-{secrets.token_hex(8)}"))
    bucket.make()
    return bucket


def address(server: ObjectStoreServer, name: str) -> Address:
    """The address of a bucket on the server."""
    return Address(
        server.endpoint, name, server.access_key, server.secret_key, server.region, Path(server.ca_file)
    )


class TestS3Vault(VaultContract):
    has_clock = True

    def seal_shortly(self, vault: Vault, key: str, lock: Lock) -> None:
        """In one PUT: after a sending in parts this server leaves the bucket's day, which nobody shortens."""
        assert isinstance(vault, S3Vault)
        notes = marks.notes(promise(b"x"), lock)
        vault.bucket.put(key, b"x", lock.retain_until, bool(lock.holds), notes)

    @pytest.fixture
    def vault(self, fresh: Callable[[], S3Vault]) -> S3Vault:
        return fresh()


def put_past_us(bucket: Bucket, key: str, body: bytes) -> None:
    """Write into the bucket as somebody else who holds its keys."""
    bucket.put(key, body, None, False, {})


def versions(bucket: Bucket, key: str) -> list[str]:
    return [one.id for one in bucket.versions(key) if one.key == key and not one.is_marker]


def test_a_long_file_goes_up_in_parts_and_is_locked_whatever_the_server_dropped(
    vault: S3Vault, bucket: Bucket, tmp_path: Path
) -> None:
    lock = Lock(UNTIL, frozenset({"案件 12"}))
    sealed = vault.seal_file("r/1/data", stage(tmp_path, LONG), promise(LONG), lock)
    assert (sealed.lock, sealed.size_bytes, versions(bucket, "r/1/data")) == (
        lock,
        len(LONG),
        [sealed.version],
    )
    head = bucket.head("r/1/data", sealed.version)
    assert (head.retain_until, head.is_held) == (UNTIL, True)
    assert content(vault, "r/1/data") == LONG
    with pytest.raises(Locked):
        bucket.delete("r/1/data", sealed.version)


def test_a_long_lie_is_never_completed_and_leaves_no_parts(
    vault: S3Vault, bucket: Bucket, tmp_path: Path
) -> None:
    lie = LONG[:-1] + b"?"
    with pytest.raises(Mismatch):
        vault.seal_file("r/1/data", stage(tmp_path, lie), promise(LONG), LOCK)
    assert_nothing_stored(vault, "r/1/data")
    assert bucket.client._list_multipart_uploads(bucket.name).uploads == []


def test_parts_of_an_attempt_that_died_are_ended_before_the_next(
    vault: S3Vault, bucket: Bucket, tmp_path: Path
) -> None:
    left = bucket.client._create_multipart_upload(bucket.name, "r/1/data", {})
    bucket.client._upload_part(bucket.name, "r/1/data", LONG[: parts.PART], None, left, 1)
    neighbour = bucket.client._create_multipart_upload(bucket.name, "r/1/data.other", {})
    vault.seal_file("r/1/data", stage(tmp_path, LONG), promise(LONG), LOCK)
    uploads = bucket.client._list_multipart_uploads(bucket.name).uploads
    assert [one.upload_id for one in uploads] == [neighbour]
    with pytest.raises(S3Error):
        bucket.client._complete_multipart_upload(bucket.name, "r/1/data", left, [])
    assert len(versions(bucket, "r/1/data")) == 1


def test_an_orphan_whose_lock_was_dropped_is_locked_by_the_next_attempt_and_not_written_again(
    vault: S3Vault, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Lock(UNTIL, frozenset({"complaint"}))
    staged = stage(tmp_path, LONG)

    def die(name: str) -> None:
        if name == "after-complete":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(parts, "crashpoint", die)
        with pytest.raises(KeyboardInterrupt):
            vault.seal_file("r/1/data", staged, promise(LONG), lock)
    (orphan,) = versions(bucket, "r/1/data")
    with pytest.raises(Exists):
        vault.seal_file("r/1/data", staged, promise(LONG), Lock(UNTIL + DAY))  # the orphan's own lock counts
    assert versions(bucket, "r/1/data") == [orphan]
    assert vault.stat("r/1/data").lock == lock
    assert content(vault, "r/1/data") == LONG


def test_a_second_version_and_a_delete_marker_raise_an_alarm_and_change_nothing(
    vault: S3Vault, bucket: Bucket
) -> None:
    first = vault.seal_bytes("r/1/data", BODY, LOCK)
    put_past_us(bucket, "r/1/data", b"forged")
    bucket.client.remove_object(bucket_name=bucket.name, object_name="r/1/data")
    found = vault.stat("r/1/data")
    assert (found.version, found.alarms) == (first.version, ("second-version", "delete-marker"))
    assert content(vault, "r/1/data") == BODY
    kinds = [one.kind for one in vault.census() if isinstance(one, Debris)]
    assert sorted(set(kinds)) == ["delete-marker", "second-version"]
    with pytest.raises(Exists):
        vault.seal_bytes("r/1/data", BODY, LOCK)


def test_a_key_hidden_by_a_delete_marker_alone_is_taken_and_told(vault: S3Vault, bucket: Bucket) -> None:
    bucket.client.remove_object(bucket_name=bucket.name, object_name="b")
    vault.seal_bytes("a", b"x", LOCK)
    with pytest.raises(Exists):
        vault.seal_bytes("b", b"x", LOCK)
    vault.seal_bytes("c", b"x", LOCK)
    found = list(vault.census())
    assert [one.key for one in found] == ["a", "b", "c"]
    assert found[1] == Debris("b", "delete-marker")


def test_an_object_that_nobody_here_sealed_is_an_alien(vault: S3Vault, bucket: Bucket) -> None:
    put_past_us(bucket, "r/1/data", b"forged")
    put_past_us(bucket, "r/Odd Name", b"forged")
    put_past_us(bucket, "r/1/data!strange", b"forged")
    with pytest.raises(Damaged):
        vault.stat("r/1/data")
    with pytest.raises(Exists):
        vault.seal_bytes("r/1/data", b"forged", LOCK)
    assert {(one.key, one.kind) for one in vault.census() if isinstance(one, Debris)} == {
        ("r/1/data", "alien"),
        ("r/Odd Name", "alien"),
        ("r/1/data!strange", "alien"),
    }


def test_a_hold_that_somebody_lifted_past_us_is_damage_and_the_bytes_stay_readable(
    vault: S3Vault, bucket: Bucket
) -> None:
    sealed = vault.seal_bytes("a", b"x", Lock(UNTIL, frozenset({"case"})))
    bucket.hold("a", sealed.version, False)
    with pytest.raises(Damaged):
        vault.stat("a")
    assert list(vault.census()) == [Debris("a", "damaged")]
    assert content(vault, "a") == b"x"


@pytest.mark.parametrize("point", ["after-legal-hold", "after-hold", "after-release"])
def test_a_crash_between_mark_and_hold_leaves_too_much_protection_never_too_little(
    vault: S3Vault, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    import storage.s3

    sealed = vault.seal_bytes("a", b"x", LOCK)
    if point == "after-release":
        vault.hold("a", "case")

    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    act = vault.release if point == "after-release" else vault.hold
    with monkeypatch.context() as patch:
        patch.setattr(storage.s3, "crashpoint", die)
        with pytest.raises(KeyboardInterrupt):
            act("a", "case")
    assert bucket.head("a", sealed.version).is_held
    vault.hold("a", "case")
    vault.release("a", "case")
    assert vault.stat("a").lock == LOCK
    assert not bucket.head("a", sealed.version).is_held


def test_two_hosts_that_place_and_lift_holds_at_once_never_lose_one(
    vault: S3Vault, object_store_server: ObjectStoreServer
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    other = S3Vault(Bucket(address(object_store_server, vault.bucket.name)))
    sealed = vault.seal_bytes("a", b"x", LOCK)
    for n in range(4):
        vault.hold("a", "old")
        with ThreadPoolExecutor(2) as pool:
            placed = pool.submit(other.hold, "a", f"new {n}")
            lifted = pool.submit(vault.release, "a", "old")
            with suppress(Damaged):  # seen in the middle of the other's act
                lifted.result()
            with suppress(Damaged):
                placed.result()
        assert f"new {n}" in vault.stat("a").lock.holds
        assert vault.bucket.head("a", sealed.version).is_held


def test_an_object_is_read_by_its_version_past_whatever_was_put_over_it(
    vault: S3Vault, bucket: Bucket
) -> None:
    sealed = vault.seal_bytes("a", BODY, LOCK)
    put_past_us(bucket, "a", b"forged")
    with vault.open("a", sealed.version) as file:
        assert file.read() == BODY
    with pytest.raises(Missing):
        vault.open("a", "no-such-version")


def test_a_date_with_fractions_is_kept_to_the_next_whole_second(vault: S3Vault) -> None:
    until = UNTIL + timedelta(microseconds=1)
    assert vault.seal_bytes("a", b"x", Lock(until)).lock.retain_until == UNTIL + timedelta(seconds=1)


def test_the_client_of_a_forked_child_is_its_own(vault: S3Vault, bucket: Bucket) -> None:
    before = bucket.client
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"own" if bucket.client is not before else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"own"


def test_a_bucket_without_a_default_lock_is_refused(object_store_server: ObjectStoreServer) -> None:
    client = object_store_server.client()
    client.make_bucket(bucket_name="plain-bucket", object_lock=False)
    client.make_bucket(bucket_name="no-default", object_lock=True)
    for name in ("plain-bucket", "no-default", "absent-bucket"):
        with pytest.raises(StoreUnavailable):
            S3Vault(Bucket(address(object_store_server, name)))


def test_a_server_whose_certificate_nobody_we_know_signed_is_refused(
    object_store_server: ObjectStoreServer,
) -> None:
    known = made(object_store_server).address
    stranger = Address(known.host, known.bucket, known.access_key, known.secret_key)
    with pytest.raises(StoreUnavailable):
        S3Vault(Bucket(stranger))


def test_a_wrong_key_is_a_fault_of_the_store_and_tells_no_secret(
    object_store_server: ObjectStoreServer,
) -> None:
    known = made(object_store_server).address
    wrong = Address(known.host, known.bucket, known.access_key, "wrong-secret", known.region, known.ca_file)
    with pytest.raises(StoreUnavailable) as caught:
        S3Vault(Bucket(wrong))
    assert "wrong-secret" not in repr(caught.value) + repr(wrong) + str(caught.value)


def test_it_says_that_it_withstands_the_accounts_of_the_store_and_not_its_operator(vault: S3Vault) -> None:
    assert vault.strength() == Strength("object-lock", "store-accounts")


def test_a_ground_too_long_for_the_notes_is_refused_before_anything_is_sent(vault: S3Vault) -> None:
    many = frozenset(f"{n} " + "据" * 190 for n in range(3))
    with pytest.raises(ValueError):
        vault.seal_bytes("a", b"x", Lock(UNTIL, many))
    assert_nothing_stored(vault, "a")


def test_the_address_of_a_bucket_is_read_and_nothing_else(object_store_server: ObjectStoreServer) -> None:
    server, name = object_store_server, made(object_store_server).name
    url = f"s3://{server.access_key}:{server.secret_key}@{server.endpoint}/{name}?ca_file={server.ca_file}"
    assert bucket_address(url) == address(server, name)
    opened = open_vault(url)
    assert isinstance(opened, S3Vault)
    opened.seal_bytes("a", b"x", LOCK)
    assert content(opened, "a") == b"x"
