"""`evidence cases`: the operator opens a case, fills it, names a member, and closes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one recording, one unit and one person."""
    data = listed_site.make(tmp_path_factory.mktemp("site") / "data")
    application = build(data)
    now, unit_id = application.site.clock.now(), new_id()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(unit_id, "unit", unit_path(None, unit_id)), now)
        unit.people.add(Person(new_id(), "012346", None, PersonType.OFFICER, unit_id), now)
    application.site.database.close()
    return data


def test_a_case_on_the_command_line(site: Path) -> None:
    application = build(site)
    with application.site.database.reading() as opened:
        person = opened.people.by_number("012346")
        unit = next(one for one in opened.units.all() if person and one.id == person.unit_id)
    application.site.database.close()
    assert person is not None
    ((recording),) = rows(site, "recordings")
    opened_case = run(site, "cases", "open", "杭1", "--unit", unit.id)
    case = opened_case.stdout.strip()
    assert re.fullmatch("[0-9a-f]{32}", case), "alone, for a script"
    assert "evidence matrix show 杭1" in opened_case.stderr, "and what comes next"
    assert run(site, "cases", "link", case, recording["id"]).exit_code == 0
    words = ("cases", "name", case, person.id, "--may", "play", "--may", "list-recordings")
    assert run(site, *words, "--until", "2999-12-31T18:00:00+0800").exit_code == 0
    told = rows(site, "cases", "show", case)
    assert [one["id"] for one in told["recordings"]] == [recording["id"]]
    (member,) = told["members"]
    assert (member["number"], member["actions"]) == ("012346", ["list-recordings", "play"])
    assert member["until"] == "2999-12-31T10:00:00.000000Z"
    shown = run(site, "cases", "show", case).stdout
    assert "012346  list-recordings play" in shown
    assert "\x1b" not in shown, "a name steers no terminal"
    assert run(site, "cases", "dismiss", case, person.id).exit_code == 0
    unlinked = run(site, "cases", "unlink", case, recording["id"], "--reason", "误列")
    assert (unlinked.exit_code, "‼" in unlinked.stdout) == (0, True), "its label still bears the number"
    assert run(site, "labels", "set", recording["id"], "--label", "case-number=杭2").exit_code == 0
    told = rows(site, "cases", "show", case)
    assert (told["recordings"], told["members"]) == ([], [])
    for words in (("cases", "show"), ("matrix", "show"), ("case-files", "show")):
        told = rows(site, *words, " 杭１")
        assert case in (told.get("id"), told.get("case")), "by its number, however it is written"
    assert rows(site, "documents", "list", "杭1") == []
    assert rows(site, "markers", "case", "杭1")["needed"] == []
    assert run(site, "cases", "show", "杭3").exit_code != 0
    assert run(site, "cases", "close", "杭1").exit_code == 0
    (listed,) = rows(site, "cases", "list")
    assert (listed["id"], listed["number"]) == (case, "杭1")
    assert listed["closed"]
    assert case in run(site, "cases", "list").stdout


def test_what_a_case_cannot_give_is_refused(site: Path) -> None:
    assert run(site, "cases", "name", new_id(), new_id(), "--may", "everything").exit_code == 2
    assert run(site, "cases", "close", new_id()).exit_code != 0
