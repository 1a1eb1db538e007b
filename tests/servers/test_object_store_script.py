"""`deploy/object-store.sh` by itself: in the background, by an ordinary user, and what it refuses."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.error import S3Error

from tests.servers.processes import free_port, holders, wait_until

pytestmark = pytest.mark.grown

SCRIPT = Path(__file__).parents[2] / "deploy" / "object-store.sh"


class Store:
    """A folder, its settings, and the script run over it; by the user nobody where the tests are root's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "a store", free_port()
        self.secret_file = folder / "secret"
        self.secret_file.write_text("0123456789abcdef0123\n", "ascii")
        self.environment = {
            **os.environ,
            "OBJECT_STORE_FOLDER": str(self.folder),
            "OBJECT_STORE_PORT": str(self.port),
            "OBJECT_STORE_MONITOR_PORT": str(free_port()),
            "OBJECT_STORE_SECRET_FILE": str(self.secret_file),
        }
        self.as_user: list[str] = []
        if os.geteuid() == 0:
            self.as_user = [
                shutil.which("setpriv") or "setpriv",
                "--reuid=nobody",
                "--regid=nogroup",
                "--clear-groups",
            ]
            shutil.chown(folder, "nobody", "nogroup")
            shutil.chown(self.secret_file, "nobody", "nogroup")

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script and return what came of it."""
        return subprocess.run(
            [*self.as_user, shutil.which("bash") or "bash", str(self.folder.parent / SCRIPT.name), command],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            cwd="/",
        )

    def bucket_with(self, secret: str) -> bool:
        """Tell whether the service's user is known by a secret."""
        trusted = urllib3.PoolManager(ca_certs=str(self.folder / "tls.crt"), retries=False, timeout=30)
        client = Minio(
            endpoint=f"127.0.0.1:{self.port}",
            access_key="evidence",
            secret_key=secret,
            http_client=trusted,
            region="us-east-1",
        )
        try:
            return client.list_buckets() == []
        except S3Error as problem:
            assert problem.code == "SignatureDoesNotMatch"
            return False

    def processes(self) -> list[int]:
        """Return the processes that hold the store's lock: the script and its daemons."""
        return holders(self.folder / "lock")


@pytest.fixture
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="object-store-") as name:  # nobody cannot walk to `tmp_path`
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(SCRIPT, folder)
        store = Store(folder)
        yield store
        stopped = store.run("stop")
        assert stopped.returncode == 0, stopped.stderr


def test_an_ordinary_user_starts_it_twice_stops_it_and_changes_its_secret(store: Store) -> None:
    assert store.run("ready").returncode != 0
    started = store.run("start")
    assert started.returncode == 0, started.stderr
    assert store.run("ready").returncode == 0
    running = store.processes()
    assert len(running) == 4
    assert store.run("start").returncode == 0
    assert store.processes() == running
    assert store.bucket_with("0123456789abcdef0123")
    assert store.run("stop").returncode == 0
    assert not store.processes()
    assert store.run("ready").returncode != 0

    store.secret_file.write_text("another0secret0of0letters\n", "ascii")
    assert store.run("start").returncode == 0
    assert store.bucket_with("another0secret0of0letters")
    assert not store.bucket_with("0123456789abcdef0123")
    os.kill(int((store.folder / "pid").read_text("ascii")), 9)
    assert wait_until(lambda: not store.processes(), 10), "the daemons die with the script"


def test_what_is_missing_or_wrong_is_named(store: Store) -> None:
    missing = store.run("run", PATH="/nowhere")
    assert missing.returncode == 3
    assert "apt-get install" in missing.stderr
    assert store.run("dance").returncode == 2
    assert "OBJECT_STORE_FOLDER" in store.run("run", OBJECT_STORE_FOLDER="").stderr
    store.secret_file.write_text("short\n", "ascii")
    refused = store.run("run")
    assert refused.returncode == 2
    assert "16 to 128 letters and digits" in refused.stderr
    assert not store.processes()


def test_a_monitor_s_port_that_is_taken_is_the_last_thing_that_is_said(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        done = store.run("start", OBJECT_STORE_MONITOR_PORT=taken)
    assert done.returncode == 4
    last = done.stderr.splitlines()[-1]
    assert f"port {taken} (the monitor's, OBJECT_STORE_MONITOR_PORT) is taken" in last


def test_the_monitor_s_usual_port_is_none_that_the_kernel_gives_to_clients() -> None:
    """A port that the kernel gives to clients may be taken at the next start by any of them."""
    (usual,) = re.findall(r"MONITOR_PORT:-(\d+)}", SCRIPT.read_text("utf-8"))
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert int(usual) < first


def test_a_store_that_is_there_keeps_its_monitor_s_port_whatever_is_usual_now(store: Store) -> None:
    del store.environment["OBJECT_STORE_MONITOR_PORT"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        its_own = other.getsockname()[1]
        store.folder.mkdir()
        (store.folder / "ceph.conf").write_text(f"mon_host = [v2:127.0.0.1:{its_own}/0]\n")
        if store.as_user:
            shutil.chown(store.folder, "nobody", "nogroup")
        done = store.run("start")
    assert done.returncode == 4
    assert f"port {its_own} (the monitor's" in done.stderr.splitlines()[-1]
