"""A new site takes nothing that is another's, and what fails leaves nothing (evidence/founding.py)."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from evidence import bootstrap, founding
from evidence.errors import Conflict, EvidenceError
from storage.bucket import Bucket
from storage.errors import StorageError
from storage.opening import bucket_address
from tests.forms import embedded_only
from tests.movable import make_site, rows
from tests.servers.object_store import ObjectStoreServer


def contents(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_new_site_takes_no_bucket_that_holds_anything_and_can_be_made_with_the_next(
    tmp_path: Path, object_store_server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = object_store_server
    full, empty = (f"t-{secrets.token_hex(8)}" for _ in range(2))
    where = f"{server.endpoint}/%s?ca_file={server.ca_file}"
    theirs = Bucket(bucket_address(f"s3://{server.access_key}:{server.secret_key}@{where % full}"))
    theirs.make()
    theirs.put("recordings/theirs/data", b"theirs", None, False, {})
    for name in ("EVIDENCE_DATABASE", "EVIDENCE_BROKER"):
        monkeypatch.delenv(name, raising=False)
    mine = f"s3://{server.access_key}@{where}&password_file={server.secret_file}"
    monkeypatch.setenv("EVIDENCE_VAULT", mine % full)
    with pytest.raises((EvidenceError, StorageError)) as refused:
        founding.initialise(tmp_path / "site", "dazhe-2020", "new.example", sm3=False)
    assert refused.value.fields["engine"] == "vault"
    assert contents(tmp_path / "site") == {}
    assert [one.key for one in theirs.versions("")] == ["recordings/theirs/data"]
    monkeypatch.setenv("EVIDENCE_VAULT", mine % empty)
    token, _ = founding.initialise(tmp_path / "site", "dazhe-2020", "new.example", sm3=False)
    assert token


@embedded_only("it names the vault's folder itself")
def test_a_site_whose_setting_names_another_sites_vault_is_not_opened_and_marks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        sites.append(make_site(tmp_path / name).data)
    before = [rows(f"sqlite:///{data / 'evidence.db'}") for data in sites]
    vaults = [contents(data / "vault") for data in sites]
    monkeypatch.setenv("EVIDENCE_VAULT", (sites[1] / "vault").as_uri())
    with pytest.raises(Conflict, match="vault-not-ours"):
        bootstrap.build(sites[0])
    with pytest.raises((EvidenceError, StorageError)):
        founding.initialise(tmp_path / "third", "dazhe-2020", "third.example", sm3=False)
    assert contents(tmp_path / "third") == {}
    assert [rows(f"sqlite:///{data / 'evidence.db'}") for data in sites] == before
    assert [contents(data / "vault") for data in sites] == vaults
    monkeypatch.delenv("EVIDENCE_VAULT")
    bootstrap.build(sites[0]).site.database.close()
