"""The servers for tests keep what they acknowledged, have private ports, and leave nothing running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import redis
import urllib3
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from tests.servers.kept import KeptServer
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.grown

ROOT = Path(__file__).parents[2]
KINDS = [PostgresServer, RedisServer, ObjectStoreServer]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[KeptServer], KeptServer]]:
    """One server of each kind that is no one else's; each test finds it running after `start`."""
    servers: dict[type[KeptServer], KeptServer] = {
        kind: kind(tmp_path_factory.mktemp("own") / kind.kind) for kind in KINDS
    }
    yield servers
    for server in servers.values():
        server.leave()


@pytest.fixture
def postgres(own: dict[type[KeptServer], PostgresServer]) -> PostgresServer:
    own[PostgresServer].start()
    return own[PostgresServer]


@pytest.fixture
def store(own: dict[type[KeptServer], ObjectStoreServer]) -> ObjectStoreServer:
    own[ObjectStoreServer].start()
    return own[ObjectStoreServer]


# PostgreSQL


def test_a_new_database_is_empty_and_counts_its_letters_as_utf8(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url) == "0"
    assert postgres.ask("SHOW server_encoding", url) == "UTF8"
    assert (
        postgres.ask("SELECT datcollate FROM pg_database WHERE datname = current_database()", url)
        == "C.UTF-8"
    )
    assert postgres.ask("SELECT length('执法记录')", url) == "4"
    assert postgres.new_database() != url


def test_the_user_of_a_database_owns_it_and_is_no_superuser(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    postgres.ask("CREATE TABLE mine (number int)", url)
    with pytest.raises(AssertionError, match="permission denied"):
        postgres.ask("ALTER SYSTEM SET fsync = off", url)
    with pytest.raises(AssertionError, match="password authentication failed"):
        postgres.ask("SELECT 1", url.replace(postgres.password, "wrong"))


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
def test_a_committed_row_is_there_after_each_kind_of_stop(postgres: PostgresServer, mode: str) -> None:
    url = postgres.new_database()
    assert postgres.ask("SHOW fsync", url) == postgres.ask("SHOW full_page_writes", url) == "on"
    postgres.ask("CREATE TABLE rows (number int); INSERT INTO rows VALUES (41)", url)
    postgres.stop(mode)  # type: ignore[arg-type]
    assert not postgres.processes()
    postgres.start()
    assert postgres.ask("SELECT number FROM rows", url) == "41"


def test_a_setting_holds_whether_it_needs_a_restart_or_not(postgres: PostgresServer) -> None:
    for name, value in (("work_mem", "8MB"), ("max_connections", "50")):
        before = postgres.ask(f"SHOW {name}")
        postgres.set(name, value)
        assert postgres.ask(f"SHOW {name}") == value
        postgres.set(name, None)
        assert postgres.ask(f"SHOW {name}") == before


def test_killed_backends_are_those_of_the_named_database(postgres: PostgresServer) -> None:
    url, other = postgres.new_database(), postgres.new_database()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(postgres.ask, "SELECT pg_sleep(60)", url)
        assert wait_until(lambda: postgres.ask(busy) == "1", 30)
        assert postgres.kill_backends(other) == 0
        assert postgres.kill_backends(url) == 1
        with pytest.raises(AssertionError, match="terminating connection"):
            asked.result(30)


# Redis


def test_redis_wants_its_password_and_comes_back_empty(own: dict[type[KeptServer], RedisServer]) -> None:
    server = own[RedisServer]
    server.start()
    with server.client() as client:
        client.set("a", "b")
        assert client.get("a") == b"b"
    with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    server.kill()
    server.start()
    with server.client() as client:
        assert client.keys() == []
        client.set("a", "b")
        server.empty()
        assert client.keys() == []


# The object store


def test_an_acknowledged_locked_object_survives_kill_9_with_its_lock(store: ObjectStoreServer) -> None:
    bucket, until = store.new_bucket(), datetime.now(UTC) + timedelta(hours=1)
    put = store.client().put_object(
        bucket_name=bucket,
        object_name="original",
        data=BytesIO(b"bytes"),
        length=5,
        retention=Retention(COMPLIANCE, until),
        legal_hold=True,
    )
    store.kill()
    assert not store.processes()
    store.start()
    client = store.client()
    found = client.stat_object(bucket_name=bucket, object_name="original", version_id=put.version_id)
    assert found.metadata is not None
    assert found.metadata["x-amz-object-lock-mode"] == "COMPLIANCE"
    assert found.metadata["x-amz-object-lock-legal-hold"] == "ON"
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(bucket_name=bucket, object_name="original", version_id=put.version_id)
    with client.get_object(bucket_name=bucket, object_name="original", version_id=put.version_id) as answer:
        assert answer.read() == b"bytes"


def test_the_second_user_sees_nothing_of_the_first(store: ObjectStoreServer) -> None:
    bucket = store.new_bucket(lock=False)
    stranger = store.client(store.second_user)
    assert stranger.list_buckets() == []
    with pytest.raises(S3Error, match="AccessDenied"):
        list(stranger.list_objects(bucket_name=bucket))


def test_the_object_store_speaks_tls_only_and_its_secrets_stand_in_files(store: ObjectStoreServer) -> None:
    with pytest.raises((urllib3.exceptions.HTTPError, ConnectionError)):
        urllib3.request("GET", f"http://{store.endpoint}/", retries=False, timeout=5)
    assert store.secret_file.read_text("ascii").strip() == store.secret_key
    assert store.secret_file.stat().st_mode & 0o077 == 0
    for process in store.processes():
        assert store.secret_key.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()


# All of them


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_start_uses_what_runs_and_its_ports_are_private(
    own: dict[type[KeptServer], KeptServer], kind: type[KeptServer]
) -> None:
    server = own[kind]
    server.start()
    before = server.processes()
    server.start()
    kind(server.folder).start()
    # One that asked the server whether it is ready may be over by now; none has come.
    assert server.processes()
    assert set(server.processes()) <= set(before)
    addresses = listening(before)
    assert any(port == server.port for _, port in addresses)
    assert {host for host, _ in addresses} == {"127.0.0.1"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_when_the_keeper_is_killed_or_the_server_stopped(
    own: dict[type[KeptServer], KeptServer], kind: type[KeptServer]
) -> None:
    server = own[kind]
    server.start()
    os.kill(int((server.folder / "keeper.pid").read_text("ascii")), signal.SIGKILL)
    assert wait_until(lambda: not server.is_running(), 10), server.output()
    server.start()
    server.stop()
    assert not server.processes()
    server.stop()


def listening(processes: list[int]) -> set[tuple[str, int]]:
    """Return the addresses on which processes accept connections."""
    sockets = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").iterdir():
            sockets.add(os.readlink(link))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                packed = bytes.fromhex(address)[::-1]
                found.add((socket.inet_ntoa(packed) if table == "tcp" else address, int(port, 16)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_listener_on_the_port_is_refused_with_the_servers_own_words(
    tmp_path: Path, kind: type[KeptServer]
) -> None:
    server = kind(tmp_path / "server")
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", server.port))
        if kind is ObjectStoreServer:  # its script looks first, the others find out when they bind
            foreign.listen()
        with pytest.raises(AssertionError) as problem:
            server.start()
    assert "in use" in str(problem.value) or "taken" in str(problem.value)
    assert not server.processes()


def test_a_missing_program_is_a_failure_that_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssertionError, match=r"apt-get install -y --no-install-recommends redis-server"):
        RedisServer(tmp_path / "redis").start()
    with pytest.raises(AssertionError, match=r"apt-get install .* radosgw ceph-mon ceph-osd ceph-common"):
        ObjectStoreServer(tmp_path / "store").start()


def test_a_shared_server_refuses_to_be_stopped_by_one_of_its_users(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis", shared=True)
    server.start()
    for act in (server.stop, server.kill):
        with pytest.raises(AssertionError, match="serves other tests too"):
            act()
    assert server.is_ready()
    server.leave()
    assert not server.folder.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_one_out_stops_a_shared_server_also_when_killed(
    tmp_path: Path, kind: type[KeptServer]
) -> None:
    words = [sys.executable, "-c", _USE, kind.__module__, kind.__name__, str(tmp_path / "server")]
    users = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    for user in users:
        assert user.stdout is not None
        assert user.stdout.readline() == b"ready\n"
    server = kind(tmp_path / "server", shared=True)
    users[0].kill()
    time.sleep(0.5)
    assert server.is_ready()
    users[1].kill()
    assert wait_until(lambda: not server.is_running(), 30), server.output()
    for user in users:
        user.communicate()


_USE = """
import importlib, sys, time
from pathlib import Path

server = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])(Path(sys.argv[3]), shared=True)
server.start()
print("ready", flush=True)
time.sleep(600)
"""
