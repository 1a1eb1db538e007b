"""`evidence move --with-damaged` excuses what was wrong in the old form already, and nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from evidence.errors import IntegrityFault
from evidence.service.moving import Moving
from tests.movable import Movable, make_site

pytestmark = pytest.mark.grown


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    make_site(folder)
    return folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Movable:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    (tmp_path / "new").mkdir()
    return Movable(tmp_path / "site")


def flip(file: Path) -> None:
    file.chmod(0o644)
    body = bytearray(file.read_bytes())
    body[0] ^= 1
    file.write_bytes(body)


def after_the_copy(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    carry = Moving.carry_vault

    def carry_and_act(self: Moving) -> None:
        carry(self)
        act()

    monkeypatch.setattr(Moving, "carry_vault", carry_and_act)


def move(site: Movable) -> list[dict[str, str]] | IntegrityFault:
    """Move the vault; return what was told as damaged, or the refusal."""
    vault = (site.data.parent / "new").as_uri()
    words = ["move", "--json", "--with-damaged", "--vault", vault, "--data", str(site.data)]
    result = CliRunner().invoke(app, words)
    if isinstance(result.exception, IntegrityFault):
        return result.exception
    assert result.exit_code == 0, result.exception
    damaged: list[dict[str, str]] = json.loads(result.stdout)["damaged"]
    return damaged


def wronged(site: Movable, recording: str) -> None:
    """Let the row say other than the manifest; the vault knows nothing of it."""
    with sqlite3.connect(site.data / "evidence.db") as connection:
        connection.execute("UPDATE recording SET wearer = 'somebody else' WHERE id = ?", (recording,))
    connection.close()


@pytest.mark.parametrize("part", ["data", "manifest.json"])
@pytest.mark.parametrize("in_the_old", ["sound", "row differs", "another damaged", "other part damaged"])
def test_what_the_new_vault_has_damaged_is_never_excused(
    site: Movable, monkeypatch: pytest.MonkeyPatch, part: str, in_the_old: str
) -> None:
    other = "manifest.json" if part == "data" else "data"
    damaged = {"another damaged": f"{site.past}/data", "other part damaged": f"{site.held}/{other}"}
    if in_the_old in damaged:
        flip(site.vault / "recordings" / damaged[in_the_old])
    elif in_the_old == "row differs":
        wronged(site, site.held)
    copy = site.data.parent / "new" / "recordings" / site.held / part
    after_the_copy(monkeypatch, lambda: flip(copy))
    form = site.form()
    problem = move(site)
    assert isinstance(problem, IntegrityFault), problem
    assert problem.code == "move-not-verified"
    assert [str(one).split()[0] for one in problem.fields["recordings"]] == [site.held]  # type: ignore[attr-defined]
    assert site.form() == form


@pytest.mark.parametrize("part", ["data", "manifest.json"])
def test_what_the_new_vault_has_lost_is_never_excused(
    site: Movable, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    flip(site.vault / "recordings" / site.past / "data")
    copy = site.data.parent / "new" / "recordings" / site.held / part
    after_the_copy(monkeypatch, copy.unlink)
    problem = move(site)
    assert isinstance(problem, IntegrityFault), problem
    assert problem.code == "move-not-verified"


def test_what_was_wrong_in_the_old_form_comes_along_and_is_told(site: Movable) -> None:
    flip(site.vault / "recordings" / site.held / "data")
    wronged(site, site.past)
    before = site.old_bytes()
    told = move(site)
    assert isinstance(told, list), told
    assert [one["key"] for one in told] == [f"recordings/{site.held}/data"]
    assert site.old_bytes() == before
    faults = {one["recording"]: one["faults"] for one in site.verify()["recordings"] if one["faults"]}
    assert faults == {site.held: ["object-missing"], site.past: ["row-differs"]}
