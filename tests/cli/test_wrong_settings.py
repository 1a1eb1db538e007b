"""A setting that is wrong is said to be wrong, by name: nobody waits for what no wait mends (exit code 2)."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from unittest import mock
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from evidence.adapters.db.opening import open_machine
from evidence.errors import EvidenceError
from tests.commands import run_here
from tests.servers.object_store import ObjectStoreServer
from tests.servers.postgres import PostgresServer
from tests.servers.processes import wait_until
from tests.servers.redis import RedisServer
from tests.simulators.certificates import make_certificate

UNTOUCHED = "已封存的内容不受影响 / "
WRONG = "w" * 32


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("template") / "site"
    code, said = run(data, "init", "--policy", "dazhe-2020")
    assert code == 0, said
    return data


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "site")
    return tmp_path / "site"


def run(data: Path, *words: str) -> tuple[int, str]:
    """Run a command with what its site's own file says; return its exit code and what it says of errors."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("EVIDENCE_")}
    with mock.patch.dict(os.environ, plain, clear=True):
        code, _, said = run_here(*words, "--data", str(data))
    return code, said


def everything(data: Path) -> dict[str, bytes]:
    """Return all files of a site by name, but those that come and go, and what is known of the new store."""
    files = (path for path in sorted(data.rglob("*")) if path.is_file())
    passing = ("-wal", "-shm", "qualification.json")
    return {str(p): p.read_bytes() for p in files if not p.name.endswith(passing)}


@pytest.fixture
def refused(site: Path) -> Iterator[Callable[..., str]]:
    """A move that must be refused as a wrong setting, with the site as it was; what is said of it."""
    before = everything(site)

    def said(*words: str) -> str:
        code, told = run(site, "move", *words)
        assert code == 2, told
        assert "稍后" not in told
        assert "try again" not in told
        assert everything(site) == before
        return told

    yield said


@pytest.fixture
def address(object_store_server: ObjectStoreServer, tmp_path: Path) -> Callable[..., str]:
    server = object_store_server

    def address(
        bucket: str, *, user: str = "", secret: str = "", ca_file: Path | None = server.ca_file
    ) -> str:
        file = tmp_path / f"secret-{secrets.token_hex(4)}"
        file.write_text(secret or server.secret_key)
        trust = f"&ca_file={ca_file}" if ca_file else ""
        return f"s3://{user or server.access_key}@{server.endpoint}/{bucket}?password_file={file}{trust}"

    return address


@pytest.mark.parametrize("name", ["Evidence", "my_bucket", "a", "a..b", "a.-b", "-ab", "192.0.2.7", "x" * 64])
def test_a_name_that_s3_allows_no_bucket_is_said_before_anything_is_asked(
    refused: Callable[..., str], name: str
) -> None:
    said = refused("--vault", f"s3://evidence@127.0.0.1:1/{name}?password_file=/etc/hostname")
    assert "设置 vault 中的桶名" in said
    assert UNTOUCHED in said
    assert f"bucket: {name}" in said


@pytest.mark.parametrize("url", ["http://store.example/bucket", "https://store.example:9000/bucket"])
def test_an_address_of_no_form_of_ours_is_answered_with_the_forms(
    refused: Callable[..., str], url: str
) -> None:
    said = refused("--vault", url)
    assert "s3://USER@HOST:PORT/BUCKET?password_file=FILE&ca_file=FILE" in said
    assert "immutable" not in said
    assert UNTOUCHED in said


def test_a_store_that_refuses_the_user_points_to_key_and_secret(
    refused: Callable[..., str], address: Callable[..., str]
) -> None:
    for wrong in (address("evidence-1", secret=WRONG), address("evidence-1", user="nobody")):
        said = refused("--vault", wrong)
        assert "存储拒绝此用户" in said
        assert "secret file of the setting vault" in said
        assert WRONG not in said
        assert UNTOUCHED in said


@pytest.mark.grown
def test_a_bucket_without_object_lock_can_never_have_it(
    refused: Callable[..., str], address: Callable[..., str], object_store_server: ObjectStoreServer
) -> None:
    said = refused("--vault", address(object_store_server.new_bucket(lock=False)))
    assert "can never get it: name a new one in the setting vault" in said
    assert UNTOUCHED in said


def test_a_certificate_that_is_not_trusted_points_to_ca_file(
    refused: Callable[..., str], address: Callable[..., str], tmp_path: Path
) -> None:
    other = make_certificate(tmp_path)
    for wrong in (address("evidence-1", ca_file=None), address("evidence-1", ca_file=other)):
        said = refused("--vault", wrong)
        assert "look at ca_file" in said
        assert "certificate" in said.partition("reason: ")[2]
        assert UNTOUCHED in said


@pytest.mark.grown
def test_a_ca_file_that_is_missing_or_no_certificate_is_named(
    refused: Callable[..., str], address: Callable[..., str], tmp_path: Path
) -> None:
    for file in (tmp_path / "missing.crt", Path("/etc/hostname")):
        said = refused("--vault", address("evidence-1", ca_file=file))
        assert f"CA file: {file}" in said
        assert UNTOUCHED in said


def test_a_bucket_that_is_gone_points_to_its_name(site: Path, address: Callable[..., str]) -> None:
    with (site / "site.toml").open("a") as file:
        file.write(f'vault = "{address("nobody-made-this")}"\n')
    code, said = run(site, "recordings")
    assert code == 2
    assert "没有这个桶；请检查设置 vault 中的桶名" in said
    assert "bucket: nobody-made-this" in said
    assert UNTOUCHED in said


@pytest.mark.grown
def test_a_database_that_refuses_or_has_no_such_name_points_to_the_setting(
    refused: Callable[..., str], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(postgres_server.password)
    wrong.write_text(WRONG)
    place = f"127.0.0.1:{postgres_server.port}"
    name = urlsplit(postgres_server.new_database()).path
    for user, password in (("evidence", wrong), ("nobody", right)):
        said = refused("--database", f"postgresql://{user}@{place}{name}?password_file={password}")
        assert "数据库拒绝此用户或口令；请检查设置 database" in said
        assert WRONG not in said
        assert UNTOUCHED in said
    said = refused("--database", f"postgresql://evidence@{place}{name}")  # no password at all
    assert "数据库拒绝此用户或口令" in said
    said = refused("--database", f"postgresql://evidence@{place}/nothing?password_file={right}")
    assert "数据库服务器上没有这个数据库；请检查设置 database 中的库名" in said
    assert UNTOUCHED in said
    tls = f"postgresql://evidence@{place}{name}?password_file={right}&sslmode=require"
    assert "look at sslmode and sslrootcert" in refused("--database", tls)


def test_a_server_that_speaks_chinese_is_understood(tmp_path: Path) -> None:
    """The words of PostgreSQL 15's own catalogue for zh_CN; this machine has no such locale to run it in."""
    machine = open_machine("postgresql://evidence@db.example/evidence")
    for text, code in (
        ('致命错误:  用户 "evidence" Password 认证失败', "database-user-refused"),
        ('致命错误:  角色 "evidence" 不存在', "database-user-refused"),
        ('致命错误:  数据库 "evidence" 不存在', "database-not-there"),
        ("致命错误:  数据库系统启动中", "database-unavailable"),
    ):
        problem = OperationalError("", {}, psycopg.OperationalError(f"connection failed: {text}"))
        said = machine.said(problem)
        assert isinstance(said, EvidenceError)
        assert said.code == code


def test_an_option_of_a_database_that_nobody_knows_is_named(refused: Callable[..., str]) -> None:
    said = refused("--database", "postgresql://evidence@127.0.0.1:1/x?sslmode=disable&passwordfile=/secret/a")
    assert "option: passwordfile" in said
    assert "/secret/a" not in said


def test_a_queue_that_refuses_the_user_points_to_the_setting(
    refused: Callable[..., str], redis_server: RedisServer, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(WRONG)
    for options in (f"?password_file={wrong}", ""):
        said = refused("--broker", f"redis://127.0.0.1:{redis_server.port}/0{options}")
        assert "队列拒绝此用户或口令；请检查设置 broker" in said
        assert WRONG not in said


@pytest.mark.grown
def test_a_service_whose_queue_refuses_it_says_so_at_its_start_and_serves(
    site: Path, redis_server: RedisServer, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(WRONG)
    with (site / "site.toml").open("a") as file:
        file.write(f'broker = "redis://127.0.0.1:{redis_server.port}/0?password_file={wrong}"\n')
    command = [sys.executable, "-m", "evidence", "serve", "--port", "0", "--data", str(site)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    try:
        assert server.stderr is not None
        reading = Thread(target=lines.extend, args=(server.stderr,), daemon=True)
        reading.start()
        assert wait_until(lambda: any("队列拒绝此用户或口令" in line for line in lines), 30, 0.1), lines
        assert wait_until(lambda: any("Application startup complete" in line for line in lines), 30, 0.1)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    assert WRONG not in "".join(lines)
