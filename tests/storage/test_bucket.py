"""What a bucket's server says at a bad moment, and what a bucket must be before anything goes into it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.objectlockconfig import DAYS, YEARS, ObjectLockConfig
from urllib3.response import BaseHTTPResponse, HTTPResponse

from storage.bucket import Bucket
from storage.errors import Missing, StorageError, StoreUnavailable
from storage.s3 import S3Vault
from storage.vault import Debris, Lock
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, LOCK, UNTIL
from tests.servers.object_store import ObjectStoreServer
from tests.storage.test_s3 import address, made

ABSENT = "no-such-version"
Ask = Callable[[], BaseHTTPResponse]
Change = Callable[[str, str, Ask], BaseHTTPResponse]


@pytest.fixture
def vault(object_store_server: ObjectStoreServer) -> S3Vault:
    return S3Vault(made(object_store_server))


@pytest.fixture
def bucket(vault: S3Vault) -> Bucket:
    return vault.bucket


@pytest.fixture
def meddle(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Put something between the bucket and its server; it is given method, address and a way to ask on."""
    ask = bucket.client._http.urlopen

    def meddle(change: Change) -> None:
        def urlopen(method: str, url: str, **more: object) -> BaseHTTPResponse:
            return change(method, url, lambda: ask(method, url, **more))  # type: ignore[arg-type]

        monkeypatch.setattr(bucket.client._http, "urlopen", urlopen)

    return meddle


def only_for(method: str, word: str, status: int) -> Change:
    """As a balancer with nobody behind it: answer these requests itself."""

    def change(asked: str, url: str, ask: Ask) -> BaseHTTPResponse:
        if asked != method or word not in url:
            return ask()
        body = b"" if method == "HEAD" else b"<Error><Code>NoSuchKey</Code></Error>"
        kind = {"content-type": "application/xml"}
        return HTTPResponse(io.BytesIO(body), headers=kind, status=status, preload_content=False)

    return change


@pytest.mark.parametrize(
    "default",
    [
        ObjectLockConfig(COMPLIANCE, 7, YEARS),
        ObjectLockConfig(COMPLIANCE, 2, DAYS),
        ObjectLockConfig(COMPLIANCE, 1, YEARS),
        ObjectLockConfig(GOVERNANCE, 1, DAYS),
    ],
)
def test_a_bucket_with_another_default_lock_than_ours_is_refused(
    object_store_server: ObjectStoreServer, default: ObjectLockConfig
) -> None:
    bucket = made(object_store_server)
    bucket.client.set_object_lock_config(bucket_name=bucket.name, config=default)
    with pytest.raises(StoreUnavailable):
        S3Vault(bucket)
    bucket.make()  # what somebody has decided is not for us to change
    with pytest.raises(StoreUnavailable):
        S3Vault(bucket)


def test_nothing_is_sent_into_a_bucket_whose_default_lock_was_changed_meanwhile(
    vault: S3Vault, bucket: Bucket
) -> None:
    vault.seal_bytes("r/1/data", BODY, LOCK)
    seven = ObjectLockConfig(COMPLIANCE, 7, YEARS)
    bucket.client.set_object_lock_config(bucket_name=bucket.name, config=seven)
    with pytest.raises(StoreUnavailable) as caught:
        vault.seal_bytes("r/2/data", BODY, LOCK)
    assert caught.value.code == "bucket-locks-otherwise"
    assert caught.value.fields["found"] == "COMPLIANCE 7 Years"
    assert_nothing_stored(vault, "r/2/data")
    assert content(vault, "r/1/data") == BODY


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_version_that_is_listed_is_not_missing_whatever_is_answered_for_a_moment(
    vault: S3Vault, meddle: Callable[[Change], None], status: int
) -> None:
    sealed = vault.seal_bytes("a", BODY, LOCK)
    meddle(only_for("HEAD", "versionId=", status))
    for act in (
        lambda: vault.stat("a"),
        lambda: vault.open("a", sealed.version),
        lambda: vault.hold("a", "x"),
    ):
        with pytest.raises(StoreUnavailable):
            act()
    with pytest.raises((Missing, StoreUnavailable)) as caught:
        vault.open("a", ABSENT)
    assert isinstance(caught.value, StoreUnavailable) == (status == 501)


def test_a_version_that_is_listed_and_not_found_is_told_and_does_not_hide_the_others(
    vault: S3Vault, meddle: Callable[[Change], None]
) -> None:
    vault.seal_bytes("a", BODY, LOCK)
    other = vault.seal_bytes("b", BODY, LOCK)
    meddle(only_for("HEAD", "/a?versionId=", 404))
    assert list(vault.census()) == [Debris("a", "damaged"), other]


def test_a_listed_version_that_cannot_be_got_or_locked_for_a_moment_is_not_missing(
    vault: S3Vault, bucket: Bucket, meddle: Callable[[Change], None]
) -> None:
    sealed = vault.seal_bytes("a", BODY, LOCK)
    acts: dict[str, Callable[[], object]] = {
        "GET": lambda: bucket.get("a", sealed.version),
        "PUT": lambda: bucket.retain("a", sealed.version, UNTIL),
        "DELETE": lambda: bucket.delete("a", sealed.version),
    }
    for method, act in acts.items():
        meddle(only_for(method, "versionId=", 404))
        with pytest.raises(StoreUnavailable):
            act()
    with pytest.raises(Missing):
        bucket.get("a", ABSENT)


def test_a_server_that_ignores_where_to_read_from_delivers_nothing(
    vault: S3Vault, meddle: Callable[[Change], None]
) -> None:
    vault.seal_bytes("a", BODY, LOCK)

    def whole(method: str, url: str, ask: Ask) -> BaseHTTPResponse:
        said = ask()
        if method != "GET" or "versionId=" not in url or said.status != 206:
            return said
        said.read()
        return HTTPResponse(io.BytesIO(BODY), status=200, preload_content=False)

    meddle(whole)
    with vault.open("a") as file:
        file.seek(5)
        with pytest.raises(StoreUnavailable):
            file.read(3)


@pytest.mark.parametrize("said", ["bytes 4-9/10", "bytes 5-7/10", "bytes */10", "", "5-9/10"])
def test_a_piece_that_is_not_the_one_asked_for_is_not_taken(
    bucket: Bucket, vault: S3Vault, meddle: Callable[[Change], None], said: str
) -> None:
    sealed = vault.seal_bytes("a", b"0123456789", LOCK)

    def other(method: str, url: str, ask: Ask) -> BaseHTTPResponse:
        answer = ask()
        if answer.status == 206:
            answer.headers["content-range"] = said
        return answer

    assert bucket.get("a", sealed.version, 5).read() == b"56789"
    meddle(other)
    with pytest.raises(StoreUnavailable):
        bucket.get("a", sealed.version, 5)


def test_a_bucket_whose_making_broke_off_is_finished_by_the_next_attempt(
    object_store_server: ObjectStoreServer,
) -> None:
    bucket = Bucket(address(object_store_server, object_store_server.new_bucket()))
    with pytest.raises(StoreUnavailable):
        S3Vault(bucket)
    bucket.make()
    S3Vault(bucket).seal_bytes("a", b"x", LOCK)
    bucket.make()
    S3Vault(bucket)


def test_a_bucket_without_default_in_which_something_lies_is_not_ours_to_finish(
    object_store_server: ObjectStoreServer,
) -> None:
    used = Bucket(address(object_store_server, object_store_server.new_bucket()))
    used.put("theirs", b"x", None, False, {})
    unlocked = Bucket(address(object_store_server, object_store_server.new_bucket(lock=False)))
    for bucket in (used, unlocked):
        bucket.make()
        with pytest.raises(StoreUnavailable):
            S3Vault(bucket)


def test_a_line_that_breaks_in_the_text_of_a_hold_is_a_fault_of_the_store(
    vault: S3Vault, meddle: Callable[[Change], None]
) -> None:
    vault.seal_bytes("a", b"x", Lock(UNTIL))
    vault.hold("a", "case")

    def cut(method: str, url: str, ask: Ask) -> BaseHTTPResponse:
        answer = ask()
        if method != "GET" or "hold." not in url or "versionId=" not in url:
            return answer
        told = {"content-length": str(len(answer.read()))}
        return HTTPResponse(io.BytesIO(b'{"g'), headers=told, status=200, preload_content=False)

    meddle(cut)
    with pytest.raises(StorageError) as caught:
        vault.stat("a")
    assert isinstance(caught.value, StoreUnavailable)


def test_an_error_in_place_of_what_is_read_back_is_a_fault_of_the_store_not_of_the_object(
    vault: S3Vault, meddle: Callable[[Change], None]
) -> None:
    def instead(method: str, url: str, ask: Ask) -> BaseHTTPResponse:
        if method != "GET" or "versionId=" not in url:
            return ask()
        return HTTPResponse(io.BytesIO(b"<Error/>"), status=200, preload_content=False)

    meddle(instead)
    with pytest.raises(StoreUnavailable) as caught:
        vault.seal_bytes("a", BODY, LOCK)
    assert caught.value.fields["reason"] == "read-back"
