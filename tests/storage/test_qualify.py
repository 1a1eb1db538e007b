"""Qualifying a server: what Ceph 16 keeps and breaks, and a server that only says "Object Lock"."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio import Minio

from storage.address import Address
from storage.bucket import Bucket, Head
from storage.errors import StoreUnavailable
from storage.probes import PROBES
from storage.qualify import Probe, qualify
from tests.drills.broken_line import Said
from tests.servers.object_store import ObjectStoreServer
from tests.storage.liar import NO_SUCH_KEY, Asked, Liar
from tests.storage.test_s3 import address


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def outcome(object_store_server: ObjectStoreServer) -> dict[str, Probe]:
    """All probes of the real server, once."""
    return {one.name: one for one in qualify(address(object_store_server, "evidence"), now)}


def test_ceph_16_keeps_every_promise_that_is_needed(outcome: dict[str, Probe]) -> None:
    assert list(outcome) == [name for name, _, _ in PROBES]
    assert [one for one in outcome.values() if one.stands_in_the_way] == []
    assert sum(one.is_needed for one in outcome.values()) == 14


def test_what_ceph_16_breaks_is_named_and_our_way_of_writing_is_safe_all_the_same(
    outcome: dict[str, Probe],
) -> None:
    broken = {name: one.said for name, one in outcome.items() if not one.is_kept}
    assert set(broken) == {"lock-of-parts-is-kept", "if-none-match-lets-one-win"}
    assert broken["if-none-match-lets-one-win"] == "8 of 8 writers won"
    assert outcome["our-way-is-safe"].is_kept
    assert outcome["default-covers-parts"].is_kept


def test_the_evidence_bucket_is_not_touched(
    object_store_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name = object_store_server.client(), object_store_server.new_bucket()
    client.put_object(name, "theirs", io.BytesIO(b"1"), 1)

    def inside() -> list[object]:
        objects = client.list_objects(name, recursive=True, include_version=True)
        lock = client.get_object_lock_config(name)
        return [*((one.object_name, one.version_id) for one in objects), lock.mode, lock.duration]

    # What this process makes: others of the session probe the same server meanwhile.
    make, made = Minio.make_bucket, list[str]()

    def making(client: Minio, **words: Any) -> None:
        make(client, **words)
        made.append(words["bucket_name"])

    before = inside()
    monkeypatch.setattr(Minio, "make_bucket", making)
    next(iter(qualify(address(object_store_server, name), now)))
    assert inside() == before
    assert len(made) == 1
    assert made[0].startswith("probe-")


def test_a_clock_that_differs_from_the_server_s_disqualifies(object_store_server: ObjectStoreServer) -> None:
    where = address(object_store_server, "evidence")
    first = next(iter(qualify(where, lambda: now() + timedelta(minutes=5))))
    assert (first.name, first.stands_in_the_way) == ("clock-agrees", True)
    assert "differs" in first.said


def test_a_server_that_cannot_be_reached_is_unavailable_not_qualified() -> None:
    with pytest.raises(StoreUnavailable):
        next(iter(qualify(Address("127.0.0.1:9", "evidence", "key", "secret"), now)))


@pytest.fixture(scope="module")
def mocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """moto's server over TLS: it takes every lock header and binds nothing."""
    folder = tmp_path_factory.mktemp("moto")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port), "-s",
               "-c", str(certificate), "-k", str(key)]  # fmt: skip
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )
    where = Address(f"127.0.0.1:{port}", "evidence", "key", "secret", ca_file=Path(certificate))
    try:
        _wait(where)
        yield where
    finally:
        server.kill()
        server.wait()


def _wait(where: Address) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            Bucket(replace(where, bucket="ready-or-not")).client.list_buckets()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def test_a_server_that_takes_lock_headers_and_binds_nothing_is_refused(mocked: Address) -> None:
    outcome = {one.name: one for one in qualify(mocked, now)}
    in_the_way = {name for name, one in outcome.items() if one.stands_in_the_way}
    assert {"date-cannot-be-shortened", "versioning-cannot-be-suspended"} <= in_the_way
    assert list(outcome) == [name for name, _, _ in PROBES]  # one broken promise does not end the list


class LockOfPartsDoesNotBind:
    """Deletes what was sent in parts as soon as `goes` says so of its lock, and shows no more of it."""

    def __init__(self, where: Address, goes: Callable[[Head], bool]) -> None:
        self.where, self.goes = where, goes
        self.parts, self.gone = set[str](), set[tuple[str, str]]()

    def __call__(self, asked: Asked, ask: Callable[[], Said]) -> Said:
        name, _, key = asked.path.lstrip("/").partition("/")
        if asked.method == "POST" and "uploads" in asked.query:
            self.parts.add(asked.path)
        if asked.version is None or asked.path not in self.parts:
            return ask()
        if (asked.path, asked.version) in self.gone:
            return NO_SUCH_KEY
        if asked.method == "DELETE":
            head = Bucket(replace(self.where, bucket=name)).head(key, asked.version)
            if self.goes(head):
                self.gone.add((asked.path, asked.version))
                return Said(204, [], b"")
        return ask()


def dates_are_for_show(head: Head) -> bool:
    return not head.is_held


def holds_are_for_show(head: Head) -> bool:
    return head.retain_until is None or head.retain_until < now()


@pytest.mark.parametrize(
    ("goes", "broken"),
    [
        (dates_are_for_show, "locked-version-cannot-be-deleted"),
        pytest.param(holds_are_for_show, "hold-binds-alone", marks=pytest.mark.grown),  # nine seconds more
    ],
)
def test_a_server_whose_lock_does_not_bind_what_was_sent_in_parts_is_refused(
    object_store_server: ObjectStoreServer, goes: Callable[[Head], bool], broken: str
) -> None:
    where = address(object_store_server, "evidence")
    with Liar(where, LockOfPartsDoesNotBind(where, goes)) as line:
        in_the_way = {one.name for one in qualify(line.address, now) if one.stands_in_the_way}
    assert broken in in_the_way


def thirty_years_more(asked: Asked, ask: Callable[[], Said]) -> Said:
    """Claim that everything is kept 30 years longer than was asked for."""
    said = ask()

    def later(name: str, value: str) -> tuple[str, str]:
        is_date = name.lower() == "x-amz-object-lock-retain-until-date"
        return name, f"{int(value[:4]) + 30}{value[4:]}" if is_date else value

    return Said(said.status, [later(*one) for one in said.headers], said.body)


def test_a_server_that_locks_for_longer_than_it_was_asked_is_refused(
    object_store_server: ObjectStoreServer,
) -> None:
    with Liar(address(object_store_server, "evidence"), thirty_years_more) as line:
        in_the_way = {one.name for one in qualify(line.address, now) if one.stands_in_the_way}
    assert {"lock-of-a-put-is-kept", "date-can-be-extended", "default-covers-parts"} <= in_the_way
