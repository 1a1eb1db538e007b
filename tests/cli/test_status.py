"""`evidence status`: what a site's operator must see to, at the terminal and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.locale import say
from tests import inside, listed_site
from tests.listed_site import run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording sealed, one announced file overdue."""
    return listed_site.make(tmp_path_factory.mktemp("site") / "data")


def test_what_somebody_must_see_to_comes_first_and_sets_the_exit_code(site: Path) -> None:
    done = run(site, "status")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"‼ {say('site-need.overdue', count=1)}")
    assert "custody" in done.stdout
    told = json.loads(run(site, "status", "--json").stdout)
    assert (told["needs"], told["missing"]["overdue"], told["alarms"]) == (["overdue"], 1, 0)


def test_a_look_at_the_status_changes_nothing(site: Path) -> None:
    before = inside.tables(site)
    run(site, "status")
    assert inside.tables(site) == before


def test_an_integrity_alarm_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    data = listed_site.make(tmp_path / "data")
    junk = "INSERT INTO alarm (id, at, kind, item, detail) VALUES (:id, :at, 'root-differs', 'custody', '{}')"
    inside.change(data, junk, id="a" * 32, at="2026-01-01T00:00:00.000000Z")
    done = run(data, "status")
    assert done.exit_code == 4
    assert done.stdout.startswith(f"‼ {say('site-need.alarm', count=1)}")


def test_a_backup_and_a_restore_are_noted_at_the_moment_that_is_said_and_shown(tmp_path: Path) -> None:
    data = listed_site.make(tmp_path / "data")
    assert json.loads(run(data, "status", "--json").stdout)["backups"] == {"copied": None, "restored": None}
    assert run(data, "backup", "copied").exit_code == 0
    assert run(data, "backup", "restored").exit_code == 0
    found = json.loads(run(data, "status", "--json").stdout)["backups"]
    assert None not in found.values()
    assert found["copied"][:4] in run(data, "status").stdout
    refused = run(data, "backup", "copied", "--at", "2001-01-01T00:00:00")
    assert getattr(refused.exception, "code", None) == "backup-time-wrong"
    assert json.loads(run(data, "status", "--json").stdout)["backups"] == found
