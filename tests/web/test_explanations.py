"""Explanations, decisions, faults and exemptions over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.adapters.books import XlsxBinder
from evidence.adapters.printing import TypstPress
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.locale import CHINESE, ENGLISH, text
from evidence.service.gaps.exemptions import Exemptions
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.reports import Reports
from evidence.service.printing_ports import Makers
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import START, SmallSite
from tests.gap_room import GapRoom, a_room
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    reports: Reports
    explanations: Explanations
    exemptions: Exemptions
    fault_files: FaultFiles
    accounts: SignIn
    makers: Makers


@pytest.fixture
def room(tmp_path: Any) -> GapRoom:
    return a_room(SmallSite(tmp_path))


@pytest.fixture
def web(room: GapRoom) -> Web:
    desks = (Reports(room.site), room.desk, room.exemptions, FaultFiles(room.site), SignIn(room))
    application = Application(room.site, *desks, Makers(TypstPress(), XlsxBinder()))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:9.1", "dazhe-2020:16")
def test_an_interruption_goes_its_way_over_http(room: GapRoom, web: Web) -> None:
    wearer, head = room.wearer.id, room.head.id
    (line,) = web.get(wearer, "gaps")["interruptions"]
    path = f"gaps/{line['gap']}/explanations"
    spoken = {"recording": room.after, "from_s": 1.5, "to_s": 4}
    status, told = web.ask(wearer, "POST", path, {"cause": "forgot", "text": "x"})
    assert (status, told["code"]) == (400, "unknown-cause")
    assert "device-fault" in told["known"]
    for body in (
        {"cause": "battery", "spoken": {**spoken, "from_s": -1}},
        {"cause": "battery", "text": "x", "author": head},
    ):
        assert web.ask(wearer, "POST", path, body)[0] == 422, "nothing slips in"
    assert {
        "code": "battery",
        "zh": text(CHINESE, "cause.battery"),
        "en": text(ENGLISH, "cause.battery"),
    } in told["choices"]
    in_words = {"cause": text(CHINESE, "cause.battery"), "spoken": spoken}
    status, done = web.ask(wearer, "POST", path, in_words)
    assert (status, done["outcome"], done["spoken"]["from_s"]) == (201, None, 1.5)
    assert web.ask(wearer, "POST", path, {"cause": "battery", "text": "x"})[0] == 409
    assert [one["state"] for one in web.get(head, "gaps?state=explained")["by_state"] if one["count"]] == [
        "explained"
    ]
    review = f"explanations/{done['id']}/review"
    assert web.ask(wearer, "POST", review, {"outcome": "accepted"})[0] == 403
    assert web.ask(head, "POST", review, {"outcome": "guilty"})[0] == 422
    assert web.ask(head, "POST", review, {"outcome": "fault", "reason": "x", "fault": "seventh"})[0] == 400
    body = {"outcome": "fault", "reason": "查实", "fault": "not-recorded"}
    status, decided = web.ask(head, "POST", review, body)
    assert (status, decided["outcome"], decided["decided_by"]) == (200, "fault", head)
    assert web.ask(head, "POST", review, body)[0] == 409
    (fault,) = web.get(wearer, "faults")
    assert (fault["kind"], fault["opened_by"], fault["open"]) == ("not-recorded", head, True)
    assert room.first in fault["links"]["recording"]
    history = web.get(wearer, path)
    assert [one["outcome"] for one in history["explanations"]] == ["fault"]
    assert history["code"] == "gap-between-files"


def test_no_difference_between_what_is_hidden_and_what_is_not_there(room: GapRoom, web: Web) -> None:
    (line,) = web.get(room.wearer.id, "gaps")["interruptions"]
    said = {"cause": "battery", "text": "x"}
    _, done = web.ask(room.wearer.id, "POST", f"gaps/{line['gap']}/explanations", said)
    stranger = room.add(Role.UNIT_HEAD, where=room.beside)
    asked = (
        ("GET", "gaps/{}/explanations", line["gap"], "f" * 64, None),
        ("POST", "gaps/{}/explanations", line["gap"], "f" * 64, said),
        ("POST", "explanations/{}/review", done["id"], "f" * 32, {"outcome": "accepted"}),
    )
    for method, path, hidden, absent, body in asked:
        one, other = (web.ask(stranger, method, path.format(id_), body) for id_ in (hidden, absent))
        assert one[0] == 404, path
        assert {**one[1], "gap": ""} == {**other[1], "gap": ""}, path


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_over_http(room: GapRoom, web: Web) -> None:
    wearer, head = room.wearer.id, room.head.id
    body = {
        "wearer": room.wearer.name,
        "ground": "urgency",
        "basis": "第六条第（三）项",
        "since": (START - timedelta(hours=2)).isoformat(),
        "until": (START - timedelta(hours=1)).isoformat(),
        "device_state": "未开机",
    }
    status, told = web.ask(wearer, "POST", "exemptions", {**body, "ground": "weather"})
    assert (status, told["code"]) == (400, "unknown-ground")
    status, told = web.ask(wearer, "POST", "exemptions", {**body, "since": START.isoformat()})
    assert (status, told["code"]) == (400, "ends-before-start")
    assert web.ask(wearer, "POST", "exemptions", {**body, "until": "2026-03-02T08:00:00"})[0] == 422
    assert web.ask(wearer, "POST", "exemptions", {**body, "since": "0001-01-01T00:00:00+14:00"})[0] == 422
    status, done = web.ask(wearer, "POST", "exemptions", body)
    assert (status, done["agrees"], done["state"], done["who"]) == (201, None, "pending", {})
    status, told = web.ask(head, "POST", "exemptions", body)
    assert (status, told["code"], told["exemption"]) == (409, "exemption-stated", done["id"])
    (notice,) = Exemptions(room.site).stated(room.head)
    assert notice.id == done["id"]
    path = f"exemptions/{done['id']}/receipt"
    assert web.ask(wearer, "POST", path, {"agrees": True, "view": "x"})[0] == 403
    status, told = web.ask(head, "POST", path, {"agrees": True, "view": "属实"})
    assert (status, told["code"], told["recordings"]) == (409, "exemption-contradicted", 2)
    assert {one["recording"] for one in web.get(head, "exemptions")[0]["against"]} == {room.first, room.after}
    status, received = web.ask(head, "POST", path, {"agrees": True, "view": "属实", "despite": True})
    assert (status, received["agrees"], received["received_by"]) == (200, True, head)
    assert [one["id"] for one in web.get(wearer, "exemptions")] == [done["id"]]
    who = web.get(head, "exemptions")[0]["who"]
    assert who[wearer]["number"] == room.wearer.name, "whoever reads of people is told numbers and names"
    path = f"exemptions/{done['id']}/withdrawal"
    assert web.ask(head, "POST", path, {"reason": "x"})[1]["code"] == "not-the-author"
    assert web.ask(wearer, "POST", path, {"reason": "x"})[1]["code"] == "exemption-received"
    _, second = web.ask(wearer, "POST", "exemptions", {**body, "ground": "objective-cause"})
    path = f"exemptions/{second['id']}/withdrawal"
    assert web.ask(wearer, "POST", path, {})[0] == 422
    status, taken_back = web.ask(wearer, "POST", path, {"reason": "写错"})
    assert (status, taken_back["state"], taken_back["reason"]) == (200, "withdrawn", "写错")
    stranger = room.add(Role.UNIT_HEAD, where=room.beside)
    assert web.ask(stranger, "POST", path, {"reason": "x"})[0] == 404


def test_an_auxiliary_is_told_the_law(room: GapRoom, web: Web) -> None:
    auxiliary = room.add(*Role, type_=PersonType.AUXILIARY)
    (line,) = web.get(room.wearer.id, "gaps")["interruptions"]
    path = f"gaps/{line['gap']}/explanations"
    status, told = web.ask(auxiliary, "POST", path, {"cause": "battery", "text": "x"})
    assert (status, told["code"]) == (403, "barred-by-law")
    assert "dazhe-2020-aux:10(1)" in told["cites"].split()
    web.ask(room.wearer.id, "POST", path, {"cause": "battery", "text": "张三关机"})
    shown = web.get(auxiliary, path)
    assert "张三" not in str(shown)
    assert "device" not in shown


@pytest.mark.parametrize(
    ("form", "begins", "type_"),
    [
        ("pdf", b"%PDF-", "application/pdf"),
        ("svg", b"<svg ", "image/svg+xml"),
        ("xlsx", b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_the_report_is_handed_out_as_a_file_that_is_named_after_the_log(
    room: GapRoom, web: Web, form: str, begins: bytes, type_: str
) -> None:
    where = web.get(room.head.id, "gaps")["log"]
    head = {"Authorization": f"Bearer {room.head.id}"}
    answers = [web.client.get(f"/api/v1/gaps?format={form}", headers=head) for _ in range(2)]
    assert {one.status_code for one in answers} == {200}
    first, again = (one.content for one in answers)
    assert first.startswith(begins)
    assert first == again
    assert answers[0].headers["content-type"].partition(";")[0] == type_
    assert f"-{where['size']}-{where['root'][:16]}.{form}" in answers[0].headers["content-disposition"]
    assert "sandbox" in answers[0].headers["content-security-policy"]


@pytest.mark.parametrize("form", ["pdf", "svg", "xlsx"])
def test_no_document_is_made_for_whom_no_report_is(room: GapRoom, web: Web, form: str) -> None:
    admin = room.new(Role.SYSTEM_ADMINISTRATOR)
    assert web.ask(admin.id, "GET", f"gaps?format={form}")[0] == web.ask(admin.id, "GET", "gaps")[0] == 403
    assert web.client.get(f"/api/v1/gaps?format={form}").status_code == 401
    assert web.ask(room.head.id, "GET", f"gaps?format={form}&device=none")[0] == 404
    assert web.ask(room.head.id, "GET", "gaps?format=doc")[0] == 422
