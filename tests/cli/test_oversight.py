"""`evidence grants` and `evidence views` on a real site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.locale import CHINESE, ENGLISH, text
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a recording, a unit, an officer 1001 and an auxiliary 2001."""
    site = listed_site.make(tmp_path_factory.mktemp("site") / "data")
    application = build(site)
    unit_id, now = new_id(), application.site.clock.now()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(unit_id, "大队", unit_path(None, unit_id)), now)
        for number, type_ in (("1001", PersonType.OFFICER), ("2001", PersonType.AUXILIARY)):
            unit.people.add(Person(new_id(), number, "某人", type_, unit_id), now)
    application.site.database.close()
    return site


def unit_of(site: Path) -> str:
    application = build(site)
    with application.site.database.reading() as unit:
        found = next(one for one in unit.units.all() if one.name == "大队")
    return found.id


def held(site: Path) -> list[dict[str, Any]]:
    """Return the grants but the one that a site begins with."""
    return [one for one in rows(site, "grants", "list") if one["role"] != "security-administrator"]


def test_a_role_is_given_listed_and_revoked(site: Path) -> None:
    words = ("grants", "add", "1001", "unit-head", "--unit", unit_of(site), "--reason", "任命")
    given = rows(site, *words, "--until", "2999-01-01")
    (listed,) = held(site)
    assert (listed["id"], listed["number"], listed["granted_by"]) == (given["id"], "1001", "operator")
    assert listed["until"] == "2998-12-31T16:00:00.000000Z", "midnight in Beijing"
    shown = run(site, "grants", "list")
    assert "科室负责人" in shown.stdout
    assert "unit head" in shown.stdout
    assert run(site, "grants", "revoke", given["id"], "--reason", "调离").exit_code == 0
    assert held(site) == []


def test_a_role_that_is_given_is_named_in_both_languages(site: Path) -> None:
    shown = run(site, "grants", "add", "1001", "保管人员", "--unit", "大队", "--reason", "任命").stdout
    chinese, _, english = shown.splitlines()[0].partition(" / ")
    assert (text(CHINESE, "role.custodian") in chinese, "custodian" in chinese) == (True, False)
    assert text(ENGLISH, "role.custodian") in english
    (given,) = held(site)
    assert run(site, "grants", "revoke", given["id"], "--reason", "调离").exit_code == 0


def test_a_unit_is_named_by_its_full_name_too(site: Path) -> None:
    given = rows(site, "grants", "add", "1001", "auditor", "--unit", "大队", "--reason", "任命")
    (listed,) = held(site)
    assert listed["unit"] == unit_of(site)
    assert run(site, "grants", "revoke", given["id"], "--reason", "调离").exit_code == 0


@pytest.mark.article("dazhe-2020-aux:10(2)")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("9999", "auditor", "--reason", "x"), "person-not-found"),
        (("2001", "custodian", "--reason", "x"), "barred-by-law"),
        (("1001", "auditor", "--reason", " "), "reason-needed"),
        (("1001", "auditor", "--reason", "x", "--until", "2020-01-01"), "end-not-ahead"),
        (("1001", "auditor", "--reason", "x", "--unit", "nowhere"), "unit-not-found"),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(site: Path, words: tuple[str, ...], code: str) -> None:
    refused = run(site, "grants", "add", *words)
    assert refused.exit_code != 0
    assert getattr(refused.exception, "code", "") == code
    assert held(site) == []


def test_views_tell_who_looked_the_command_line_too(site: Path) -> None:
    (recording,) = rows(site, "recordings")
    assert rows(site, "views", recording["id"]) == []
    (view,) = rows(site, "views", recording["id"])
    assert (view["act"], view["by"]["id"]) == ("views.read", "operator")
    assert "operator" in run(site, "views", recording["id"], "--most", "1").stdout
    assert getattr(run(site, "views", "f" * 32).exception, "code", "") == "recording-not-found"
