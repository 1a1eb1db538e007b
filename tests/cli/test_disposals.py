"""`evidence retention` and `evidence disposals`: the operator asks, and never decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.bootstrap import build
from evidence.cli.site import OPERATOR
from evidence.domain.access import Caller, Grant
from evidence.domain.people import PersonType
from evidence.domain.rights import Kind, Role
from tests import forms, inside, listed_site
from tests.listed_site import rows, run

HEAD = Caller("d" * 32, Kind.PERSON, "d", grants=(Grant(Role.UNIT_HEAD),), person_type=PersonType.OFFICER)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one recording that has its labels."""
    data = listed_site.make(tmp_path_factory.mktemp("site") / "data")
    application = build(data)
    (recording,) = application.recordings.list(OPERATOR)
    application.labelling.give(OPERATOR, [recording.recording.id], {"inspected-party": "某店"})
    application.site.database.close()
    return data


def test_keeping_and_destroying_on_the_command_line(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ((recording),) = rows(site, "recordings")
    id_ = recording["id"]
    told = rows(site, "retention", "why", id_)
    by = "lock" if forms.GROWN else "floor"  # a bucket locks to the end of the second: that is the later date
    assert (told["decides"]["keeps"], told["decides"]["cites"]) == (by, ["dazhe-2020:11"])
    assert "《大柘镇人民政府行政执法音像记录管理制度》第十一条" in run(site, "retention", "why", id_).stdout
    assert rows(site, "retention", "dry-run", "longquan") == []
    assert "没有资料" in run(site, "retention", "apply").stdout
    assert "没有资料" in run(site, "retention", "dry-run", "longquan").stdout, "nothing is no empty screen"
    monkeypatch.setenv("EVIDENCE_POLICY", "longquan")
    adopted = "参照采用《大柘镇人民政府行政执法音像记录管理制度》第十一条 / adopted from dazhe-2020:11"
    assert adopted in run(site, "retention", "why", id_).stdout
    monkeypatch.delenv("EVIDENCE_POLICY")
    assert rows(site, "disposals", "due") == []
    assert run(site, "disposals", "ask", id_, "--reason", "期满").exit_code == 1

    old = "UPDATE recording SET sealed_at = '2001-01-01T00:00:00.000000Z'"
    inside.change(site, f"{old}, retain_until = '2002-01-01T00:00:00.000000Z'")
    assert [one["recording"]["id"] for one in rows(site, "disposals", "due")] == [id_]
    assert id_ in run(site, "disposals", "due").stdout
    (asked,) = rows(site, "disposals", "ask", id_, "--reason", "期满")
    assert asked["id"] in run(site, "disposals", "list").stdout
    application = build(site)
    application.disposals.decide(HEAD, [asked["id"]], is_approved=False, reason="另有用途")
    application.site.database.close()
    (ended,) = rows(site, "disposals", "list", "--ended")
    assert (ended["state"], ended["asked_by"]) == ("refused", "operator")
    assert run(site, "disposals", "certificate", id_).exit_code == 1
