"""Check-points over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.service.cases.cases import Cases
from evidence.service.cases.marker_lists import MarkerLists
from evidence.service.cases.markers import Markers
from evidence.service.gaps.explanations import Explanations
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.marker_room import EVIDENCE, MarkerRoom, gaps_of
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    markers: Markers
    marker_lists: MarkerLists
    explanations: Explanations
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> MarkerRoom:
    return MarkerRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: MarkerRoom) -> Web:
    desks = (Markers(room.site), MarkerLists(room.site), Explanations(room.site))
    application = Application(room.site, *desks, SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:7")
def test_a_notice_is_pinned_and_the_list_says_what_is_missing_yet(room: MarkerRoom, web: Web) -> None:
    recording = room.record(room.wearer.id, "a.wav")
    room.label(recording, **EVIDENCE)
    who, path = room.wearer.id, f"recordings/{recording}/markers"
    new = {"kind": "notice-given", "from_s": 0.5, "to_s": 6.25}
    status, made = web.ask(who, "POST", path, new)
    assert (status, made["state"], made["from_s"], made["to_s"]) == (201, "pinned", 0.5, 6.25)
    assert (made["proposal"], made["pinned_by"], made["policy"]) == (None, who, "dazhe-2020@1")
    assert web.ask(who, "POST", path, new)[0] == 409
    assert web.ask(who, "POST", path, {**new, "to_s": 10.5})[1]["code"] == "marker-place"
    assert web.ask(who, "POST", path, {**new, "kind": "other"})[0] == 422
    needed = web.get(who, f"{path}/needed")
    assert [(one["kind"], one["state"]) for one in needed["needed"]] == [
        ("notice-given", "pinned"),
        ("credentials-shown", "missing"),
    ]
    missing = web.get(room.head.id, "markers/missing")
    (line,) = missing["needed"]
    assert (line["kind"], line["cites"], line["activity"]) == (
        "credentials-shown",
        ["dazhe-2020:8"],
        [recording],
    )
    assert missing["counts"] == {
        "missing": 1,
        "proposed": 0,
        "restarts_unexplained": 0,
        "stage_not_said": 0,
    }
    case = Cases(room.site).open(room.head, "杭1", room.unit.id)
    Cases(room.site).link(room.head, case.id, recording)
    assert len(web.get(room.head.id, f"cases/{case.id}/markers")["needed"]) == 2


@pytest.mark.article("dazhe-2020:9.1")
def test_a_proposal_is_confirmed_serves_an_explanation_and_is_taken_back(room: MarkerRoom, web: Web) -> None:
    _, after = room.interrupted()
    who = room.wearer.id
    (one,) = web.get(who, f"recordings/{after}/markers")["markers"]
    assert (one["state"], one["pinned_by"], one["proposal"]["confidence"]) == ("proposed", None, None)
    assert one["proposal"]["parameters"]["aggressiveness"] == 3
    (line,) = web.get(who, "markers/missing")["restarts"]
    assert (line["at_s"], line["state"], line["said"], line["heard"]) == (0, "proposed", None, "speech")
    assert line["gap_state"] == "open"
    assert web.ask(who, "POST", f"markers/{one['id']}/confirm")[1]["state"] == "pinned"
    assert web.ask(who, "POST", f"markers/{one['id']}/dismiss", {"reason": "不是"})[0] == 409
    said = {"cause": "battery", "marker": one["id"]}
    status, explained = web.ask(who, "POST", f"gaps/{line['gap']}/explanations", said)
    assert (status, explained["spoken"]["marker"]) == (201, one["id"])
    assert web.ask(who, "POST", f"markers/{one['id']}/withdraw", {"reason": ""})[0] == 422
    status, ended = web.ask(who, "POST", f"markers/{one['id']}/withdraw", {"reason": "听错"})
    assert (status, ended["state"], ended["reason"], ended["ended_by"]) == (200, "withdrawn", "听错", who)
    assert gaps_of(room).line()["gap_state"] == "explained"


def test_strangers_and_auxiliaries_learn_and_do_nothing(room: MarkerRoom, web: Web) -> None:
    recording = room.record(room.wearer.id, "a.wav")
    pinned = room.pin(recording)
    stranger = room.add(Role.CUSTODIAN, where=room.beside)
    helper = room.add(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    new = {"kind": "notice-given", "from_s": 1, "to_s": 2}
    assert web.ask(stranger, "GET", f"recordings/{recording}/markers")[0] == 404
    assert web.ask(stranger, "POST", f"recordings/{recording}/markers", new)[0] == 404
    assert web.ask(stranger, "POST", f"markers/{pinned.id}/withdraw", {"reason": "x"})[0] == 404
    assert web.ask(helper, "POST", f"recordings/{recording}/markers", new)[0] == 403
    (seen,) = web.get(helper, f"recordings/{recording}/markers")["markers"]
    assert "reason" not in seen, "what auxiliaries lack of others' recordings"
