"""`evidence documents` on a real site: the same answers as over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.service.catalogue import Scope
from tests import listed_site
from tests.listed_site import rows, run


@pytest.mark.article("dazhe-2020:8")
def test_a_document_is_registered_compared_and_explained_on_the_command_line(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now, home = application.site.clock.now(), new_id()
    with application.site.database.writing() as work:
        work.units.add(Unit(home, "大队", unit_path(None, home), None), now)
        work.people.add(Person(new_id(), "1001", "某人", PersonType.OFFICER, home), now)
    application.site.database.close()
    assert "没有" in run(site, "documents", "mismatches").stdout
    case = run(site, "cases", "open", "杭1", "--unit", home).stdout.strip()
    times = ("--from", "2026-01-05 09:00:00", "--to", "2026-01-05 10:00:00", "--signer", "1001")
    words = ("documents", "register", case, "检1", "--type", "inspection-record", *times)
    document = run(site, *words).stdout.strip()
    shown = run(site, "documents", "mismatches", home).stdout
    assert "‼ 期间没有记录" in shown
    assert "第八条" in shown
    assert "签名人没有在场记录" in shown
    (found,) = rows(site, "documents", "mismatches")
    assert (found["id"], found["signers"], found["media"]) == (document, ["1001"], None)
    assert (
        run(site, "documents", "explain", case, document, "no-footage", "--reason", "设备故障").exit_code == 0
    )
    signed = ("signer", "--signer", "1001", "--reason", "在场指挥")
    assert run(site, "documents", "explain", case, "检1", *signed).exit_code == 0
    assert rows(site, "documents", "mismatches") == []
    assert "在场指挥" in run(site, "documents", "list", case).stdout
    _time(site)
    listed = run(site, "documents", "list", case).stdout
    assert "资料起止 / footage: 2026-01-05 09:00:00+08:00" in listed
    table = tmp_path / "文书.csv"
    cells = "杭1,检2,现场检查笔录,2026-01-06 09:00,2026-01-06 10:00,1001"
    table.write_text(f"案号,文号,文书种类,开始时间,结束时间,签名人编号\n{cells}\n", "utf-8")
    assert "1" in run(site, "documents", "import", str(table)).stdout
    assert len(rows(site, "documents", "list", case)) == 1, "a dry run"
    assert rows(site, "documents", "import", str(table), "--apply")["applied"]
    again = run(site, "documents", "import", str(table), "--apply")
    assert again.exit_code == 1
    rest = "现场检查笔录,2026-01-06 09:00,2026-01-06 10:00,9999"
    wrong = f"没有,,{rest}\n没有,检3,{rest}"
    table.write_text(f"案号,文号,文书种类,开始时间,结束时间,签名人编号\n{wrong}\n", "utf-8")
    told = json.loads(run(site, "documents", "import", str(table), "--json").stdout)["faults"]
    assert [(one["row"], one["column"]) for one in told] == [
        (2, "document_number"),
        (3, "case_number"),
        (3, "signers"),
    ], "all that is wrong with a row is told at once, as far as it can be read"
    assert run(site, "documents", "strike", case, document, "--reason", "误登").exit_code == 0
    assert [one["number"] for one in rows(site, "documents", "list", case)] == ["检2"]


def _time(site: Path) -> None:
    """Say when the recording that bears the number of the case was made, as a judgement would."""
    (recording,) = rows(site, "recordings")
    facts = {"start": "2026-01-05T01:00:00.000000Z", "end": "2026-01-05T02:00:00.000000Z", "certain": True}
    application = build(site)
    now = application.site.clock.now()
    with application.site.database.writing() as work:
        scope, pack = Scope("recording", recording["id"], "DSJ1"), application.site.policies.latest
        work.examinations.record(scope, "sequence", pack, json.dumps(facts), [], now)
    application.site.database.close()
