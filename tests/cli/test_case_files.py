"""`evidence case-files` on a real site: the same answers as over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.cli.words import fact_lines
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.errors import Conflict
from evidence.locale import say
from tests import listed_site
from tests.listed_site import rows, run


@pytest.mark.article("longquan:8")
def test_a_case_file_goes_its_way_on_the_command_line(tmp_path: Path) -> None:
    site = listed_site.make(tmp_path / "data")
    application = build(site)
    now, home = application.site.clock.now(), new_id()
    with application.site.database.writing() as work:
        work.units.add(Unit(home, "大队", unit_path(None, home)), now)
        for number in ("1001", "1002"):
            work.people.add(Person(new_id(), number, "某人", PersonType.OFFICER, home), now)
    application.site.database.close()
    assert rows(site, "case-files", "list") == []
    case = run(site, "cases", "open", "杭1", "--unit", home).stdout.strip()
    ((recording),) = rows(site, "recordings")
    run(site, "cases", "link", case, recording["id"])
    application = build(site)
    with application.site.database.writing() as work:
        work.recordings.note_end(recording["id"], now)
    application.site.database.close()
    ended = run(site, "case-files", "end", case, "2026-01-01")
    assert ended.exit_code == 0, "an earlier day stays allowed"
    assert f"! 资料 {recording['id']} 录制于 " in ended.stdout
    shown = run(site, "case-files", "list", "--red").stdout
    assert "‼" in shown
    assert "逾期未归档" in shown
    assert "第八条" in shown
    document = run(site, "case-files", "add-document", case, "决定书", "--dated", "2026-01-01").stdout.strip()
    assert "决定书" in run(site, "case-files", "show", case).stdout
    assert run(site, "case-files", "take-out", case, document, "--reason", "误列").exit_code == 0
    words = ("archive", case, "档1", "--handed-by", "1001", "--received-by", "1002")
    refused = run(site, "case-files", *words)
    assert refused.exit_code != 0
    assert "case-file-open" in repr(refused)
    assert isinstance(refused.exception, Conflict)
    told = [line for field, said in refused.exception.fields.items() for line in fact_lines(field, said)]
    assert len(told) == 5
    assert all(re.match(r"  [一-鿿]", line) for line in told), "each count is said in words"
    assert "--reason" in say("error.case-file-open")
    words += ("--reason", "标注后补")
    done = rows(site, "case-files", *words)
    assert (done["state"], done["archived"]["number"]) == ("archived-late", "档1")
    assert rows(site, "case-files", "units")[0]["archived-late"] == 1
    assert "大队" in run(site, "case-files", "units").stdout
    index = run(site, "case-files", "show", case).stdout
    assert recording["sha256"] in index
    assert "标注后补" in index
    then = index.splitlines().index(next(line for line in index.splitlines() if "归档理由" in line)) - 1
    assert index.splitlines()[then].startswith("归档时未了事项："), "not what is open today"
    closed = run(site, "cases", "close", case)
    assert "! 未了事项：" in closed.stdout
