"""An object store for tests: a one-node Ceph with the S3 interface, started by `deploy/object-store.sh`.

The same script serves `docker-compose`. The store speaks TLS only; its certificate is its own authority
(`ca_file`). It has versioning and Object Lock. What is locked in COMPLIANCE mode cannot be deleted, so a
store is thrown away as a whole and each test takes a bucket of its own. A full store does not refuse: a PUT
waits without end, hence the time-outs of `client`.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import urllib3
from minio import Minio

from tests.servers.kept import KeptServer, die_with_keeper, secret
from tests.servers.processes import free_port, program, wait_until

_SCRIPT = Path(__file__).parents[2] / "deploy" / "object-store.sh"
_PACKAGES = "radosgw ceph-mon ceph-osd ceph-common openssl"


class Keys(NamedTuple):
    """What a user of the store shows."""

    access_key: str
    secret_key: str
    secret_file: Path


class ObjectStoreServer(KeptServer):
    """Ceph's S3 gateway on 127.0.0.1, over TLS, with two users: the service's and one without rights to its
    things."""

    kind = "object-store"
    seconds_to_start = 120.0
    seconds_to_stop = 20.0
    region = "us-east-1"

    def __init__(self, folder: Path, *, shared: bool = False, size: str = "16G") -> None:
        super().__init__(folder, shared=shared)
        self._size = size
        self.endpoint = f"127.0.0.1:{self.port}"
        self.ca_file = self.folder / "store" / "tls.crt"
        self.access_key, self.secret_key, self.secret_file = self._user("evidence")
        self.second_user = self._user("second")

    def facts(self) -> dict[str, Any]:
        """Return the monitor's port and the secrets, made once."""
        return {"monitor_port": free_port(), "evidence": secret(), "second": secret()}

    def new_bucket(self, *, lock: bool = True) -> str:
        """Make an empty bucket, with Object Lock or without, and return its name."""
        name = f"t-{secrets.token_hex(8)}"
        self.client().make_bucket(bucket_name=name, object_lock=lock)
        return name

    def client(self, keys: Keys | None = None) -> Minio:
        """Return a new client: the service's user, or another; no retries, time-outs, the certificate
        checked."""
        access_key, secret_key, _ = keys or Keys(self.access_key, self.secret_key, self.secret_file)
        return Minio(
            endpoint=self.endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=True,
            region=self.region,
            http_client=urllib3.PoolManager(
                cert_reqs="CERT_REQUIRED",
                ca_certs=str(self.ca_file),
                retries=False,
                maxsize=16,
                timeout=urllib3.Timeout(connect=5, read=60),
            ),
        )

    def be_full(self, full: bool = True) -> None:
        """Let the store believe that its disc is full: writes wait. Or that there is room again."""
        self.refuse_if_shared()
        steps = [("nearfull", 0.85), ("backfillfull", 0.90), ("full", 0.95)]
        # Each must be below the next at every moment.
        for name, ratio in steps if full else reversed(steps):
            self._ceph("osd", f"set-{name}-ratio", f"{ratio * 1e-6 if full else ratio:f}")
        assert wait_until(lambda: (",full," in self._ceph("osd", "dump")) == full, 60, 0.2)

    # How it is run.

    def prepare(self) -> None:
        """Look whether the programs are there, and write the secrets where the script finds them."""
        for name in ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "openssl"):
            program(name, _PACKAGES)
        for user in ("evidence", "second"):
            keys = self._user(user)
            keys.secret_file.touch(mode=0o600)
            keys.secret_file.write_text(keys.secret_key + "\n", "ascii")

    def command(self) -> list[str]:
        """Return the command that runs the store."""
        return die_with_keeper(program("bash", "bash"), str(_SCRIPT), "run")

    def environment(self) -> dict[str, str]:
        """Return the script's settings."""
        return {
            "OBJECT_STORE_FOLDER": str(self.folder / "store"),
            "OBJECT_STORE_PORT": str(self.port),
            "OBJECT_STORE_MONITOR_PORT": str(self._facts["monitor_port"]),
            "OBJECT_STORE_SIZE": self._size,
            "OBJECT_STORE_REGION": self.region,
            "OBJECT_STORE_ACCESS_KEY": self.access_key,
            "OBJECT_STORE_SECRET_FILE": str(self.secret_file),
            "OBJECT_STORE_SECOND_ACCESS_KEY": self.second_user.access_key,
            "OBJECT_STORE_SECOND_SECRET_FILE": str(self.second_user.secret_file),
        }

    def is_ready(self) -> bool:
        """Tell whether the service's user can list its buckets."""
        try:
            trusted = ssl.create_default_context(cafile=str(self.ca_file))
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain,
                trusted.wrap_socket(plain, server_hostname="127.0.0.1"),
            ):
                pass
        except (OSError, ssl.SSLError):
            return False
        self.client().list_buckets()
        return True

    def _ceph(self, *words: str) -> str:
        conf = str(self.folder / "store" / "ceph.conf")
        command = [program("ceph", _PACKAGES), "-c", conf, "--connect-timeout", "20", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _user(self, name: str) -> Keys:
        return Keys(f"{name}-key", str(self._facts[name]), self.folder / f"{name}.secret")
