"""`evidence explanations` and `evidence exemptions` on a real site: the same answers as over HTTP."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evidence.adapters.log_signer import NOTE_CHECKS
from evidence.bootstrap import build
from evidence.cli import main
from evidence.domain.explanations import Explanation
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.standing import Placement
from evidence.domain.wording import printable
from evidence.errors import Conflict, Invalid, Refused
from evidence.ledger.tlog_proofs import TlogProof
from evidence.locale import say
from evidence.service.gaps.gap_words import find_gap
from tests import listed_site
from tests.listed_site import rows, run, trust_in
from tests.people_room import OPERATOR


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a recording, late, and a missing file; and an officer 1001."""
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now = application.site.clock.now()
    with application.site.database.writing() as unit:
        home = Unit(new_id(), "大队", "", None)
        unit.units.add(Unit(home.id, home.name, unit_path(None, home.id)), now)
        unit.people.add(Person(new_id(), "1001", "某人", PersonType.OFFICER, home.id), now)
    application.site.database.close()
    return site


def test_a_late_file_is_explained_and_somebody_else_decides(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = rows(site, "gaps")["late"]
    name = line["gap"]
    assert line["gap_state"] == "open"
    shown = run(site, "gaps").stdout
    assert name in shown
    assert "待说明" in shown
    words = ("explanations", "explain", name, "--text", "山区无网络")
    (done,) = rows(site, *words)
    assert (done["author"], done["text"], done["cause"]) == ("operator", "山区无网络", None)
    assert isinstance(run(site, *words).exception, Conflict)
    assert rows(site, "gaps", "--state", "explained")["late"][0]["gap"] == name
    assert rows(site, "gaps", "--state", "open")["late"] == []
    refused = run(site, "explanations", "review", done["id"], "accepted").exception
    assert isinstance(refused, Refused)
    assert refused.code == "own-request"
    words = ["explanations", "review", done["id"], "accepted", "--data", str(site)]
    monkeypatch.setattr("sys.argv", ["evidence", *words])
    with pytest.raises(SystemExit):
        main()
    assert "/review" in capsys.readouterr().err, "where somebody else decides"
    shown = run(site, "explanations", "show", name).stdout
    assert "山区无网络" in shown
    assert re.search(r"说明人 / explained by: operator  \d{4}-\d\d-\d\d ", shown)
    assert "决定人" not in shown
    assert [one["id"] for one in rows(site, "explanations", "show", name)["explanations"]] == [done["id"]]


def test_what_somebody_else_said_is_decided_and_a_fault_is_listed(site: Path) -> None:
    (line,) = rows(site, "gaps")["late"]
    application = build(site)
    found = find_gap(application.site, OPERATOR, line["gap"])
    theirs = Explanation(
        new_id(), line["gap"], None, None, "忘记", None, "a" * 32, application.site.clock.now()
    )
    with application.site.database.writing() as unit:
        unit.explanations.add(found.gap, theirs)
    application.site.database.close()
    words = ("explanations", "review", theirs.id, "fault", "--reason", "查实")
    assert isinstance(run(site, *words).exception, Invalid)
    assert rows(site, "faults", "list") == []
    (done,) = rows(site, *words, "--fault", "not-recorded")
    assert (done["outcome"], done["decided_by"]) == ("fault", "operator")
    shown = run(site, "explanations", "show", line["gap"]).stdout
    assert re.search(r"决定人 / decided by: operator  \d{4}-\d\d-\d\d .*\n +查实", shown)
    assert "建立过错档案" in shown
    assert "认定为" not in shown, "nobody has decided about the fault file"
    (fault,) = rows(site, "faults", "list")
    assert (fault["kind"], fault["gap"]) == ("not-recorded", line["gap"])
    assert "查实" in run(site, "faults", "list").stdout


def test_a_fault_file_is_opened_added_to_and_its_log_extract_holds(site: Path, tmp_path: Path) -> None:
    (line,) = rows(site, "gaps")["late"]
    words = ("faults", "open", "not-recorded", "--reason", "查实", "--gap", line["gap"], "--subject", "1001")
    (file,) = rows(site, *words)
    (more,) = rows(site, "faults", "add", file["id"], "--recording", line["recording"])
    assert more["id"] == file["id"]
    assert file["id"] in run(site, "faults", "show", file["id"]).stdout
    refused = run(site, "faults", "decide", file["id"], "1001", "fault", "--reason", "查实").exception
    assert isinstance(refused, Refused)
    to = tmp_path / "extract"
    written = rows(site, "faults", "prove", file["id"], "--to", str(to))
    trust = trust_in((to / "keys").read_text())
    for one in written:
        entry = (to / one["file"]).with_suffix(".json").read_bytes()
        TlogProof.parse((to / one["file"]).read_bytes()).verify(entry, trust, NOTE_CHECKS)
    acts = [json.loads((to / one["file"]).with_suffix(".json").read_bytes())["act"] for one in written]
    assert {"evidence.seal", "fault.open", "fault.add"} <= {*acts}
    again = run(site, "faults", "prove", file["id"], "--to", str(to)).exception
    assert isinstance(again, Invalid)
    assert again.code == "folder-exists"


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_is_stated_in_the_laws_time_zone_and_listed(site: Path) -> None:
    assert rows(site, "exemptions", "list") == []
    words = ["exemptions", "state", "1001", "urgency", "--basis", "第六条", "--device-state", "未开机"]
    times = ["--since", "2026-03-01T10:00:00", "--until", "2026-03-01T11:00:00"]
    (done,) = rows(site, *words, *times)
    assert (done["since"], done["agrees"]) == ("2026-03-01T02:00:00.000000Z", None)
    wrong = run(site, *words[:3], "weather", *words[4:], *times).exception
    assert isinstance(wrong, Invalid)
    backwards = run(site, *words, "--since", "2026-03-01T10:00:00", "--until", "2026-03-01T09:00:00")
    assert isinstance(backwards.exception, Invalid)
    assert (done["state"], done["who"][done["person"]]) == ("pending", {"number": "1001", "name": "某人"})
    shown = run(site, "exemptions", "list").stdout
    for said in ("情况紧急", "待签收", "1001 某人", "未开机", "2026-03-01 10:00:00+08:00"):
        assert said in shown
    twice = run(site, *words, *times).exception
    assert isinstance(twice, Conflict)
    assert twice.fields["exemption"] == done["id"]
    received = ("exemptions", "receive", done["id"], "--agree", "--view", "属实")
    assert isinstance(run(site, *received).exception, Refused), "who stated it does not receive it"


@pytest.mark.article("dazhe-2020:6")
def test_footage_of_the_stated_time_is_listed_beneath_the_statement(site: Path) -> None:
    (first, *_) = rows(site, "recordings")
    application = build(site)
    with application.site.database.writing() as unit:
        wearer = unit.people.by_number("1001")
        assert wearer is not None
        unit.standings.place([Placement(first["id"], wearer.unit_id, wearer.id, None)])
    application.site.database.close()
    ended = datetime.fromisoformat(first["ended"]).astimezone(ZoneInfo("Asia/Shanghai"))
    since, until = ((ended + timedelta(minutes=one)).strftime("%Y-%m-%dT%H:%M:%S") for one in (-60, 1))
    words = ["exemptions", "state", "1001", "urgency", "--basis", "第六条", "--device-state", "未开机"]
    (done,) = rows(site, *words, "--since", since, "--until", until)
    assert first["id"] in [one["recording"] for one in done["against"]]
    shown = run(site, "exemptions", "list").stdout
    assert say("exemptions.against") in shown
    assert first["id"] in shown


@pytest.mark.article("dazhe-2020:6")
def test_a_statement_of_ones_own_is_withdrawn_and_stays_listed(site: Path) -> None:
    words = ["exemptions", "state", "1001", "urgency", "--basis", "第六条", "--device-state", "未开机"]
    times = ["--since", "2026-03-01T10:00:00", "--until", "2026-03-01T11:00:00"]
    (done,) = rows(site, *words, *times)
    shown = run(site, "exemptions", "withdraw", done["id"], "--reason", "日期写错").stdout
    assert "已撤回" in shown
    assert "日期写错" in run(site, "exemptions", "list").stdout
    (listed,) = rows(site, "exemptions", "list")
    assert (listed["id"], listed["state"], listed["reason"]) == (done["id"], "withdrawn", "日期写错")
    again = run(site, "exemptions", "withdraw", done["id"], "--reason", "x").exception
    assert isinstance(again, Conflict)


@pytest.mark.article("dazhe-2020:16")
def test_a_fault_file_rests_on_something_and_shows_people_by_number_and_name(site: Path) -> None:
    words = ("faults", "open", "leak", "--reason", "查实", "--subject", "1001")
    refused = run(site, *words).exception
    assert isinstance(refused, Invalid)
    assert (refused.code, rows(site, "faults", "list")) == ("rests-on-nothing", [])
    (file,) = rows(site, *words, "--basis", "监察组2026年12号函")
    assert file["basis"] == "监察组2026年12号函"
    shown = run(site, "faults", "list").stdout
    for said in ("1001 某人", "监察组2026年12号函", "+08:00"):
        assert said in shown
    person = file["people"][0]["person"]
    assert person not in shown
    assert file["who"][person]["number"] == "1001"


def test_what_a_fault_file_rests_on_is_named_beside_its_id(site: Path) -> None:
    (recording, *_) = rows(site, "recordings")
    words = ("faults", "open", "leak", "--reason", "查实", "--subject", "1001")
    (file,) = rows(site, *words, "--recording", recording["id"])
    assert file["named"] == {recording["id"]: {"device": "DSJ1", "name": recording["name"]}}
    shown = run(site, "faults", "show", file["id"]).stdout
    assert f"DSJ1 {printable(recording['name'])}  {recording['id']}" in shown
    kept = rows(site, "retention", "why", recording["id"])
    assert kept["named"][file["id"]] == {"kind": "leak"}
    assert say("fault-kind.leak") in run(site, "retention", "why", recording["id"]).stdout
