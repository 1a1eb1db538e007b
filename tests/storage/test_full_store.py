"""A full store does not refuse, it waits: what waited in it must not become versions when there is room.

Lists are answered meanwhile, so an attempt after the first finds the key free and sends again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage import connections, parts
from storage.errors import StorageError
from storage.s3 import S3Vault
from storage.vault import Sealed
from tests.contracts.lock_rules import content
from tests.contracts.samples import BODY, LOCK, promise, stage
from tests.servers.object_store import ObjectStoreServer
from tests.storage.test_s3 import made, versions

pytestmark = pytest.mark.grown
_ATTEMPTS = 2
_LANDED_S = 4  # when there is room, what has waited is done at once

Seal = Callable[[S3Vault, str, Path], Sealed]


def original(vault: S3Vault, key: str, folder: Path) -> Sealed:
    return vault.seal_file(key, stage(folder, BODY), promise(BODY), LOCK)


def manifest(vault: S3Vault, key: str, folder: Path) -> Sealed:
    return vault.seal_bytes(key, BODY, LOCK)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStoreServer]:
    with ObjectStoreServer(tmp_path_factory.mktemp("full"), size="4G") as server:
        yield server


@pytest.fixture
def vault(own_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Vault]:
    monkeypatch.setattr(connections, "READ_S", 3)
    yield S3Vault(made(own_server))
    own_server.be_full(False)


def seal_at_last(vault: S3Vault, key: str, folder: Path, seal: Seal) -> None:
    """Go on as the job does until it is sealed, then look once all that waited has come."""
    for attempt in range(5):
        try:
            seal(vault, key, folder)
            break
        except StorageError as fault:
            if fault.code == "object-exists":  # the attempt before has got through; the caller adopts it
                break
            assert attempt < 4, fault
            time.sleep(2)
    time.sleep(_LANDED_S)
    found = vault.stat(key)
    assert versions(vault.bucket, key) == [found.version]
    assert (found.alarms, found.lock, content(vault, key)) == ((), LOCK, BODY)


@pytest.mark.parametrize("seal", [original, manifest])
def test_attempts_that_waited_in_a_full_store_leave_one_version(
    own_server: ObjectStoreServer, vault: S3Vault, tmp_path: Path, seal: Seal
) -> None:
    own_server.be_full()
    for _ in range(_ATTEMPTS):
        with pytest.raises(StorageError) as caught:
            seal(vault, "r/1/data", tmp_path)
        assert caught.value.code == "store-unavailable"
    own_server.be_full(False)
    seal_at_last(vault, "r/1/data", tmp_path, seal)


@pytest.mark.parametrize("seal", [original, manifest])
def test_a_store_that_fills_before_the_last_request_has_one_version_when_there_is_room(
    own_server: ObjectStoreServer, vault: S3Vault, tmp_path: Path, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(name: str) -> None:
        if name == "after-parts":
            own_server.be_full()

    with monkeypatch.context() as patch:
        patch.setattr(parts, "crashpoint", fill)
        with pytest.raises(StorageError):
            seal(vault, "r/1/data", tmp_path)
    with pytest.raises(StorageError):
        seal(vault, "r/1/data", tmp_path)
    own_server.be_full(False)
    seal_at_last(vault, "r/1/data", tmp_path, seal)
