"""`evidence accounts` and `evidence tokens`: what the operator does about people and other systems."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evidence.cli import app
from evidence.errors import Conflict, NotFound
from tests import forms, inside

LINK = re.compile(r"^  /link/([A-Za-z0-9_-]{43})$", re.MULTILINE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose first administrator is G-001."""
    data = tmp_path_factory.mktemp("site") / "data"
    with forms.making(data):
        words = ["init", "--data", str(data), "--policy", "dazhe-2020", "--administrator", "G-001"]
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "G-001" in done.stdout
    return data


def run(data: Path, *words: str) -> Result:
    """Run a command on the site."""
    return CliRunner().invoke(app, [*words, "--data", str(data)])


def states(data: Path) -> dict[str, str]:
    """Return the states of the accounts by number."""
    return {one["number"]: one["state"] for one in json.loads(run(data, "accounts", "list", "--json").stdout)}


def test_a_link_is_shown_once_and_written_nowhere(data: Path) -> None:
    shown = run(data, "accounts", "link", "G-001")
    (token,) = LINK.findall(shown.stdout)
    told = json.loads(run(data, "accounts", "link", "G-001", "--json").stdout)
    assert told["link"].startswith("/link/")
    assert token not in told["link"]
    assert not any(token.encode() in body for body in inside.written(data).values())
    assert token not in run(data, "accounts", "list").stdout


def test_the_list_says_who_can_sign_in(data: Path) -> None:
    assert states(data) == {"G-001": "waiting"}
    assert "G-001  未设密码 / no password yet" in run(data, "accounts", "list").stdout


def test_the_last_administrator_stays(data: Path) -> None:
    done = run(data, "accounts", "disable", "G-001")
    assert isinstance(done.exception, Conflict)
    assert done.exception.code == "last-administrator"
    assert states(data) == {"G-001": "waiting"}


@pytest.mark.parametrize("command", ["link", "disable", "enable", "unlock"])
def test_somebody_unknown_is_not_found(data: Path, command: str) -> None:
    assert isinstance(run(data, "accounts", command, "nobody").exception, NotFound)


def test_what_was_done_is_said(data: Path) -> None:
    assert "“G-001”" in run(data, "accounts", "enable", "G-001").stdout
    assert "0" in run(data, "accounts", "unlock", "G-001").stdout


def test_a_token_is_made_for_named_actions_only(data: Path) -> None:
    done = run(
        data, "tokens", "add", "dispatch", "--scope", "list-recordings", "--scope", "read-gaps", "--json"
    )
    made = json.loads(done.stdout)
    assert (made["name"], len(made["token"])) == ("dispatch", 43)
    assert not any(made["token"].encode() in body for body in inside.written(data).values())
    for words in (["more"], ["more", "--scope", "manage-grants"], ["more", "--scope", "nonsense"]):
        assert run(data, "tokens", "add", *words).exit_code != 0
    assert run(data, "tokens", "add", "more", "--scope", "read-gaps", "--days", "367").exit_code != 0
    assert run(data, "tokens", "add", "more", "--scope", "read-gaps").exit_code == 0
