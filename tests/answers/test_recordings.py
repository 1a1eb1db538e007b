"""Answers: the table of what some callers lack is kept, field by field (drill A10)."""

from __future__ import annotations

import pytest

from evidence.answers.lacked_fields import LACKED
from evidence.answers.recordings import recording_out
from evidence.domain.people import PersonType
from tests.manned_site import PEOPLE, MannedSite

EVERYTHING = {
    *("id", "device", "wearer", "name", "size", "sha256", "sm3", "labels", "modified", "clock_offset_ms"),
    "case_number_due",
    *("ended", "sealed", "retain_until", "policy", "checked", "check_result", "past_faults", "destroyed"),
}
ALWAYS = {"device", "sha256", "sm3"}
OF_OTHERS = {"name", "wearer", "labels", "case_number_due"}
# The reviewed table: a field that somebody else lacks changes this file.
TABLE = {(who, of): set[str]() for who in [*PEOPLE, "operator", "integration"] for of in ("aux", "officer")}
TABLE |= {("aux", "aux"): ALWAYS, ("aux", "officer"): ALWAYS | OF_OTHERS}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> MannedSite:
    """A site with a recording of each."""
    site = MannedSite(tmp_path_factory.mktemp("site"))
    for word in ("aux", "officer"):
        site.ids[f"of-{word}"] = site.seal(word, name="a.mp4" if word == "aux" else "b.mp4")
    return site


@pytest.mark.parametrize(("who", "of"), TABLE, ids="-".join)
def test_what_a_role_lacks_is_absent_and_nothing_else_is(site: MannedSite, who: str, of: str) -> None:
    with site.small.database.reading() as unit:
        stored = unit.recordings.get(site.ids[f"of-{of}"])
    assert stored is not None
    assert EVERYTHING - recording_out(stored, site.caller(who)).keys() == TABLE[who, of]


def test_only_auxiliaries_lack_anything() -> None:
    assert set(LACKED) == {PersonType.AUXILIARY}
