"""Qualifying a server: what Ceph 16 keeps and breaks, and a server that only says "Object Lock"."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio import Minio

from storage.address import Address
from storage.bucket import Bucket
from storage.errors import StoreUnavailable
from storage.probes import PROBES
from storage.qualify import Probe, qualify
from tests.servers.object_store import ObjectStoreServer
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
