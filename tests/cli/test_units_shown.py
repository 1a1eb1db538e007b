"""Units on the command line: people read full names, programs ids; a short name does where it is alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import Invalid
from tests import forms
from tests.listed_site import rows, run

EAST = "大柘镇/东片执法队"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two agencies, three units, and an officer 1001 in 东片执法队."""
    data = tmp_path_factory.mktemp("site") / "data"
    forms.initialise(data)
    for agency in ("大柘镇", "平远县"):
        rows(data, "units", "add", agency)
        rows(data, "units", "add", "办公室", "--below", agency)
    rows(data, "units", "add", "东片执法队", "--below", "大柘镇")
    assert run(data, "people", "add", "1001", "--unit", "东片执法队", "--name", "某人").exit_code == 0
    return data


def test_a_short_name_does_where_no_other_unit_bears_it(site: Path) -> None:
    (officer,) = (one for one in rows(site, "people", "list") if one["number"] == "1001")
    (east,) = (one["id"] for one in rows(site, "units", "list") if one["full_name"] == EAST)
    assert officer["unit"] == east
    before = rows(site, "units", "list")
    refused = run(site, "units", "rename", "办公室", "综合办").exception
    assert isinstance(refused, Invalid)
    assert refused.fields["known"] == "大柘镇/办公室; 平远县/办公室"
    assert rows(site, "units", "list") == before


def test_people_read_full_names_and_programs_ids(site: Path) -> None:
    (id_,) = (one["id"] for one in rows(site, "units", "list") if one["full_name"] == EAST)
    given = ("grants", "add", "1001", "unit-head", "--unit", "东片执法队", "--reason", "任命")
    assert rows(site, *given)["unit"] == id_
    case = rows(site, "cases", "open", "柘1", "--unit", EAST)["id"]
    times = ("2026-01-01T08:00:00", "2026-01-01T09:00:00")
    step = ("--from", times[0], "--to", times[1], "--officer", "1001", "--kind", "evidence-taking")
    rows(site, "matrix", "enter", case, *step)
    told = ("--received", "2026-01-02", "--channel", "来电", "--matter", "态度", "--place", "某街")
    rows(site, "complaints", "take", "投1", *told, "--since", times[0], "--until", times[1], "--unit", EAST)
    about = (("grants", "list"), ("matrix", "unit"), ("complaints", "list"), ("case-files", "units"))
    for words in (*about, ("gaps", "--unit", EAST)):
        shown = run(site, *words).stdout
        assert EAST in shown, words
        assert id_ not in shown, words
    assert id_ in run(site, "grants", "list", "--json").stdout
