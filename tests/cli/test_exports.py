"""`evidence exports` on a real site: the same answers as over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import Unit, unit_path
from evidence.domain.rights import Kind
from evidence.errors import Refused
from tests import listed_site
from tests.listed_site import rows, run
from tests.people_room import OPERATOR

HEAD = Caller("2" * 32, Kind.OPERATOR)  # a second person
SAID = ("--recipient", "某区人民法院", "--purpose", "行政诉讼举证", "--basis", "（2026）某行初1号")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    home = new_id()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(home, "大队", unit_path(None, home)), application.site.clock.now())
    case = application.cases.open(OPERATOR, "（2026）1号", home)
    for stored in application.recordings.list(OPERATOR):
        application.cases.link(OPERATOR, case.id, stored.recording.id)
    application.site.database.close()
    return site


@pytest.mark.article("dazhe-2020:14")
def test_a_transfer_is_asked_for_on_the_command_line_and_decided_by_somebody_else(site: Path) -> None:
    assert rows(site, "exports", "list") == []
    recording = rows(site, "recordings")[0]["id"]
    (case,) = rows(site, "cases", "list")
    words = ("exports", "ask", "transfer", recording, *SAID, "--case", case["id"])
    (asked,) = rows(site, *words)
    assert (asked["state"], asked["recipient"]) == ("asked", "某区人民法院")
    own = run(site, "exports", "decide", asked["id"], "--reason", "同意")
    assert isinstance(own.exception, Refused)
    assert own.exception.code == "own-request"
    build(site).court.exports.decide(HEAD, asked["id"], is_approved=True, reason="同意")
    shown = run(site, "exports", "show", asked["id"]).stdout
    assert "移送检察院、法院" in shown
    assert "第十四条" in shown
    assert recording in shown
    run(site, "exports", "desk", "大队")
    assert run(site, "exports", "desk", "大队", "--end").exit_code == 0
