"""Cases over HTTP: strict bodies, statuses, and the same answer for what is hidden and what is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from evidence.domain.ids import new_id
from tests.manned_site import A, B
from tests.web.people_service import PeopleService
from tests.web.talk import Answer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleService]:
    """A service with everybody in it."""
    with PeopleService(tmp_path_factory.mktemp("site")) as service:
        yield service


def send(service: PeopleService, who: str, method: str, path: str, body: Any = None) -> Answer:
    return service.ask(who, path, method, None if body is None else json.dumps(body).encode())


@pytest.fixture
def case(service: PeopleService) -> str:
    new = {"number": f"1-{new_id()}", "unit": service.site.ids[A]}
    answer = send(service, "head", "POST", "/cases", new)
    assert answer.status == 201
    return str(answer.json["id"])


def test_a_case_over_http_from_open_to_closed(service: PeopleService, case: str) -> None:
    recording, guest = service.site.seal("officer"), service.site.ids["stranger"]
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    member = {"actions": ["list-recordings", "play"], "until": until}
    assert send(service, "stranger", "GET", f"/recordings/{recording}").status == 404
    assert send(service, "head", "PUT", f"/cases/{case}/recordings/{recording}").status == 204
    assert send(service, "head", "PUT", f"/cases/{case}/members/{guest}", member).status == 204
    assert send(service, "stranger", "GET", f"/recordings/{recording}").status == 200
    told = send(service, "head", "GET", f"/cases/{case}").json
    assert [one["id"] for one in told["recordings"]] == [recording]
    assert [(one["person"], one["actions"]) for one in told["members"]] == [(guest, member["actions"])]
    assert send(service, "head", "DELETE", f"/cases/{case}/members/{guest}").status == 204
    assert send(service, "stranger", "GET", f"/recordings/{recording}").status == 404
    removal, why = f"/cases/{case}/recordings/{recording}/removal", {"reason": "误列"}
    assert send(service, "head", "POST", removal, why).status == 204
    assert send(service, "head", "POST", f"/cases/{case}/close").status == 204
    answer = send(service, "head", "PUT", f"/cases/{case}/recordings/{recording}")
    assert (answer.status, answer.code) == (409, "case-closed")
    listed = send(service, "head", "GET", "/cases").json
    assert next(one for one in listed if one["id"] == case)["closed"]


def test_a_case_is_found_by_its_number_however_it_is_written(service: PeopleService) -> None:
    new = {"number": "大柘执罚〔2026〕1号", "unit": service.site.ids[A]}
    case = send(service, "head", "POST", "/cases", new).json["id"]
    typed = quote("大柘执罚(2026) 1号")
    assert send(service, "head", "GET", f"/cases/{typed}").json["id"] == case
    assert send(service, "head", "PUT", f"/cases/{typed}/term", {"term": "10年"}).status == 204
    assert send(service, "head", "POST", f"/cases/{typed}/close").status == 204
    assert send(service, "head", "GET", f"/cases/{case}").json["closed"]


@pytest.mark.parametrize("named", ["%00", "1-%00", "%ED%A0%80", "x" * 3000])
def test_what_can_be_no_number_names_no_case(service: PeopleService, named: str) -> None:
    answer = send(service, "head", "GET", f"/cases/{named}")
    assert (answer.status, answer.code) == (404, "case-not-found")


def test_a_member_until_a_time_that_has_no_place_in_utc_is_malformed(
    service: PeopleService, case: str
) -> None:
    path = f"/cases/{case}/members/{service.site.ids['stranger']}"
    member = {"actions": ["play"], "until": "9999-12-31T23:59:59-14:00"}
    assert send(service, "head", "PUT", path, member).status == 422
    assert send(service, "head", "GET", f"/cases/{case}").json["members"] == []


def test_another_units_case_is_answered_as_one_that_is_not_there(service: PeopleService, case: str) -> None:
    absent, someone = new_id(), service.site.ids["officer"]
    member = {"actions": ["play"]}
    for method, path, body in (
        ("GET", "/cases/{}", None),
        ("POST", "/cases/{}/close", None),
        ("PUT", f"/cases/{{}}/recordings/{new_id()}", None),
        ("POST", f"/cases/{{}}/recordings/{new_id()}/removal", {"reason": "误列"}),
        ("PUT", f"/cases/{{}}/members/{someone}", member),
        ("DELETE", f"/cases/{{}}/members/{someone}", None),
    ):
        hidden, missing = (send(service, "head_b", method, path.format(one), body) for one in (case, absent))
        assert (hidden.status, hidden.code) == (missing.status, missing.code) == (404, "case-not-found")
        assert hidden.body.replace(case.encode(), b"") == missing.body.replace(absent.encode(), b"")
    number = send(service, "head", "GET", f"/cases/{case}").json["number"]
    hidden, missing = (send(service, "head_b", "GET", f"/cases/{one}") for one in (number, number[::-1]))
    assert (hidden.status, hidden.code) == (missing.status, missing.code) == (404, "case-not-found")
    assert hidden.body.replace(number.encode(), b"") == missing.body.replace(number[::-1].encode(), b"")
    answer = send(service, "head_b", "POST", "/cases", {"number": "1", "unit": service.site.ids[A]})
    assert (answer.status, answer.code) == (404, "unit-not-found")
    assert send(service, "head_b", "GET", "/cases").json == []


def test_the_law_answers_with_its_articles(service: PeopleService, case: str) -> None:
    aux = service.site.ids["aux"]
    answer = send(service, "head", "PUT", f"/cases/{case}/members/{aux}", {"actions": ["export"]})
    assert (answer.status, answer.code) == (403, "barred-by-law")
    assert ":" in answer.json["cites"]
    answer = send(
        service, "head", "PUT", f"/cases/{case}/members/{service.site.ids['head']}", {"actions": ["play"]}
    )
    assert (answer.status, answer.code) == (403, "own-request")
    assert send(service, "head", "GET", f"/cases/{case}").json["members"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"actions": []},
        {"actions": ["everything"]},
        {"actions": ["play"], "until": "2030-01-01T00:00:00"},
        {"actions": ["play"], "more": 1},
        {},
    ],
)
def test_a_malformed_member_is_refused(service: PeopleService, case: str, body: object) -> None:
    path = f"/cases/{case}/members/{service.site.ids['stranger']}"
    assert send(service, "head", "PUT", path, body).status == 422
    assert send(service, "head", "GET", f"/cases/{case}").json["members"] == []


def test_who_is_no_head_manages_no_case(service: PeopleService, case: str) -> None:
    body = {"number": "2", "unit": service.site.ids[B]}
    for who in ("officer", "aux", "custodian", "auditor", "system", "security", "audit", "integration"):
        assert send(service, who, "POST", "/cases", body).status == 403, who
        assert send(service, who, "GET", f"/cases/{case}").status == 403, who
    assert service.ask(None, "/cases").status == 401
