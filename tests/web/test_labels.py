"""Labels over HTTP: strict bodies, all or none; what is hidden is answered as what is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence.domain.ids import new_id
from tests.web.people_service import PeopleService
from tests.web.talk import Answer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleService]:
    """A service with everybody in it."""
    with PeopleService(tmp_path_factory.mktemp("site")) as service:
        yield service


def send(service: PeopleService, who: str, method: str, path: str, body: Any = None) -> Answer:
    return service.ask(who, path, method, None if body is None else json.dumps(body).encode())


def labels(service: PeopleService, recording: str) -> dict[str, str]:
    return dict(send(service, "officer", "GET", f"/recordings/{recording}").json["labels"])


def test_labels_over_http_from_missing_to_their_history(service: PeopleService) -> None:
    first, second = service.site.seal("officer"), service.site.seal("officer")
    said = {"recordings": [first, second], "labels": {"case-number": "杭1", "inspected-party": "某公司"}}
    answer = send(service, "officer", "POST", "/labels", said)
    told = {"changed": [first, second], "before": {}, "unknown_case": "杭1"}
    assert (answer.status, answer.json) == (200, told)
    assert labels(service, first) == said["labels"]
    assert send(service, "officer", "POST", "/labels", said).json["changed"] == []
    end = {"recordings": [first], "label": "case-number", "reason": "另案"}
    assert send(service, "officer", "POST", "/labels/end", end).status == 204
    today = datetime.now(UTC).date()
    due = (today + timedelta(days=9)).isoformat()
    answer = send(service, "officer", "POST", "/labels/not-yet", {"recordings": [first], "due": due})
    assert (answer.status, answer.json) == (200, {"changed": [first]})
    recording = send(service, "officer", "GET", f"/recordings/{first}").json
    assert (recording["labels"], recording["case_number_due"]) == ({"inspected-party": "某公司"}, due)
    told = send(service, "head", "GET", f"/recordings/{first}/labels").json
    assert [(one["name"], one["value"], one["due"]) for one in told["labels"]] == [
        ("case-number", "杭1", None),
        ("inspected-party", "某公司", None),
        ("case-number", None, due),
    ]
    assert told["labels"][0]["ended_by"] == service.site.ids["officer"]
    missing = send(service, "head", "GET", "/labels/missing").json
    assert [one["recording"] for one in missing["to_follow"]] == [first]
    filed = send(service, "head", "GET", f"/labels/filed?officer=010001&since={today}").json
    assert {first, second} <= {one["id"] for one in filed["recordings"]}
    assert filed["by_party"][0]["value"] == "某公司"
    assert send(service, "head", "GET", "/labels/filed?party=none").json["recordings"] == []
    bare = service.site.seal("officer")
    missing = send(service, "head", "GET", "/labels/missing").json
    (line,) = (one for one in missing["missing"] if one["recording"] == bare)
    assert (line["missing"], line["overdue"]) == (["case-number", "inspected-party"], False)
    assert line["cites"] == ["dazhe-2020:12"]


def test_anothers_recording_is_answered_as_one_that_is_not_there(service: PeopleService) -> None:
    foreign, absent, own = service.site.seal("officer"), new_id(), service.site.seal("stranger")
    for path, rest in (
        ("/labels", {"labels": {"case-number": "1"}}),
        ("/labels/not-yet", {"due": datetime.now(UTC).date().isoformat()}),
        ("/labels/end", {"label": "case-number", "reason": "x"}),
    ):
        hidden, missing = (
            send(service, "stranger", "POST", path, {"recordings": [own, one], **rest})
            for one in (foreign, absent)
        )
        assert (hidden.status, hidden.code) == (missing.status, missing.code) == (404, "recording-not-found")
        assert hidden.body.replace(foreign.encode(), b"") == missing.body.replace(absent.encode(), b"")
    assert send(service, "stranger", "GET", f"/recordings/{own}").json["labels"] == {}
    answer = send(service, "stranger", "GET", f"/recordings/{foreign}/labels")
    assert (answer.status, answer.code) == (404, "recording-not-found")


def test_the_law_answers_an_auxiliary_with_its_articles(service: PeopleService) -> None:
    body = {"recordings": [service.site.seal("aux")], "labels": {"case-number": "1"}}
    answer = send(service, "aux", "POST", "/labels", body)
    assert (answer.status, answer.code) == (403, "barred-by-law")
    assert "dazhe-2020-aux:10(2)" in answer.json["cites"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/labels", {"recordings": [], "labels": {"place": "x"}}, 422, "invalid-request"),
        ("/labels", {"recordings": ["x"], "labels": {}}, 422, "invalid-request"),
        ("/labels", {"recordings": ["x"], "labels": {"place": 1}}, 422, "invalid-request"),
        ("/labels", {"recordings": ["x"] * 501, "labels": {"place": "x"}}, 422, "invalid-request"),
        ("/labels", {"recordings": ["x"], "labels": {"colour": "x"}}, 400, "unknown-label"),
        ("/labels", {"recordings": ["x"], "labels": {"place": "a\nb"}}, 400, "invalid-label"),
        ("/labels/not-yet", {"recordings": ["x"], "due": "soon"}, 422, "invalid-request"),
        ("/labels/end", {"recordings": ["x"], "label": "place", "reason": " "}, 400, "reason-needed"),
    ],
)
def test_a_wrong_body_is_refused(
    service: PeopleService, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = send(service, "custodian", "POST", path, body)
    assert (answer.status, answer.code) == (status, code)


def test_a_table_of_activities_labels_what_was_recorded_or_says_which_cells_are_wrong(
    service: PeopleService,
) -> None:
    recording, end = service.site.seal("officer"), datetime.now(UTC)
    with service.site.small.database.writing() as unit:
        unit.recordings.note_end(recording, end)
    times = ",".join((end + timedelta(seconds=n)).isoformat() for n in (-1, 1))
    good = f"wearer,from,to,case_number\n010001,{times},杭7".encode()
    bad = f"wearer,from,to,case_number\n010001,{times},".encode()
    path = "/activities/table"
    dry = service.ask("officer", path, "POST", good)
    assert (dry.status, dry.json["applied"], dry.json["changed"]) == (200, False, 1)
    assert labels(service, recording) == {}
    refused = service.ask("officer", f"{path}?apply=true", "POST", bad)
    assert (refused.status, refused.json["faults"][0]["column"]) == (422, "case_number")
    nothing = service.ask("stranger", f"{path}?apply=true", "POST", good)
    assert (nothing.status, nothing.json["changed"], nothing.json["matched"]) == (200, 0, [])
    assert service.ask("aux", path, "POST", good).code == "barred-by-law"
    assert labels(service, recording) == {}
    done = service.ask("officer", f"{path}?apply=true", "POST", good).json
    assert (done["applied"], done["matched"][0]["recordings"]) == (True, [recording])
    assert labels(service, recording) == {"case-number": "杭7"}


def test_a_time_of_use_at_the_end_of_all_days_spoils_no_list(service: PeopleService) -> None:
    """What has no day in the law's zone is filed under the end of the recording, as if nobody had said it."""
    recording = service.site.seal("officer")
    time = "9999-12-31T22:00:00.000000Z/9999-12-31T23:00:00.000000Z"
    said = {"recordings": [recording], "labels": {"time": time}}
    assert send(service, "officer", "POST", "/labels", said).status == 200
    answer = send(service, "head", "GET", "/labels/filed")
    assert answer.status == 200
    assert recording in {one["id"] for one in answer.json["recordings"]}
    assert not any(one["value"].startswith("9999") for one in answer.json["by_day"])
