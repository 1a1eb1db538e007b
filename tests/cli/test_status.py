"""`evidence status`: what a site's operator must see to, at the terminal and for programs."""

from __future__ import annotations

import json
from fcntl import LOCK_SH, LOCK_UN, flock
from pathlib import Path

import pytest

from evidence.adapters import site_lock
from evidence.bootstrap import lock_service
from evidence.local import is_served
from evidence.locale import say
from tests import forms, inside, listed_site
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


def test_a_damaged_original_is_told_first_and_is_an_integrity_fault(site: Path) -> None:
    number = inside.change(site, "UPDATE recording SET check_result = 'bytes-differ'")
    done, told = run(site, "status"), json.loads(run(site, "status", "--json").stdout)
    assert done.exit_code == 4
    assert done.stdout.startswith(f"‼ {say('site-need.damaged', count=number)}")
    assert (told["needs"], told["damaged"]) == (["damaged", "overdue"], number)
    inside.change(site, "UPDATE recording SET check_result = 'ok'")


def test_a_site_that_nobody_serves_does_not_look_as_if_all_were_well(tmp_path: Path) -> None:
    data = tmp_path / "data"
    forms.initialise(data)
    idle = run(data, "status")
    assert (idle.exit_code, say("cli.not-served") in idle.stdout) == (1, True)
    assert say("site-need.nothing") not in idle.stdout
    with lock_service(data):
        served = run(data, "status")
        told = json.loads(run(data, "status", "--json").stdout)
    assert (served.exit_code, say("site-need.nothing") in served.stdout) == (0, True)
    assert (told["needs"], told["served"]) == ([], True)


def test_where_services_share_a_folder_nobody_claims_to_know_who_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    forms.initialise(data)
    with (data / "site.toml").open("a") as file:
        file.write('broker = "redis://127.0.0.1:1/0"\n')
    assert is_served(data) is None


def test_a_service_starts_while_somebody_looks_whether_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms.initialise(tmp_path / "data")
    with (tmp_path / "data" / "service.lock").open("rb") as looking:
        flock(looking, LOCK_SH)
        monkeypatch.setattr(site_lock, "sleep", lambda _: flock(looking, LOCK_UN))
        lock_service(tmp_path / "data").close()


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
    held = json.loads(run(data, "status", "--json").stdout)["backups"]["copied"]
    unsaid = run(data, "backup", "restored")  # no copy that was restored holds this moment
    assert (unsaid.exit_code, "--at" in unsaid.output) == (2, True)
    assert json.loads(run(data, "status", "--json").stdout)["backups"]["restored"] is None
    assert run(data, "backup", "restored", "--at", held).exit_code == 0
    found = json.loads(run(data, "status", "--json").stdout)["backups"]
    assert found == {"copied": held, "restored": held}
    assert found["copied"][:4] in run(data, "status").stdout
    refused = run(data, "backup", "copied", "--at", "2001-01-01T00:00:00")
    assert getattr(refused.exception, "code", None) == "backup-time-wrong"
    assert json.loads(run(data, "status", "--json").stdout)["backups"] == found
