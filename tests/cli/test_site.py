"""`evidence init`, `docks` and `serve`: a site is made whole or not at all; no token is written."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evidence.adapters.packs import shipped_packs
from evidence.cli import app
from evidence.errors import Invalid
from tests import forms, inside
from tests.commands import databases_closed, run_here

LINK = re.compile(r"^  /link/([A-Za-z0-9_-]{43})$", re.MULTILINE)
TOKEN = re.compile(r"^  ([A-Za-z0-9_-]{43})$", re.MULTILINE)


def run(*words: str) -> Result:
    """Run a command inside this process."""
    with databases_closed():
        return CliRunner().invoke(app, list(words))


def evidence(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, with its exit code; a service in a process of its own."""
    if words[0] != "serve":
        code, out, err = run_here(*words, environment=environment)
        return subprocess.CompletedProcess(words, code, out, err)
    return subprocess.run(
        [sys.executable, "-m", "evidence", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def init(data: Path, *more: str) -> str:
    """Make a site; return the first administrator's link."""
    with forms.making(data):
        result = run("init", "--data", str(data), "--policy", "dazhe-2020", "--json", *more)
    assert result.exit_code == 0, result.output
    forms.sign_probes(data)
    token: str = json.loads(result.stdout)["administrator_link"]
    return token


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A fresh site and its administrator's link."""
    data = tmp_path_factory.mktemp("site") / "data"
    return data, init(data)


def contents(data: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def test_init_prints_the_link_once_and_writes_it_nowhere(tmp_path: Path) -> None:
    with forms.making(tmp_path / "data"):
        result = run("init", "--data", str(tmp_path / "data"), "--policy", "dazhe-2020")
    assert result.exit_code == 0
    (token,) = LINK.findall(result.stdout)
    assert result.stdout.count(token) == 1
    written = inside.written(tmp_path / "data")
    assert {"site.toml", "keys/signing.pem"} <= set(written)
    assert any(b"administrator" in body for body in written.values()), "the database was read"
    assert not any(token.encode() in body for body in written.values())


def test_each_site_has_a_link_and_keys_of_its_own(site: tuple[Path, str], tmp_path: Path) -> None:
    other = init(tmp_path / "data")
    assert other != site[1]
    for key in ("keys/signing.pem", "keys/factors.key"):
        assert contents(tmp_path / "data")[key] != contents(site[0])[key]


def test_there_is_no_account_and_no_secret_that_was_not_made_at_init(site: tuple[Path, str]) -> None:
    text = (site[0] / "site.toml").read_text()
    own = "".join(line for line in text.splitlines(True) if "?" not in line)  # "…?password_file=/run/…"
    assert not re.search(r"token|password|secret|admin", own, re.IGNORECASE)
    assert not any(password in text for password in forms.passwords())
    assert json.loads(run("docks", "list", "--data", str(site[0]), "--json").stdout) == []


def test_the_keys_are_for_the_service_alone(site: tuple[Path, str]) -> None:
    assert (site[0] / "keys").stat().st_mode & 0o777 == 0o700
    for key in ("signing.pem", "factors.key"):
        assert (site[0] / "keys" / key).stat().st_mode & 0o077 == 0
    folders = (".", "staging") if forms.GROWN else (".", "staging", "vault")
    assert all((site[0] / name).stat().st_mode & 0o007 == 0 for name in folders)


def test_init_refuses_a_folder_that_holds_anything_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("mine")
    done = evidence("init", "--data", str(tmp_path), "--policy", "dazhe-2020")
    assert done.returncode == 2
    assert done.stderr.startswith("目录不为空 / ")
    assert contents(tmp_path) == {".hidden": b"mine"}


def test_init_over_a_site_leaves_the_site_as_it_is(site: tuple[Path, str]) -> None:
    before = contents(site[0])
    assert run("init", "--data", str(site[0]), "--policy", "strict").exit_code != 0
    assert contents(site[0]) == before


def test_init_says_plainly_what_stands_in_its_way(site: tuple[Path, str], tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("mine")
    for said, where, name in (
        ("这是一个文件，不是目录 / ", file, "x"),
        ("该目录已是站点 / ", site[0], "x"),
        ("站点名称只能含", tmp_path / "new", "第七派出所"),
    ):
        done = evidence("init", "--data", str(where), "--policy", "dazhe-2020", "--name", name)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith(said)
        assert (name if name != "x" else str(where)) in done.stderr
        assert "Errno" not in done.stderr
    assert contents(tmp_path) == {"a-file": b"mine"}


def test_serve_says_plainly_which_file_or_port_it_cannot_use(site: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for certificate in (tmp_path / "nowhere", tmp_path / "no.pem"):
        done = evidence("serve", "--data", str(site[0]), "--certificate", str(certificate))
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("证书或私钥无法使用")
        assert str(certificate) in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = evidence("serve", "--data", str(site[0]), "--port", port)
    assert done.returncode == 3, done.stderr
    assert "端口已被占用 / " in done.stderr
    assert f"port: {port}" in done.stderr


@pytest.mark.parametrize("command", [["findings"], ["deadlines"], ["docks", "list"]])
def test_an_empty_list_says_that_it_is_empty(tmp_path: Path, command: list[str]) -> None:
    init(tmp_path / "data")
    assert "没有内容 / nothing to list" in run(*command, "--data", str(tmp_path / "data")).stdout


def test_a_site_whose_vault_is_away_is_not_opened_and_nothing_is_put_in_its_place(tmp_path: Path) -> None:
    disc, data = tmp_path / "disc", tmp_path / "data"
    where = {"EVIDENCE_VAULT": (disc / "vault").as_uri(), "EVIDENCE_DATABASE": "", "EVIDENCE_BROKER": ""}
    made = evidence("init", "--data", str(data), "--policy", "dazhe-2020", **where)
    assert made.returncode == 0, made.stderr
    away = tmp_path / "away"
    disc.rename(away)
    disc.mkdir()
    for command in (["docks", "list"], ["serve", "--port", "0"], ["log", "fsck"], ["verify"]):
        done = evidence(*command, "--data", str(data), **where)
        assert (done.returncode, "disc may not be mounted" in done.stderr) == (3, True), done.stderr
        assert str(disc / "vault") in done.stderr
    assert list(disc.iterdir()) == []
    disc.rmdir()
    away.rename(disc)
    assert evidence("docks", "list", "--data", str(data), **where).returncode == 0


def test_init_with_an_unknown_policy_makes_nothing(tmp_path: Path) -> None:
    done = evidence("init", "--data", str(tmp_path / "data"), "--policy", "nowhere")
    assert done.returncode in (1, 2)
    assert re.match(r"[\u4e00-\u9fff]", done.stderr)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_dock_is_added_once_and_its_token_is_shown_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    init(data)
    result = run("docks", "add", "一号采集站", "--data", str(data))
    (token,) = TOKEN.findall(result.stdout)
    assert "一号采集站" in result.stdout
    other = json.loads(run("docks", "add", "two", "--data", str(data), "--json").stdout)
    assert other["token"] != token
    listed = run("docks", "list", "--data", str(data), "--json")
    assert [set(row) for row in json.loads(listed.stdout)] == [{"id", "name", "devices"}] * 2
    human = run("docks", "list", "--data", str(data)).stdout
    assert human.startswith("编号 / id")
    assert "一号采集站" in human
    for text in (listed.stdout, human):
        assert token not in text
        assert other["token"] not in text
    assert not any(
        secret.encode() in body
        for body in inside.written(data).values()
        for secret in (token, other["token"])
    )
    again = evidence("docks", "add", "two", "--data", str(data))
    assert again.returncode == 1
    assert again.stderr.startswith("名称已被使用 / ")
    assert len(json.loads(run("docks", "list", "--data", str(data), "--json").stdout)) == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x1b[31m", "a\nb", "\u202eb"])
def test_a_dock_needs_a_name_that_steers_no_terminal(site: tuple[Path, str], name: str) -> None:
    assert run("docks", "add", "--data", str(site[0]), "--", name).exit_code != 0
    assert json.loads(run("docks", "list", "--data", str(site[0]), "--json").stdout) == []


def test_serving_over_a_network_without_tls_is_refused(site: tuple[Path, str]) -> None:
    for host in ("0.0.0.0", ""):
        done = evidence("serve", "--data", str(site[0]), "--host", host)
        assert done.returncode == 2, done.stderr
        assert re.match(r"[\u4e00-\u9fff]", done.stderr)


@pytest.mark.parametrize("words", [["dock"], ["nosuch"], ["gaps", "--nope"], ["gaps", "--since", "soon"]])
def test_wrong_usage_is_said_in_chinese_first(words: list[str]) -> None:
    code, out, said = run_here(*words)
    assert (code, out) == (2, "")
    assert said.startswith("命令用法有误")
    assert said.strip().count("\n") >= 1


@pytest.mark.parametrize("command", [["serve"], ["recordings"], ["verify"], ["docks", "list"]])
def test_a_folder_that_is_no_site_is_named_and_left_alone(tmp_path: Path, command: list[str]) -> None:
    done = evidence(*command, "--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("该目录不是站点 / ")
    assert str(tmp_path) in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_may_come_from_the_environment_and_must_come_from_somewhere(
    site: tuple[Path, str],
) -> None:
    assert evidence("recordings", "--json", EVIDENCE_DATA=str(site[0])).stdout.strip() == "[]"
    done = evidence("recordings", EVIDENCE_DATA="")
    assert done.returncode == 2
    assert done.stderr.startswith("未指定数据目录")
    assert done.stderr.count("--data") == done.stderr.count("EVIDENCE_DATA") == 2


def test_a_setting_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    init(tmp_path / "data")
    settings = tmp_path / "data" / "site.toml"
    for line in ('tokn = "x"', "upload_rest_hours = 0", 'name = "two"', "next_check_days = 31"):
        whole = settings.read_text()
        settings.write_text(f"{whole}{line}\n")
        problem = run("recordings", "--data", str(tmp_path / "data")).exception
        settings.write_text(whole)
        assert isinstance(problem, Invalid), line
        assert problem.code in ("settings-wrong", "settings-unreadable")


@pytest.mark.parametrize("name", list(shipped_packs()))
def test_policy_check_accepts_the_shipped_packs_and_names_the_fault_of_others(
    name: str, tmp_path: Path
) -> None:
    shipped = next(Path(__file__).parents[2].glob(f"evidence/policy/packs/{name}.toml"))
    assert run("policy", "check", str(shipped)).exit_code == 0
    broken = tmp_path / "pack.toml"
    broken.write_text("typo = 1\n" + shipped.read_text(encoding="utf-8"), encoding="utf-8")
    done = evidence("policy", "check", str(broken))
    assert done.returncode != 0
    assert "pack.toml" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
