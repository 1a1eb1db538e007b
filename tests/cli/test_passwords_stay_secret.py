"""No command shows a part of a password, however an address is misspelt, refused or unreachable."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from evidence import cli
from tests.movable import Movable, make_site

ENGINE = {
    "misspelt key": 'vualt = "s3://key:CANARY@127.0.0.1:1/bucket"',
    "slash": 'vault = "s3://key:CANARY/CANARY@127.0.0.1:1/bucket"',
    "hash": 'vault = "s3://key:CANARY#CANARY@127.0.0.1:1/bucket"',
    "normalised": 'vault = "s3://key:CANARY℀@127.0.0.1:1/bucket"',
    "two": 'vault = ["s3://key:CANARY@127.0.0.1:1/bucket"]',
    "no bucket": 'vault = "s3://key:CANARY@127.0.0.1:1/"',
    "store away": 'vault = "s3://key:CANARY@127.0.0.1:1/bucket"',
    "scheme": 'vault = "s4://key:CANARY@127.0.0.1:1/bucket"',
    "database away": 'database = "postgresql://evidence:CANARY@127.0.0.1:1/evidence"',
    "database's scheme": 'database = "mysql://evidence:CANARY@127.0.0.1:1/evidence"',
    "database's option": 'database = "postgresql://evidence@127.0.0.1:1/evidence?password=CANARY&sslmode=CANARY"',
    "database's slash": 'database = "postgresql://evidence:CANARY/CANARY@127.0.0.1:1/evidence"',
    "broker away": 'broker = "redis://:CANARY@127.0.0.1:1/0"',
    "broker's slash": 'broker = "redis://:CANARY/CANARY@127.0.0.1:1/0"',
    "broker's scheme": 'broker = "amqp+x://:CANARY@127.0.0.1:1/0"',
    "two passwords": 'broker = "redis://:CANARY@127.0.0.1:1/0?password_file=/dev/null"',
    "not quoted": "vault = s3://key:CANARY@127.0.0.1:1/bucket",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("template")).data


def run(
    data: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[object, str]:
    """Run a command as its own process would; return its exit code and all it has written."""
    monkeypatch.setattr(sys, "argv", ["evidence", *words, "--data", str(data)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capfd.readouterr()
    return left.value.code, out + err


COMMANDS = (
    ("serve", "--port", "1"),
    ("move", "--database", "embedded", "--vault", "embedded"),
    ("storage", "qualify"),
    ("docks", "list"),
)


@pytest.mark.parametrize("line", ENGINE.values(), ids=ENGINE.keys())
def test_in_the_site_s_file(
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    line: str,
) -> None:
    data = tmp_path / "site"
    shutil.copytree(template, data)
    with (data / "site.toml").open("a") as file:
        file.write(line + "\n")
    monkeypatch.setattr("evidence.web.serving.uvicorn.Server.run", lambda *_: None)
    monkeypatch.setattr("evidence.web.app.fork_workers", lambda _: None)  # no process of tests forks
    for words in COMMANDS:
        _, said = run(data, capfd, monkeypatch, *words)
        assert "CANARY" not in said + caplog.text, words


@pytest.mark.parametrize("line", [line for line in ENGINE.values() if '= "' in line])
def test_in_the_environment_and_on_the_command_line(
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
) -> None:
    name, url = line.split(" = ")
    data = tmp_path / "site"
    if name != "vualt":
        shutil.copytree(template, data)
        code, said = run(data, capfd, monkeypatch, "move", f"--{name}", json.loads(url))
        assert (code, "CANARY" in said) == (2, False)
        shutil.rmtree(data)
    monkeypatch.setenv(f"EVIDENCE_{name.upper()}", json.loads(url))
    _, said = run(data, capfd, monkeypatch, "init", "--policy", "dazhe-2020")
    assert "CANARY" not in said
    assert not any(b"CANARY" in file.read_bytes() for file in data.rglob("*") if file.is_file())


def test_after_a_move_from_a_form_whose_address_held_its_password(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Movable(tmp_path / "site")
    shutil.copytree(template, site.data)
    application = site.application()
    application.work.take_over()
    application.site.database.close()  # type: ignore[attr-defined]
    with (site.data / "site.toml").open("a") as file:
        file.write('broker = "redis://:CANARY@127.0.0.1:1/0"\n')
    for mode in ("--json", "--with-damaged"):
        code, said = run(site.data, capfd, monkeypatch, "move", "--broker", "embedded", mode)
        assert (code, "CANARY" in said) == (0, False)
        assert "EVIDENCE_BROKER=redis://127.0.0.1:1/0 " in said
        (older,) = site.data.glob("site.toml.before-*")
        older.replace(site.data / "site.toml")
