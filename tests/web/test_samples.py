"""Samples over HTTP: statuses, bodies, what strangers learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from evidence.domain.instants import to_text
from evidence.domain.rights import Role
from evidence.service.oversight.sampling import Sampling
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.service.oversight.test_sampling import DAY, SampleRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    sampling: Sampling
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Any) -> SampleRoom:
    return SampleRoom(SmallSite(tmp_path))


@pytest.fixture
def web(room: SampleRoom) -> Web:
    application = Application(room.site, Sampling(room.site), SignIn(room))
    return Web(TestClient(create_app(application, start_workers=False)))  # type: ignore[arg-type]


@pytest.mark.article("dazhe-2020:16")
def test_a_sample_goes_its_way_over_http(room: SampleRoom, web: Web) -> None:
    who, now = room.head.id, room.later(seconds=1)
    new = {"unit": room.unit.id, "since": to_text(now), "until": to_text(now + DAY)}
    status, made = web.ask(who, "POST", "samples", new)
    assert (status, made["drawn"], len(made["commitment"])) == (201, None, 64)
    path = f"samples/{made['id']}"
    assert web.ask(who, "POST", f"{path}/draw")[1]["code"] == "period-runs"
    room.small.clock.pass_by(DAY / 2)
    recording = room.record(room.wearer.id)
    room.small.clock.pass_by(DAY)
    status, drawn = web.ask(who, "POST", f"{path}/draw")
    assert (status, drawn["drawn"]["quota"], len(drawn["drawn"]["seed"])) == (200, 1, 64)
    assert web.get(who, f"{path}/population") == {"ids": [recording], "withheld": 0}
    said = {"outcome": "in-order", "note": "规范"}
    review = f"{path}/recordings/{recording}/review"
    assert web.ask(who, "POST", review, said)[1]["code"] == "not-looked-at"
    room.look(room.head, recording, 0, 50)
    assert web.ask(who, "POST", review, said)[0] == 204
    (line,) = web.get(who, path)["recordings"]
    assert (line["outcome"], line["seen_bytes"], len(line["looks"])) == ("in-order", 50, 1)
    assert [one["reviewed"] for one in web.get(who, "samples")] == [1]


def test_strangers_and_wrong_words_are_refused(room: SampleRoom, web: Web) -> None:
    one = room.commit()
    other = room.add(Role.UNIT_HEAD, where=room.beside)
    assert web.ask(other, "GET", f"samples/{one.id}")[0] == 404
    assert web.ask(room.wearer.id, "GET", "samples")[0] == 403
    new = {"unit": room.unit.id, "since": "2026-01-01", "until": "2026-01-02"}
    assert web.ask(room.head.id, "POST", "samples", new)[0] == 422
    assert web.ask(room.head.id, "POST", "samples", new | {"seed": "00"})[0] == 422


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_has_no_place_in_utc_is_malformed(room: SampleRoom, web: Web, instant: str) -> None:
    good = {"unit": room.unit.id, "since": to_text(room.later(days=1)), "until": to_text(room.later(days=2))}
    before = room.rows()
    for field in ("since", "until"):
        assert web.ask(room.head.id, "POST", "samples", {**good, field: instant})[0] == 422
    assert room.rows() == before
