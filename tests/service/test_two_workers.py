"""Two workers at one seal, because the lease of the first ran out and it goes on: each object is stored once.

On a real bucket, which lets anybody put a second version; a folder would refuse it.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.clock import SystemClock
from evidence.domain.uploads import Upload, UploadState
from evidence.service.examining.fixity import Fixity, Verdict
from evidence.service.intake.seals import Seals
from evidence.service.jobs import Job, JobName, back_off
from evidence.service.site import Site
from evidence.service.work import Work
from storage import s3
from storage.bucket import Address, Bucket
from storage.s3 import S3Vault
from tests import inside
from tests.builders import SmallSite, an_origin
from tests.servers.object_store import ObjectStoreServer

pytestmark = pytest.mark.grown

BODY = bytes(range(256)) * 400
PATIENCE = 60


class Hosts:
    """One site seen by two hosts: database and staging are shared, each comes to the bucket by itself."""

    def __init__(self, folder: Path, server: ObjectStoreServer) -> None:
        self.small = SmallSite(folder, clock=SystemClock(), embedded=True)  # type: ignore[arg-type]
        self._address = Address(
            server.endpoint,
            f"v-{secrets.token_hex(8)}",
            server.access_key,
            server.secret_key,
            server.region,
            Path(server.ca_file),
        )
        Bucket(self._address).make()
        self.first, self.second = self._host(), self._host()
        self.upload = self.small.send(an_origin(size_bytes=len(BODY)), BODY)
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def _host(self) -> Site:
        return replace(self.small.site, vault=S3Vault(Bucket(self._address)))

    def work(self, site: Site) -> Work:
        """Return the worker of a host."""
        return Work(site, self.small.uploads)

    def claim(self, owner: str) -> Job:
        """Take the seal in hand, whatever its wait."""
        with self.small.database.writing() as unit:
            job = unit.jobs.claim(owner, self.small.clock.now() + back_off(20), (JobName.SEAL,))
        assert job is not None
        return job

    def start_first(self) -> None:
        """Let the first host begin; it stops where the test has told it to, and its lease runs out."""
        job = self.claim("first")
        self._thread = threading.Thread(target=self.work(self.first).do, args=(job,))
        self._thread.start()
        assert self.reached.wait(PATIENCE), "the first never came there"
        with self.small.database.writing() as unit:
            assert unit.jobs.put_back(self.small.clock.now(), everything=True) == 1

    def finish_first(self) -> None:
        """Let the first host go on to its end."""
        assert self._thread is not None
        self.go_on.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def stop_here(self, site: Site, asked: Site) -> None:
        """Suspend the first host."""
        if site is asked:
            self.reached.set()
            assert self.go_on.wait(PATIENCE)

    @property
    def state(self) -> UploadState:
        """What has become of the upload."""
        with self.small.database.reading() as unit:
            upload: Upload | None = unit.uploads.get(self.upload.id)
        assert upload is not None
        return upload.state

    def versions(self) -> list[str]:
        """Return the names of all versions that the bucket holds, shortened; not the marks of a later date,
        which an original gets that the next second's worker adopts.
        """
        names = (one.key.rpartition("/")[2] for one in Bucket(self._address).versions("recordings/"))
        return [name for name in names if "!until." not in name]

    def verify(self) -> list[Verdict]:
        """Read all back."""
        return list(Fixity(self.second).verify_all(self.small.administrator))


@pytest.fixture
def hosts(tmp_path: Path, object_store_server: ObjectStoreServer) -> Hosts:
    return Hosts(tmp_path, object_store_server)


def test_a_worker_suspended_at_its_manifest_is_waited_for_and_not_doubled(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = s3.send

    def slow(bucket: Bucket, key: str, *rest: Any) -> None:
        if bucket is hosts.first.vault.bucket and key.endswith("manifest.json"):  # type: ignore[attr-defined]
            hosts.stop_here(hosts.first, hosts.first)
        send(bucket, key, *rest)

    monkeypatch.setattr(s3, "send", slow)
    hosts.start_first()
    hosts.work(hosts.second).do(hosts.claim("second"))
    assert hosts.state is UploadState.COMPLETE
    row = inside.records(hosts.small.folder, "SELECT state, problem FROM job WHERE name = 'seal'")
    assert [(one["state"], one["problem"].split()[0]) for one in row] == [("queued", "staging-busy")]
    hosts.finish_first()
    hosts.work(hosts.second).do(hosts.claim("second"))
    assert hosts.state is UploadState.SEALED
    assert hosts.versions() == ["data", "manifest.json"]
    assert [one.faults for one in hosts.verify()] == [()]
    assert list(hosts.small.staging.census()) == []


def test_a_worker_that_comes_to_its_manifest_after_another_has_sealed_stores_nothing(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Seals._store_data

    def slow(self: Seals, *words: object) -> object:
        stored = store(self, *words)  # type: ignore[arg-type]
        hosts.stop_here(self.site, hosts.first)
        return stored

    monkeypatch.setattr(Seals, "_store_data", slow)
    hosts.start_first()
    hosts.work(hosts.second).do(hosts.claim("second"))
    assert hosts.state is UploadState.SEALED
    entries = len(hosts.small.log())
    hosts.finish_first()
    assert hosts.versions() == ["data", "manifest.json"]
    assert [one.faults for one in hosts.verify()] == [()]
    assert [body for body in hosts.small.log()[entries:] if b"evidence.seal" in body] == []


def test_a_second_version_of_a_manifest_and_a_marker_over_it_are_named(hosts: Hosts) -> None:
    hosts.work(hosts.second).do(hosts.claim("second"))
    vault, key = hosts.second.vault, f"recordings/{hosts.upload.id}/manifest.json"
    assert isinstance(vault, S3Vault)
    vault.bucket.put(key, b"another", hosts.small.clock.now() + timedelta(minutes=5), False, {})
    assert [one.faults for one in hosts.verify()] == [("manifest-second-version",)]
    vault.bucket.client.remove_object(vault.bucket.name, key)
    assert [one.faults for one in hosts.verify()] == [("manifest-second-version", "manifest-delete-marker")]
