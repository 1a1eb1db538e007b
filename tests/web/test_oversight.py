"""Grants, classes, emergencies, events, views and denials over HTTP: statuses, bodies, what strangers learn.

The real routes over a real site; only the sign-in is stood in for: a bearer token is the id of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.service.oversight.oversight import Oversight
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.people_room import Room


@dataclass
class SignIn:
    """Stands in for accounts: the token is the person's id."""

    room: Room

    def identify(self, token: str) -> Caller | None:
        """Return the person as they are at this request."""
        with self.room.small.database.reading() as unit:
            return unit.grants.caller(token, self.room.small.clock.now())


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    oversight: Oversight
    accounts: SignIn


@dataclass
class Web:
    """The service, asked by people."""

    client: TestClient

    def ask(self, who: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and JSON of an answer."""
        head = {"Authorization": f"Bearer {who}"}
        more = {} if body is None else {"json": body}
        answer = self.client.request(method, f"/api/v1/{path}", headers=head, **more)
        return answer.status_code, answer.json() if answer.content else None

    def get(self, who: str, path: str) -> Any:
        """Return what may be read."""
        status, body = self.ask(who, "GET", path)
        assert status == 200, body
        return body


@pytest.fixture
def room(tmp_path: Any) -> Room:
    return Room(SmallSite(tmp_path))


@pytest.fixture
def web(room: Room) -> Web:
    application = Application(room.site, Oversight(room.site), SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.fixture
def head(room: Room) -> str:
    return room.add(Role.UNIT_HEAD)


@pytest.fixture
def recording(room: Room) -> str:
    return room.record(room.add(Role.FIELD_OFFICER))


def test_a_role_given_over_http_holds_at_the_next_request_and_its_end_too(room: Room, web: Web) -> None:
    security, auditor = room.add(where=room.agency), room.add(Role.AUDITOR, where=room.agency)
    room.give(security, Role.SECURITY_ADMINISTRATOR, None)
    person = room.add(number="7001")
    wanted = {"person": person, "role": "unit-head", "unit": room.unit.id, "reason": "任命"}
    assert web.ask(person, "GET", "denials")[0] == 403
    status, grant = web.ask(security, "POST", "grants", wanted)
    assert (status, grant["role"], grant["until"]) == (201, "unit-head", None)
    assert web.get(person, "denials")
    assert ("7001", "unit-head") in [(one["number"], one["role"]) for one in web.get(auditor, "grants")]
    assert web.ask(security, "POST", f"grants/{grant['id']}/revocation", {"reason": "调离"})[0] == 204
    assert web.ask(person, "GET", "denials")[0] == 403
    status, told = web.ask(security, "POST", "grants", {**wanted, "person": security})
    assert (status, told["code"]) == (403, "own-request")
    assert web.ask(security, "POST", "grants", wanted | {"role": "king"})[0] == 422
    assert web.ask(security, "POST", "grants", wanted | {"granted_by": person})[0] == 422, "nothing slips in"
    assert web.ask(security, "POST", "grants", wanted | {"until": "2027-01-01T00:00:00"})[0] == 422


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_has_no_place_in_utc_is_malformed(room: Room, web: Web, head: str, instant: str) -> None:
    security, recording = room.add(where=room.agency), "0" * 32
    room.give(security, Role.SECURITY_ADMINISTRATOR, None)
    grant = {"person": head, "role": "auditor", "unit": room.unit.id, "reason": "x", "until": instant}
    assert web.ask(security, "POST", "grants", grant)[0] == 422
    assert (
        web.ask(head, "POST", f"recordings/{recording}/readers", {"person": head, "until": instant})[0] == 422
    )
    for path in ("denials", "notices"):
        assert web.ask(head, "GET", f"{path}?since={quote(instant)}")[0] == 422


@pytest.mark.article("dazhe-2020-aux:10(2)")
def test_the_refusal_of_a_role_to_an_auxiliary_names_the_article(room: Room, web: Web) -> None:
    security = room.add(Role.SECURITY_ADMINISTRATOR, where=room.agency)
    auxiliary = room.add(type_=PersonType.AUXILIARY)
    wanted = {"person": auxiliary, "role": "custodian", "unit": room.unit.id, "reason": "x"}
    status, told = web.ask(security, "POST", "grants", wanted)
    assert (status, told["code"]) == (403, "barred-by-law")
    assert "dazhe-2020-aux:10(2)" in told["cites"].split()
    assert "辅助人员" in told["title"]


def test_an_emergency_over_http_and_the_same_answer_for_what_is_not_there(
    room: Room, web: Web, recording: str, head: str
) -> None:
    officer = room.add(Role.FIELD_OFFICER, where=room.beside)
    answers: list[Mapping[str, Any]] = []
    for id_ in (recording, new_id()):
        status, body = web.ask(officer, "POST", "emergencies", {"recording": id_, "reason": "紧急"})
        assert status == 202
        answers.append(body)
    told = [{**one, "id": "", "recording": "", "asked": ""} for one in answers]
    assert told[0] == told[1]
    assert [one["id"] for one in web.get(head, "emergencies")] == [answers[0]["id"]]
    path = f"emergencies/{answers[0]['id']}/decision"
    assert web.ask(officer, "POST", path, {"granted": True})[0] == 403
    assert web.ask(head, "POST", path, {"granted": True, "minutes": 241})[0] == 422
    status, opened = web.ask(head, "POST", path, {"granted": True, "minutes": 30})
    assert (status, opened["state"]) == (200, "open")
    (notice,) = web.get(head, "notices")
    assert (notice["kind"], notice["recording"]) == ("emergency-opened", recording)
    assert {one["state"] for one in web.get(officer, "emergencies/own")} == {"open", "asked"}
    assert web.ask(officer, "POST", f"emergencies/own/{opened['id']}/end")[0] == 204
    assert web.ask(head, "POST", f"emergencies/{opened['id']}/end")[0] == 409
    assert web.ask(head, "POST", f"emergencies/{answers[1]['id']}/end")[0] == 404


@pytest.mark.article("longquan:9", "dazhe-2020:6(2)")
def test_classes_over_http_and_no_difference_between_hidden_and_absent(
    room: Room, web: Web, recording: str, head: str
) -> None:
    second, stranger = room.add(Role.CUSTODIAN), room.add(Role.UNIT_HEAD, where=room.beside)
    path = f"recordings/{recording}/class"
    status, told = web.ask(head, "POST", path, {"class": "state-secret", "reason": "x"})
    assert (status, told["code"], told["cites"]) == (403, "state-secret", "dazhe-2020:6(2)")
    assert "保密" in told["title"]
    status, done = web.ask(head, "POST", path, {"class": "privacy", "reason": "x"})
    assert (status, done["granted"]) == (200, True)
    reader = room.add(Role.CUSTODIAN)
    assert web.ask(head, "POST", f"recordings/{recording}/readers", {"person": reader})[0] == 201
    (line,) = web.get(second, "classified")
    assert reader in [one["person"] for one in line["readers"]]
    assert web.ask(head, "DELETE", f"recordings/{recording}/readers/{reader}")[0] == 204
    hidden = web.ask(second, "GET", f"recordings/{recording}/views")
    absent = web.ask(second, "GET", f"recordings/{'f' * 32}/views")
    assert hidden[0] == absent[0] == 404
    assert {**hidden[1], "recording": ""} == {**absent[1], "recording": ""}
    status, wish = web.ask(head, "POST", path, {"class": "ordinary", "reason": "x"})
    assert (status, wish["granted"]) == (200, None)
    decision = f"class-changes/{wish['id']}/decision"
    assert web.ask(head, "POST", decision, {"granted": True})[0] == 403
    assert web.ask(stranger, "POST", decision, {"granted": True})[0] == 404
    assert web.ask(second, "POST", decision, {"granted": True})[0] == 200
    assert web.get(second, "classified") == []


def test_serious_events_views_and_denials_over_http(room: Room, web: Web, recording: str, head: str) -> None:
    chief, involved = room.add(Role.AGENCY_HEAD, where=room.agency), room.add(Role.UNIT_HEAD)
    body = {"recordings": [recording], "people": [involved], "reason": "有人受伤"}
    status, event = web.ask(head, "POST", "serious-events", body)
    assert (status, event["people"]) == (201, [involved])
    assert web.ask(head, "POST", "serious-events", {**body, "people": []})[0] == 422
    assert [one["id"] for one in web.get(chief, "serious-events")] == [event["id"]]
    assert web.ask(head, "POST", f"serious-events/{event['id']}/end", {"reason": "已查清"})[0] == 403
    assert web.ask(chief, "POST", f"serious-events/{event['id']}/end", {"reason": "已查清"})[0] == 204
    (line,) = [one for one in web.get(chief, "denials") if one["account"] == head]
    assert [(one["action"], one["why"]) for one in line["tries"]] == [("mark-serious", "own-request")]
    assert web.get(head, f"recordings/{recording}/views") == []
    (view,) = web.get(chief, f"recordings/{recording}/views?most=1")
    assert (view["act"], view["by"]["id"]) == ("views.read", head)
    for query in ("most=0", "most=501", "before=0", f"before={1 << 63}"):
        assert web.ask(head, "GET", f"recordings/{recording}/views?{query}")[0] == 422
    assert web.ask(chief, "GET", "denials?since=2026-01-01T00:00:00")[0] == 422
    assert web.get(chief, "denials?since=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "path", ["grants", "emergencies", "classified", "serious-events", "denials", "notices"]
)
def test_an_auxiliary_with_all_roles_is_told_the_law_where_it_bars_and_shown_the_rest(
    room: Room, web: Web, path: str
) -> None:
    auxiliary = room.add(*Role, type_=PersonType.AUXILIARY)
    status, told = web.ask(auxiliary, "GET", path)
    if path in ("emergencies", "classified", "serious-events"):
        assert (status, told["code"]) == (403, "barred-by-law")
        assert told["cites"]
    else:
        assert status == 200
