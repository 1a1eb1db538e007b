"""`evidence complaints` and `evidence faults` on a real site: the same answers as over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Role
from evidence.errors import Refused
from evidence.service.people.people_ports import StoredGrant
from tests import listed_site
from tests.listed_site import rows, run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now, home = application.site.clock.now(), new_id()
    with application.site.database.writing() as unit:
        unit.units.add(Unit(home, "大队", unit_path(None, home)), now)
        for number in ("1001", "1002"):
            one = Person(new_id(), number, "某人", PersonType.OFFICER, home)
            unit.people.add(one, now)
        unit.grants.add(StoredGrant(new_id(), one.id, Role.CUSTODIAN, home, "post", "operator", now))
    application.site.database.close()
    return site


@pytest.mark.article("dazhe-2020:13", "xinping-2022-aux:20")
def test_a_complaint_goes_its_way_on_the_command_line(site: Path) -> None:
    assert rows(site, "complaints", "list") == []
    words = ("complaints", "take", "2026-1", "1001", "--received", "2026-01-02", "--channel", "phone")
    hour = ("--since", "2026-01-01T10:00:00", "--until", "2026-01-01T11:00:00")
    told = ("--matter", "辱骂当事人", "--place", "人民路12号", "--complainant", "王某某")
    done = rows(site, *words, *hour, *told)
    assert (done["since"], done["due"]) == ("2026-01-01T02:00:00.000000Z", "2026-03-03")
    one = done["complaint"]
    shown = run(site, "complaints", "list", "--red").stdout
    assert "‼" in shown
    assert "逾期未办结" in shown
    assert "第二十条" in shown
    assert isinstance(run(site, "complaints", "assign", one, "1001").exception, Refused)
    assert "承办人 / Handler: —" in shown
    (given,) = rows(site, "complaints", "assign", one, "1002")
    assert given["who"][given["handler"]] == {"number": "1002", "name": "某人"}
    shown = run(site, "complaints", "show", one).stdout
    for said in ("王某某", "1001 某人", "Handler: 1002 某人", "2026-01-01 10:00:00+08:00"):
        assert said in shown
    assert not {given["handler"], *given["people"]} & {*shown.split()}
    assert run(site, "complaints", "close", one, "founded", "--reason", "属实").exit_code == 2
    assert rows(site, "complaints", "list")[0]["state"] == "overdue", "its handler closes it, signed in"


def test_a_time_that_names_its_own_zone_is_taken_at_its_word(site: Path) -> None:
    words = ("complaints", "take", "2026-2", "1001", "--received", "2026-01-02", "--channel", "phone")
    told = ("--matter", "辱骂当事人", "--place", "人民路12号")
    done = rows(
        site, *words, *told, "--since", "2026-01-01T10:00:00Z", "--until", "2026-01-01T21:00:00+08:00"
    )
    assert (done["since"], done["until"]) == ("2026-01-01T10:00:00.000000Z", "2026-01-01T13:00:00.000000Z")


@pytest.mark.article("dazhe-2020:16")
def test_a_fault_file_is_opened_and_its_log_extract_written_on_the_command_line(
    site: Path, tmp_path: Path
) -> None:
    (recording,) = rows(site, "recordings")
    words = ("faults", "open", "loss", "--reason", "遗失存储卡", "--recording", recording["id"])
    (file,) = rows(site, *words, "--subject", "1001")
    assert (file["open"], file["links"]["recording"]) == (True, [recording["id"]])
    (more,) = rows(site, "faults", "add", file["id"], "--commander", "1002")
    assert [one["part"] for one in more["people"]].count("commander") == 1
    decided = run(site, "faults", "decide", file["id"], "1001", "no-fault", "--reason", "x")
    assert isinstance(decided.exception, Refused), "who opened it does not decide"
    assert "遗失存储卡" in run(site, "faults", "show", file["id"]).stdout
    assert "待决定" in run(site, "faults", "list", "--waiting").stdout
    written = rows(site, "faults", "prove", file["id"], "--to", str(tmp_path / "extract"))
    assert len(written) == len(list((tmp_path / "extract").glob("*.tlog-proof"))) > 2
    assert (tmp_path / "extract" / "keys").read_text()
