"""What somebody with the bucket's keys does to locks and marks past us: told, undone where we can, never
believed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from storage import marks
from storage.bucket import Bucket
from storage.errors import Damaged, Exists, Locked, Missing, StoreUnavailable
from storage.s3 import S3Vault
from storage.vault import Debris, Lock, Sealed
from tests.contracts.lock_rules import content
from tests.contracts.samples import BODY, DAY, LOCK, UNTIL
from tests.drills.broken_line import Said
from tests.servers.object_store import ObjectStoreServer
from tests.storage.liar import Asked, Liar
from tests.storage.test_qualify import thirty_years_more
from tests.storage.test_s3 import made, put_past_us

YEARS = timedelta(days=30 * 365)


@pytest.fixture
def vault(object_store_server: ObjectStoreServer) -> S3Vault:
    return S3Vault(made(object_store_server))


@pytest.fixture
def bucket(vault: S3Vault) -> Bucket:
    return vault.bucket


def remove(bucket: Bucket, key: str) -> None:
    """DELETE without a version, as anybody with the bucket's keys: leaves a delete marker."""
    bucket.client.remove_object(bucket_name=bucket.name, object_name=key)


def kinds(vault: S3Vault) -> list[tuple[str, str]]:
    return [(one.key, one.kind) for one in vault.census() if isinstance(one, Debris)]


@pytest.fixture
def lifted(vault: S3Vault, bucket: Bucket) -> Sealed:
    """An object under a complaint whose hold somebody has lifted past us."""
    sealed = vault.seal_bytes("r/a", BODY, LOCK)
    vault.hold("r/a", "complaint")
    bucket.hold("r/a", sealed.version, False)
    with pytest.raises(Damaged):
        vault.stat("r/a")
    assert kinds(vault) == [("r/a", "damaged")]
    assert not bucket.head("r/a", sealed.version).is_held  # looking mends nothing
    return sealed


@pytest.mark.parametrize(
    ("act", "holds"),
    [
        (lambda vault: vault.hold("r/a", "complaint"), {"complaint"}),
        (lambda vault: vault.hold("r/a", "court"), {"complaint", "court"}),
        (lambda vault: vault.extend("r/a", UNTIL + DAY), {"complaint"}),
    ],
)
def test_a_hold_that_somebody_lifted_past_us_is_set_again_by_whoever_protects_the_object_next(
    vault: S3Vault, bucket: Bucket, lifted: Sealed, act: Callable[[S3Vault], Sealed], holds: set[str]
) -> None:
    found = act(vault)
    assert found.lock.holds == holds
    assert bucket.head("r/a", lifted.version).is_held
    assert vault.stat("r/a") == found
    assert kinds(vault) == []


def test_a_release_of_another_ground_sets_the_lifted_hold_again_and_of_the_last_one_lifts_it(
    vault: S3Vault, bucket: Bucket, lifted: Sealed
) -> None:
    with pytest.raises(Missing):
        vault.release("r/a", "court")
    assert bucket.head("r/a", lifted.version).is_held
    bucket.hold("r/a", lifted.version, False)
    assert vault.release("r/a", "complaint").lock == LOCK
    assert not bucket.head("r/a", lifted.version).is_held


def test_a_lifted_hold_lets_nothing_be_disposed_of_and_no_date_be_shortened(
    vault: S3Vault, lifted: Sealed
) -> None:
    with pytest.raises(Damaged):
        vault.dispose("r/a", UNTIL + YEARS)
    with pytest.raises(Locked):
        vault.extend("r/a", UNTIL - DAY)
    assert vault.stat("r/a").lock == Lock(UNTIL, frozenset({"complaint"}))
    assert content(vault, "r/a") == BODY


def test_a_hold_lost_in_a_crash_while_another_was_lifted_is_set_again(
    vault: S3Vault, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = vault.seal_bytes("r/a", BODY, LOCK)
    vault.hold("r/a", "old")
    hold = Bucket.hold

    def placed_meanwhile(self: Bucket, key: str, version: str, on: bool) -> None:
        """Another host's hold comes between the look and the lifting; then we die."""
        if not on:
            vault._mark(marks.hold_name(key, "ab"), marks.body("new"))
            hold(self, key, version, on)
            raise KeyboardInterrupt
        hold(self, key, version, on)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "hold", placed_meanwhile)
        with pytest.raises(KeyboardInterrupt):
            vault.release("r/a", "old")
    with pytest.raises(Damaged):
        vault.stat("r/a")
    assert vault.hold("r/a", "new").lock.holds == {"new"}
    assert bucket.head("r/a", sealed.version).is_held


def test_a_bare_delete_of_a_mark_s_name_neither_releases_nor_disposes_and_is_told(
    vault: S3Vault, bucket: Bucket
) -> None:
    lock = Lock(UNTIL, frozenset({"complaint"}))
    first = vault.seal_bytes("r/a", BODY, lock)
    other = vault.seal_bytes("r/b", BODY, LOCK)
    remove(bucket, marks.release_name("r/a", "seal-0"))
    remove(bucket, marks.disposal_name("r/b"))
    assert (vault.stat("r/a").lock, vault.stat("r/a").alarms) == (lock, ("delete-marker",))
    assert (vault.stat("r/b").lock, vault.stat("r/b").alarms) == (LOCK, ("delete-marker",))
    assert kinds(vault) == [("r/a", "delete-marker"), ("r/b", "delete-marker")]
    assert [one.version for one in vault.list()] == [first.version, other.version]
    with pytest.raises(Locked):
        vault.dispose("r/a", UNTIL + DAY)
    assert vault.release("r/a", "complaint").lock == LOCK  # a real mark beside the marker counts


def test_what_is_put_over_a_hold_s_mark_is_told_and_the_hold_stands(vault: S3Vault, bucket: Bucket) -> None:
    vault.seal_bytes("r/a", BODY, LOCK)
    vault.hold("r/a", "complaint")
    (mark,) = (one.key for one in bucket.versions("r/a!"))
    put_past_us(bucket, mark, marks.body("nothing"))
    assert vault.stat("r/a").alarms == ("second-version",)
    remove(bucket, mark)
    found = vault.stat("r/a")
    assert (found.lock.holds, found.alarms) == ({"complaint"}, ("second-version", "delete-marker"))
    assert kinds(vault) == [("r/a", "second-version"), ("r/a", "delete-marker")]


def test_a_mark_that_a_full_store_has_put_twice_is_no_alarm(vault: S3Vault) -> None:
    vault.seal_bytes("r/a", BODY, Lock(UNTIL, frozenset({"complaint"})))
    vault._mark(marks.release_name("r/a", "seal-0"), b"{}")
    vault._mark(marks.release_name("r/a", "seal-0"), b"{}")
    assert vault.stat("r/a").alarms == ()


def test_a_marker_over_the_mark_of_an_object_that_is_gone_is_told_and_frees_no_key(
    vault: S3Vault, bucket: Bucket
) -> None:
    vault._mark(marks.disposal_name("r/a"), b"{}")
    vault.seal_bytes("r/b", BODY, LOCK)
    remove(bucket, marks.disposal_name("r/a"))
    assert kinds(vault) == [(marks.disposal_name("r/a"), "delete-marker")]
    with pytest.raises(Exists):
        vault.seal_bytes("r/a", BODY, LOCK)


def test_a_name_deleted_before_its_object_is_sealed_does_not_take_the_key(
    vault: S3Vault, bucket: Bucket
) -> None:
    remove(bucket, marks.disposal_name("r/a"))
    assert vault.seal_bytes("r/a", BODY, LOCK).alarms == ("delete-marker",)
    assert content(vault, "r/a") == BODY


def test_a_date_that_somebody_moved_past_us_is_told_and_one_that_we_moved_is_not(
    vault: S3Vault, bucket: Bucket
) -> None:
    sealed = vault.seal_bytes("r/a", BODY, LOCK)
    moved = vault.extend("r/a", UNTIL + YEARS)
    assert (moved.lock.retain_until, moved.alarms) == (UNTIL + YEARS, ())
    assert vault.extend("r/a", UNTIL + YEARS).alarms == ()
    bucket.retain("r/a", sealed.version, UNTIL + YEARS + YEARS)
    assert vault.stat("r/a").alarms == ("locked-longer",)
    assert kinds(vault) == [("r/a", "locked-longer")]


def test_a_crash_in_an_extension_leaves_no_alarm_and_the_next_one_finishes_it(
    vault: S3Vault, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.seal_bytes("r/a", BODY, LOCK)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "retain", die)
        with pytest.raises(KeyboardInterrupt):
            vault.extend("r/a", UNTIL + YEARS)
    assert (vault.stat("r/a").lock, vault.stat("r/a").alarms) == (LOCK, ())
    found = vault.extend("r/a", UNTIL + YEARS)
    assert (found.lock.retain_until, found.alarms) == (UNTIL + YEARS, ())


def test_a_store_that_locks_for_longer_than_asked_seals_with_an_alarm(vault: S3Vault) -> None:
    with Liar(vault.bucket.address, thirty_years_more) as line:
        assert S3Vault(Bucket(line.address)).seal_bytes("r/a", BODY, LOCK).alarms == ("locked-longer",)
        assert kinds(S3Vault(Bucket(line.address))) == [("r/a", "locked-longer")]


def test_a_foreign_object_above_all_keys_is_a_fault_of_the_store_and_nothing_is_given_up(
    bucket: Bucket,
) -> None:
    put_past_us(bucket, "recordings", b"x")
    with pytest.raises(StoreUnavailable) as caught:
        S3Vault(bucket).seal_bytes("recordings/1/data", BODY, LOCK)
    assert (caught.value.fields["reason"], caught.value.fields["key"]) == (
        "foreign-object-above",
        "recordings",
    )
    assert [one.key for one in bucket.versions("")] == ["recordings"]
    remove(bucket, "recordings")
    S3Vault(bucket).seal_bytes("recordings/1/data", BODY, LOCK)


@pytest.mark.parametrize(
    "lie",
    [
        "<IsTruncated>true</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>r/a</NextKeyMarker>"
        "<NextVersionIdMarker>z</NextVersionIdMarker>",
        "<IsTruncated>true</IsTruncated><NextKeyMarker>r/a</NextKeyMarker>",
    ],
)
def test_a_list_that_never_moves_forward_is_not_followed(vault: S3Vault, lie: str) -> None:
    vault.seal_bytes("r/a", BODY, LOCK)
    pages = []

    def stand_still(asked: Asked, ask: Callable[[], Said]) -> Said:
        said = ask()
        if asked.is_list:
            pages.append(asked.query)
            body = said.body.replace(b"<IsTruncated>false</IsTruncated>", lie.encode())
            assert body != said.body
            return Said(said.status, said.headers, body)
        return said

    with Liar(vault.bucket.address, stand_still) as line:
        other = S3Vault(Bucket(line.address))
        with pytest.raises(StoreUnavailable) as caught:
            other.stat("r/a")
    assert caught.value.fields["reason"] == "list-stands-still"
    assert len(pages) <= 2


def test_a_long_list_and_many_versions_of_one_key_are_read_to_their_end(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.listing._PAGE", "3")
    for _ in range(8):
        bucket.client.put_object(
            bucket_name=bucket.name, object_name="r/b 证+&", data=io.BytesIO(b"x"), length=1
        )
    for key in ("r/a", "r/c", "r/d", "r/e"):
        put_past_us(bucket, key, b"x")
    found = [(one.key, one.id) for one in bucket.versions("r/")]
    assert [key for key, _ in found] == ["r/a", *["r/b 证+&"] * 8, "r/c", "r/d", "r/e"]
    assert len(set(found)) == 12
