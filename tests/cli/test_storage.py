"""`evidence storage qualify`: a service takes nothing in for an object store that has not passed it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.object_store import ObjectStoreServer


class Site:
    """A site whose vault is a bucket, driven by commands as an operator does it."""

    def __init__(self, data: Path, server: ObjectStoreServer) -> None:
        self.data, self.bucket = data, f"e-{secrets.token_hex(8)}"
        vault = f"s3://{server.access_key}@{server.endpoint}/{self.bucket}"
        self.secret = server.secret_key
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EVIDENCE_")},
            "EVIDENCE_VAULT": f"{vault}?password_file={server.secret_file}&ca_file={server.ca_file}",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command; whatever it prints, the secret is not in it."""
        done = subprocess.run(
            [sys.executable, "-m", "evidence", *words, "--data", str(self.data)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert self.secret not in done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, object_store_server: ObjectStoreServer) -> Site:
    site = Site(tmp_path_factory.mktemp("site") / "data", object_store_server)
    done = site.run("init", "--policy", "dazhe-2020")
    assert done.returncode == 0, done.stderr
    assert "next: evidence storage qualify" in done.stdout
    return site


def test_init_makes_the_bucket_with_its_locks_and_writes_the_address_without_the_secret(
    site: Site, object_store_server: ObjectStoreServer
) -> None:
    config = object_store_server.client().get_object_lock_config(bucket_name=site.bucket)
    assert (config.mode, config.duration, config.duration_unit) == ("COMPLIANCE", 1, "Days")
    assert not (site.data / "vault").exists(), "an empty folder would pass for a vault"
    text = (site.data / "site.toml").read_text("utf-8")
    assert f"/{site.bucket}?password_file=" in text
    assert all(
        site.secret.encode() not in path.read_bytes() for path in site.data.rglob("*") if path.is_file()
    )


@pytest.mark.grown
def test_without_a_passing_outcome_nothing_is_served_and_with_one_it_is(site: Site) -> None:
    refused = site.run("serve", "--port", "0")
    assert refused.returncode == 3
    assert "evidence storage qualify" in refused.stderr
    assert "missing" in refused.stderr
    done = site.run("storage", "qualify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "存储合格" in done.stdout
    assert "! 分段写入时指定的锁得以保留" in done.stdout
    assert "our-way-is-safe" in done.stdout
    server = subprocess.Popen(
        [sys.executable, "-m", "evidence", "serve", "--port", "0", "--data", str(site.data)],
        env=site.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stderr is not None
        assert any("Application startup complete" in line for line in server.stderr)
    finally:
        server.terminate()
        server.wait(60)


def test_a_folder_is_not_probed(tmp_path: Path) -> None:
    folder = {name: value for name, value in os.environ.items() if not name.startswith("EVIDENCE_")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "evidence", *words, "--data", str(tmp_path / "data")]
        return subprocess.run(command, env=folder, capture_output=True, text=True, timeout=60)

    assert json.loads(run("init", "--policy", "dazhe-2020", "--json").stdout)
    done = run("storage", "qualify")
    assert done.returncode == 2
    assert done.stderr.startswith("封存库是目录，无需检验 / ")
    assert not (tmp_path / "data" / "qualification.json").exists()
