"""What must be recorded, over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.rights import Role
from evidence.service.cases.matrix import Matrix
from evidence.service.cases.steps import Steps
from evidence.service.oversight.classes import Classes
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.step_room import StepRoom
from tests.web.test_oversight import SignIn, Web

TIMES = {"from": "2026-02-28T09:00:00Z", "to": "2026-02-28T10:00:00Z", "officers": ["012345"]}


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    steps: Steps
    matrix: Matrix
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> StepRoom:
    return StepRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: StepRoom) -> Web:
    application = Application(room.site, room.steps, room.matrix, SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:annex")
def test_a_hearing_goes_its_way_over_http(room: StepRoom, web: Web) -> None:
    security = room.add(Role.SECURITY_ADMINISTRATOR, where=room.agency)
    who, path = room.legal.id, f"cases/{room.case}"
    hearing = {**room.words("听证"), **TIMES}
    assert web.ask(room.head.id, "POST", f"{path}/steps", hearing)[1]["code"] == "no-legal-unit"
    assert web.ask(security, "PUT", f"units/{room.beside.id}/legal")[0] == 204
    status, step = web.ask(who, "POST", f"{path}/steps", hearing)
    assert (status, step["owner"], step["kind"], step["stage"]) == (201, room.beside.id, None, "听证")
    found = web.get(who, f"matrix?unit={room.beside.id}&red=true")
    assert found["owed"] == [{"unit": room.beside.id, "red": 1}]
    assert (found["cases"][0]["case"], found["counts"]["red"]) == (room.case, 1)
    matrix = web.get(who, f"{path}/matrix")
    (line,) = (one for one in matrix["lines"] if one["stage"] == "听证")
    assert (line["state"], line["owed_by"], line["whole"]) == ("red", "legal-unit", True)
    assert line["recorder"] == "法制机构"
    withdrawal = f"{path}/steps/{step['id']}/withdrawal"
    assert web.ask(who, "POST", withdrawal, {"reason": "误登"})[0] == 204
    assert web.ask(security, "DELETE", f"units/{room.beside.id}/legal")[0] == 204
    assert web.ask(security, "DELETE", f"units/{room.beside.id}/legal")[0] == 409


def test_a_recording_that_the_reader_may_not_know_of_is_null(room: StepRoom, web: Web) -> None:
    assert (
        web.ask(room.head.id, "POST", f"cases/{room.case}/steps", {"kind": "on-site-check", **TIMES})[0]
        == 201
    )
    recording = room.shoot()
    Classes(room.site).classify(room.head, recording, "minors", "未成年人")
    (line,) = (
        one
        for one in web.get(room.custodian.id, f"cases/{room.case}/matrix")["lines"]
        if one["kind"] == "on-site-check"
    )
    assert (line["state"], line["steps"][0]["recordings"]) == ("covered", [None])
    assert line["steps"][0]["officers"] == ["012345"]


def test_strangers_and_wrong_words_are_refused(room: StepRoom, web: Web) -> None:
    other, path = room.add(Role.CUSTODIAN, where=room.beside), f"cases/{room.case}"
    assert web.ask(other, "GET", f"{path}/matrix")[0] == 404
    assert web.ask(room.officer.id, "GET", "matrix")[0] == 403
    assert web.ask(other, "GET", f"matrix?unit={room.unit.id}")[0] == 404
    who = room.head.id
    for wrong in ({}, {"kind": "x", "stage": "听证"}, {"stage": "听证"}, {"kind": "tea"}):
        assert web.ask(who, "POST", f"{path}/steps", {**TIMES, **wrong})[0] == 400, wrong
    late = {"kind": "on-site-check", **TIMES, "to": TIMES["from"]}
    assert web.ask(who, "POST", f"{path}/steps", late)[1]["code"] == "ends-before-start"
    assert web.ask(who, "POST", f"{path}/steps", {"kind": "on-site-check"})[0] == 422
