"""Enforcement documents over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.adapters.sheets import SheetFiles
from evidence.domain.rights import Role
from evidence.service.cases.act_documents import ActDocuments
from evidence.service.oversight.classes import Classes
from evidence.service.people.organisation import Organisation, organisation_of
from evidence.service.people.roster import PublicTerms
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.step_room import NUMBER, StepRoom
from tests.web.test_oversight import SignIn, Web

DOCUMENT = {
    "number": "检1",
    "type": "inspection-record",
    "from": "2026-02-28T09:00:00Z",
    "to": "2026-02-28T10:00:00Z",
    "signers": ["012345"],
}


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    act_documents: ActDocuments
    organisation: Organisation
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> StepRoom:
    return StepRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: StepRoom) -> Web:
    organisation = organisation_of(room.site, SheetFiles(), PublicTerms())
    application = Application(room.site, ActDocuments(room.site), organisation, SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:8")
def test_a_document_goes_its_way_over_http(room: StepRoom, web: Web) -> None:
    who, path = room.custodian.id, f"cases/{room.case}/act-documents"
    recording = room.shoot(6, 54, shift_s=-30.0)
    status, new = web.ask(who, "POST", path, DOCUMENT)
    assert (status, new["number"], new["from"]) == (201, "检1", "2026-02-28T09:00:00.000000Z")
    assert web.ask(who, "POST", path, DOCUMENT)[1]["code"] == "document-number-taken"
    (found,) = web.get(room.head.id, f"act-documents/mismatches?unit={room.unit.id}")
    assert (found["case_number"], found["signers"]) == (NUMBER, ["012345"])
    assert found["media"] == {
        "from": "2026-02-28T09:06:00.000000Z",
        "to": "2026-02-28T10:00:00.000000Z",
        "start_off_s": 360.0,
        "end_off_s": 0.0,
        "covered_s": 3240.0,
        "covered_percent": 90,
        "owed_s": 3600.0,
        "recordings": [recording, recording],
        "drift_s": [-30.0, -30.0],
    }
    (line,) = found["mismatches"]
    assert (line["kind"], line["open"], line["cites"]) == ("times", True, ["dazhe-2020:8"])
    reason = {"kind": "times", "reason": "先亮证后开机"}
    assert web.ask(who, "POST", f"{path}/{new['id']}/reasons", reason)[0] == 204
    assert web.ask(who, "POST", f"{path}/{new['id']}/reasons", reason)[1]["code"] == "nothing-to-explain"
    assert web.get(who, "act-documents/mismatches") == []
    Classes(room.site).classify(room.head, recording, "minors", "未成年人")
    (found,) = web.get(who, path)
    assert found["media"]["recordings"] == [None, None]
    assert (found["mismatches"][0]["reason"], found["mismatches"][0]["by"]) == ("先亮证后开机", who)
    assert web.ask(who, "POST", f"{path}/{new['id']}/removal", {"reason": "误登"})[0] == 204


def test_strangers_and_wrong_words_are_refused(room: StepRoom, web: Web) -> None:
    other, path = room.add(Role.CUSTODIAN, where=room.beside), f"cases/{room.case}/act-documents"
    assert web.ask(other, "GET", path)[0] == 404
    assert web.ask(other, "POST", path, DOCUMENT)[0] == 404
    assert web.ask(room.officer.id, "GET", "act-documents/mismatches")[0] == 403
    who = room.head.id
    assert web.ask(who, "POST", path, {**DOCUMENT, "type": "letter"})[0] == 400
    assert web.ask(who, "POST", path, {**DOCUMENT, "signers": []})[0] == 422
    assert web.ask(who, "POST", path, {**DOCUMENT, "to": DOCUMENT["from"]})[1]["code"] == "ends-before-start"
    assert web.ask(who, "POST", f"{path}/x/reasons", {"kind": "mood", "reason": "x"})[0] == 422
    assert web.ask(who, "POST", f"{path}/x/reasons", {"kind": "times", "reason": "x"})[0] == 404
