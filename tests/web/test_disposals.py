"""Keeping and destroying over HTTP: what is due, asked for by one, decided by another; strict bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from evidence.domain.ids import new_id
from tests import inside
from tests.keeping_room import LABELS
from tests.web.people_service import PeopleService
from tests.web.talk import Answer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleService]:
    """A service with everybody in it."""
    with PeopleService(tmp_path_factory.mktemp("site")) as service:
        yield service


def send(service: PeopleService, who: str, method: str, path: str, body: Any = None) -> Answer:
    return service.ask(who, path, method, None if body is None else json.dumps(body).encode())


def aged(service: PeopleService) -> str:
    """Seal a recording of an officer, and let its row say that it is old."""
    recording = service.site.seal("officer", labels=LABELS)
    long_ago = {"sealed": "2001-01-01T00:00:00.000000Z", "until": "2002-01-01T00:00:00.000000Z"}
    sql = "UPDATE recording SET sealed_at = :sealed, retain_until = :until WHERE id = :id"
    inside.change(service.site.small.folder, sql, id=recording, **long_ago)
    return recording


def test_a_disposal_over_http_from_due_to_the_decision(service: PeopleService) -> None:
    recording = aged(service)
    due = send(service, "custodian", "GET", "/disposals/due").json
    (line,) = (one for one in due if one["recording"]["id"] == recording)
    assert (line["rule"]["keeps"], line["rule"]["cites"]) == ("floor", ["dazhe-2020:11"])
    wanted = {"recordings": [recording], "reason": "期满"}
    answer = send(service, "custodian", "POST", "/disposals", wanted)
    assert (answer.status, answer.json[0]["state"]) == (201, "asked")
    decision = {"disposals": [answer.json[0]["id"]], "approve": True, "reason": "同意"}
    assert send(service, "custodian", "POST", "/disposals/decide", decision).json["code"] == "own-request"
    answer = send(service, "head", "POST", "/disposals/decide", decision)
    assert (answer.status, answer.json[0]["state"]) == (200, "approved")
    (listed,) = send(service, "head", "GET", "/disposals").json
    assert (listed["recording"], listed["decided_by"]) == (recording, service.site.ids["head"])
    assert send(service, "head", "GET", "/disposals?ended=true").json == []
    answer = send(service, "head", "GET", f"/recordings/{recording}/certificate")
    assert (answer.status, answer.json["code"]) == (409, "not-destroyed")


def test_what_is_still_kept_is_refused_with_the_rule_and_its_article(service: PeopleService) -> None:
    recording = service.site.seal("officer", labels=LABELS)
    answer = send(service, "custodian", "POST", "/disposals", {"recordings": [recording], "reason": "期满"})
    assert (answer.status, answer.json["code"]) == (409, "still-kept")
    assert (answer.json["keeps"], answer.json["cites"]) == ("floor", "dazhe-2020:11")


def test_who_may_not_is_told_nothing(service: PeopleService) -> None:
    recording = aged(service)
    wanted = {"recordings": [recording], "reason": "期满"}
    assert send(service, "officer", "POST", "/disposals", wanted).status == 403
    assert send(service, "aux", "POST", "/disposals", wanted).json["code"] == "barred-by-law"
    for who, id_ in (("head_b", recording), ("custodian", new_id())):
        answer = send(service, who, "POST", "/disposals", {**wanted, "recordings": [id_]})
        assert (answer.status, answer.json["code"]) == (404, "recording-not-found")
    assert send(service, "head_b", "GET", "/disposals/due").json == []
    assert send(service, "custodian", "POST", "/disposals", {**wanted, "colour": 1}).status == 422


def test_why_a_recording_is_kept_and_what_another_pack_would_change(service: PeopleService) -> None:
    recording = service.site.seal("officer", labels=LABELS)
    case = service.site.cases.open(service.site.caller("head"), new_id(), service.site.ids["a"])
    assert send(service, "head", "PUT", f"/cases/{case.id}/term", {"term": "10-years"}).status == 204
    answer = send(service, "head", "PUT", f"/cases/{case.id}/term", {"term": "5-years"})
    assert (answer.status, answer.json["code"]) == (400, "unknown-term")
    service.site.cases.link(service.site.caller("head"), case.id, recording)
    told = send(service, "head", "GET", f"/recordings/{recording}/keeping").json
    assert (told["decides"]["keeps"], told["decides"]["about"]) == ("open-case", case.id)
    assert [(one["keeps"], one["in_vault"]) for one in told["moved"]] == [("case", True)]
    assert send(service, "officer", "GET", f"/recordings/{recording}/keeping").status == 403
    assert send(service, "head", "GET", "/retention/dry-run/longquan").json == []
    assert send(service, "head", "GET", "/retention/dry-run/..%2Fpacks").status == 404
    # The aged recordings' rows say an earlier date than the pack asks for.
    touched = send(service, "head", "POST", "/retention/apply").json
    assert {one["touch"] for one in touched} <= {"later"}
