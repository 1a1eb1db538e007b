"""Complaints and fault files over HTTP: statuses, bodies, what the subject and strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.instants import to_text
from evidence.domain.rights import Role
from evidence.service.cases.complaints import Complaints
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.log.proving import Proving
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import START, SmallSite
from tests.complaint_room import COMPLAINANT, HOUR, ComplaintRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    complaints: Complaints
    fault_files: FaultFiles
    proving: Proving
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> ComplaintRoom:
    return ComplaintRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: ComplaintRoom) -> Web:
    site = room.site
    proving = Proving(site, lambda log: None)
    application = Application(site, room.desk, FaultFiles(site), proving, SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


def a_body(room: ComplaintRoom, **changes: object) -> dict[str, object]:
    """A complaint about the officer."""
    new: dict[str, object] = {
        "number": "2026-1",
        "received_on": START.date().isoformat(),
        "channel": "phone",
        "people": [room.officer.name],
        "since": to_text(HOUR.start),
        "until": to_text(HOUR.end),
        "matter": "辱骂当事人",
        "place": "人民路12号",
        "complainant": COMPLAINANT,
    }
    return {**new, **changes}


@pytest.mark.article("dazhe-2020:13", "xinping-2022-aux:20")
def test_a_complaint_goes_its_way_over_http(room: ComplaintRoom, web: Web) -> None:
    shown, chief, head = room.worn(room.officer), room.chief.id, room.head.id
    status, done = web.ask(chief, "POST", "complaints", a_body(room))
    assert (status, done["recordings"], done["due"], done["red"]) == (201, [shown], "2026-05-01", False)
    assert done["complainant"] == COMPLAINANT
    path = f"complaints/{done['complaint']}"
    status, told = web.ask(chief, "POST", f"{path}/handler", {"number": room.head.name})
    assert (status, told["code"]) == (403, "direct-superior")
    assert "xinping-2022-aux:20" in told["cites"]
    assert web.ask(chief, "POST", f"{path}/handler", {"number": room.custodian.name})[0] == 200
    answer = {"result": "founded", "reason": "属实"}
    refused = web.ask(head, "POST", f"{path}/close", answer)[1]
    assert refused["code"] == "not-the-handler"
    assert "（/complaints）" in refused["detail"], "who does it, and where"
    assert web.ask(room.custodian.id, "POST", f"{path}/close", answer | {"result": "maybe"})[0] == 422
    status, closed = web.ask(room.custodian.id, "POST", f"{path}/close", answer)
    assert (status, closed["state"], closed["result"]) == (200, "closed", "founded")
    (line,) = web.get(head, "complaints")
    assert "complainant" not in line, "a list says nobody's words"
    assert web.get(head, "complaints?red=true") == []


def test_the_subject_learns_that_there_is_one_and_not_who_complained(room: ComplaintRoom, web: Web) -> None:
    _, done = web.ask(room.chief.id, "POST", "complaints", a_body(room, people=[room.head.name]))
    path, head = f"complaints/{done['complaint']}", room.head.id
    assert web.get(head, "complaints") == []
    missing = web.ask(head, "GET", f"complaints/{'0' * 32}")
    status, told = web.ask(head, "GET", path)
    assert (status, told["code"]) == (missing[0], missing[1]["code"]) == (404, "complaint-not-found")
    (mine,) = web.get(head, "own/complaints")
    assert (mine["complaint"], mine["since"]) == (done["complaint"], done["since"])
    assert COMPLAINANT not in str(mine)
    assert web.get(room.officer.id, "own/complaints") == []
    assert web.ask(room.officer.id, "GET", "complaints")[0] == 403


def test_what_is_no_complaint_is_refused_over_http(room: ComplaintRoom, web: Web) -> None:
    chief = room.chief.id
    for body, expected in (
        (a_body(room, people=[]), 400),
        (a_body(room, unit="x" * 33), 422),
        (a_body(room, channel="rumour"), 422),
        (a_body(room, handler=chief), 422),
        (a_body(room, until=to_text(HOUR.start)), 400),
        (a_body(room, people=["nobody"]), 404),
    ):
        assert web.ask(chief, "POST", "complaints", body)[0] == expected
    assert web.get(chief, "complaints") == []


@pytest.mark.article("dazhe-2020:16")
def test_a_fault_file_goes_its_way_over_http(room: ComplaintRoom, web: Web) -> None:
    shown, officer = room.worn(room.officer), room.officer.id
    new = {"kind": "misconduct", "reason": "辱骂", "recordings": [shown], "commanders": [room.head.name]}
    status, told = web.ask(room.custodian.id, "POST", "faults", new | {"kind": "seventh"})
    assert (status, told["code"]) == (400, "unknown-fault")
    status, file = web.ask(room.custodian.id, "POST", "faults", new)
    assert (status, file["links"]["recording"], file["open"]) == (201, [shown], True)
    assert {one["number"] for one in file["who"].values()} == {room.custodian.name, room.head.name}
    bare = {key: new[key] for key in ("kind", "reason", "commanders")}
    status, told = web.ask(room.custodian.id, "POST", "faults", bare)
    assert (status, told["code"]) == (400, "rests-on-nothing")
    status, written = web.ask(room.custodian.id, "POST", "faults", {**bare, "basis": "12号函"})
    assert (status, written["basis"], written["open"]) == (201, "12号函", True)
    path = f"faults/{file['id']}"
    more = {"subjects": [room.officer.name]}
    status, file = web.ask(room.custodian.id, "POST", f"{path}/evidence", more)
    assert (status, len(file["people"])) == (200, 2)
    status, own = web.ask(officer, "POST", f"own/{path}/view", {"text": "没有辱骂"})
    assert (status, [one["person"] for one in own["people"]]) == (200, [officer])
    assert [one["id"] for one in web.get(officer, "own/faults")] == [file["id"]]
    found = {"number": room.officer.name, "verdict": "fault", "reason": "属实", "outcome": "accountability"}
    assert web.ask(room.head.id, "POST", f"{path}/decision", found)[1]["code"] == "own-recording"
    assert web.ask(room.custodian.id, "POST", f"{path}/decision", found)[0] == 403
    status, done = web.ask(room.chief.id, "POST", f"{path}/decision", found)
    assert (status, {one["person"]: one["verdict"] for one in done["people"]}) == (
        200,
        {officer: "fault", room.head.id: None},
    )
    assert web.get(room.chief.id, path)["views"][0]["text"] == "没有辱骂"
    waiting = {one["id"] for one in web.get(room.chief.id, "faults?waiting=true")}
    assert waiting == {file["id"], written["id"]}
    stranger = room.add(Role.UNIT_HEAD, where=room.beside)
    assert web.ask(stranger, "GET", path)[1]["code"] == "fault-not-found"
    status, told = web.ask(room.custodian.id, "GET", f"{path}/log")
    assert (status, told["code"]) == (409, "not-yet-published"), "nothing was signed here"
