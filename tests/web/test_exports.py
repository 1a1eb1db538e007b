"""Exports over HTTP: statuses, bodies, what others learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.exports import Way
from evidence.domain.ids import new_id
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.service.court.court import Court
from evidence.service.people.people_ports import StoredCase
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.export_room import ExportRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    court: Court
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> ExportRoom:
    return ExportRoom(tmp_path)


@pytest.fixture
def web(room: ExportRoom) -> Web:
    application = Application(room.site, room.court, SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


def a_body(room: ExportRoom, **changes: object) -> dict[str, object]:
    """A transfer of all files of the case."""
    said = {"recipient": "某区人民法院", "purpose": "举证", "basis": "举证通知书"}
    about = {"way": "transfer", "recordings": [room.one, room.two], "case": room.case_id}
    return {**about, **said, **changes}


def test_a_request_is_taken_back_by_who_asked(web: Web, room: ExportRoom) -> None:
    _, one = web.ask(room.custodian.id, "POST", "exports", a_body(room))
    path, body = f"exports/{one['id']}/withdrawal", {"reason": "填错案号"}
    status, told = web.ask(room.new(Role.CUSTODIAN).id, "POST", path, body)
    assert (status, told["code"], "由提出申请的人撤回" in told["detail"]) == (403, "not-the-asker", True)
    status, done = web.ask(room.custodian.id, "POST", path, body)
    assert (status, done["state"], done["withdrawn"]["reason"]) == (200, "withdrawn", "填错案号")
    assert web.ask(room.custodian.id, "POST", path, body)[0] == 409


@pytest.mark.article("dazhe-2020:14")
def test_an_export_is_asked_for_by_one_and_decided_by_another(web: Web, room: ExportRoom) -> None:
    status, one = web.ask(room.custodian.id, "POST", "exports", a_body(room))
    assert (status, one["state"], one["cites"]) == (201, "asked", ["dazhe-2020:14"])
    path, body = f"exports/{one['id']}/decision", {"approve": True, "reason": "同意"}
    assert web.ask(room.custodian.id, "POST", path, body)[0] == 403
    assert web.ask(room.head.id, "POST", path, body)[1]["decision"]["approved"] is True
    assert web.ask(room.head.id, "POST", path, body)[0] == 409
    (row,) = web.get(room.head.id, "exports")
    assert (row["id"], row["unit_name"], row["case_number"]) == (one["id"], "agency/unit", "1")
    names = {one: told["number"] for one, told in row["people"].items()}
    assert names == {row["asked_by"]: room.custodian.name, row["decision"]["by"]: room.head.name}
    assert all(item["title"].endswith(".wav") for item in row["items"]), "a name stands beside each id"
    beside = room.new(Role.CUSTODIAN, where=room.beside).id
    assert web.ask(beside, "GET", f"exports/{one['id']}")[0] == 404
    assert web.ask(room.auxiliary.id, "GET", f"exports/{one['id']}")[0] == 403


def test_the_case_is_named_by_its_number_which_tells_nobody_that_there_is_one(
    web: Web, room: ExportRoom
) -> None:
    with room.site.database.reading() as unit:
        case = unit.cases.get(room.case_id)
    assert case is not None
    status, one = web.ask(room.custodian.id, "POST", "exports", a_body(room, case=f" {case.number}"))
    assert (status, one["case"]) == (201, room.case_id)
    with room.site.database.writing() as unit:
        away = StoredCase(new_id(), "1-2", room.beside.id, room.beside.path, room.site.clock.now())
        unit.cases.add(away)
    for number in (away.number, "2-1"):
        status, told = web.ask(room.custodian.id, "POST", "exports", a_body(room, case=number))
        assert (status, told["code"], told["case"]) == (404, "case-not-found", number)


def test_a_file_that_somebody_may_not_know_of_has_no_id_in_their_answer(web: Web, room: ExportRoom) -> None:
    _, one = web.ask(room.custodian.id, "POST", "exports", a_body(room))
    room.restrict(room.two, Classification.PRIVACY)
    told = web.get(room.head.id, f"exports/{one['id']}")
    assert [item["recording"] for item in told["items"]] == [room.one, None]
    assert [item["title"] is None for item in told["items"]] == [False, True]


@pytest.mark.article("dazhe-2020:14")
def test_the_unit_that_hands_over_to_courts_is_named_once(web: Web, room: ExportRoom) -> None:
    admin = room.new(Role.SYSTEM_ADMINISTRATOR, where=room.agency).id
    path = f"units/{room.legal.id}/transfers"
    assert web.ask(admin, "PUT", path)[0] == 204
    assert web.ask(admin, "DELETE", path)[0] == 204
    assert web.ask(admin, "DELETE", path)[0] == 409


@pytest.mark.article("dazhe-2020:15")
def test_a_link_is_opened_without_an_account_and_breaks_when_it_is_revoked(
    web: Web, room: ExportRoom
) -> None:
    export = room.approved(Way.SUPPLY, room.one, case_id=None, unit_id=room.unit.id)
    status, made = web.ask(
        room.custodian.id, "POST", f"exports/{export}/shares", {"hours": 2, "download": True}
    )
    assert (status, made["state"], made["download"]) == (201, "waiting", True)
    secrets = {"token": made["token"], "code": made["code"]}
    ours = {"Sec-Fetch-Site": "same-origin"}
    wrong = web.client.post("/api/v1/shared/open", json={**secrets, "code": "no"}, headers=ours)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "share-refused")
    opened = web.client.post("/api/v1/shared/open", json=secrets, headers=ours).json()
    head = {"Authorization": f"Bearer {opened['session']}"}
    part = web.client.get("/api/v1/shared/files/1", headers={**head, "Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    assert part.headers["content-range"] == f"bytes 0-9/{opened['files'][0]['size']}"
    assert part.headers["content-disposition"].startswith("attachment")
    assert web.client.get("/api/v1/shared/files/1").status_code == 403
    assert web.client.get("/api/v1/shared/files/x", headers=head).status_code == 404
    status, told = web.ask(room.custodian.id, "POST", f"shares/{made['id']}/revoke")
    assert (status, told["state"]) == (200, "revoked")
    assert web.client.get("/api/v1/shared/files/1", headers=head).status_code == 403
    (listed,) = web.get(room.custodian.id, f"exports/{export}/shares")
    assert "code" not in listed
    assert "token" not in listed
