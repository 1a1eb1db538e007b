"""Derivatives over HTTP: a proxy in ranges, orders, what strangers learn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evidence.domain.audit import Act
from evidence.domain.rights import Role
from evidence.service.court.derivatives import Derivatives
from evidence.service.site import Site
from evidence.web.app import create_app
from tests.builders import SmallSite
from tests.derivative_room import DerivativeRoom
from tests.web.test_oversight import SignIn, Web


@dataclass
class Application:
    """As much of an Application as these routes use."""

    site: Site
    derivatives: Derivatives
    accounts: SignIn


@pytest.fixture
def room(tmp_path: Path) -> DerivativeRoom:
    return DerivativeRoom(SmallSite(tmp_path, embedded=True))


@pytest.fixture
def web(room: DerivativeRoom) -> Web:
    application = Application(room.site, room.desk, SignIn(room))
    app = create_app(application, start_workers=False)  # type: ignore[arg-type]
    return Web(TestClient(app))


ORDER = {"operation": "clip", "title": "给某律师", "reason": "申请复制", "from_s": 0, "to_s": 1}


def test_a_proxy_comes_in_ranges_that_are_safe_to_show_and_marked(room: DerivativeRoom, web: Web) -> None:
    recording = room.film("avi")
    body = room.bytes_of(room.proxy(recording))
    head = {"Authorization": f"Bearer {room.wearer.id}", "Range": "bytes=10-19"}
    answer = web.client.get(f"/api/v1/recordings/{recording}/proxy", headers=head)
    assert (answer.status_code, answer.content) == (206, body[10:20])
    assert answer.headers["content-range"] == f"bytes 10-19/{len(body)}"
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["evidence-watermark"].startswith(f"{room.wearer.name} ")
    (entry,) = room.entries(Act.PLAY)
    assert entry["facts"] == {"derivative": "proxy", "start": 10, "end": 20, "purpose": None}
    whole = web.client.get(f"/api/v1/recordings/{recording}/proxy", headers={**head, "Range": ""})
    assert (whole.status_code, whole.content) == (200, body)
    beyond = {**head, "Range": f"bytes={len(body)}-"}
    assert web.client.get(f"/api/v1/recordings/{recording}/proxy", headers=beyond).status_code == 416
    assert len(room.entries(Act.PLAY)) == 2


def test_the_list_says_how_far_each_is_and_what_went_wrong(room: DerivativeRoom, web: Web) -> None:
    recording = room.film("avi", is_derived=False)
    path = f"recordings/{recording}"
    found = web.get(room.wearer.id, f"{path}/derivatives")
    assert found["plays"] is False
    (one,) = found["derivatives"]
    assert (one["operation"], one["state"], one["percent"], one["size"]) == ("proxy", "asked", None, None)
    assert web.ask(room.wearer.id, "GET", f"{path}/proxy")[1]["code"] == "proxy-not-ready"
    status, same = web.ask(room.custodian.id, "POST", f"{path}/proxy")
    assert (status, same["id"]) == (202, one["id"])
    broken = room.film("mp4", b"no media")
    assert web.ask(room.wearer.id, "GET", f"recordings/{broken}/proxy")[1]["code"] == "no-proxy"
    web.ask(room.custodian.id, "POST", f"recordings/{broken}/proxy")
    room.small.do_jobs()
    status, told = web.ask(room.wearer.id, "GET", f"recordings/{broken}/proxy")
    assert (status, told["code"], told["problem"]) == (409, "proxy-failed", "not-decodable")


def test_an_order_is_carried_out_and_its_copy_shown(room: DerivativeRoom, web: Web) -> None:
    recording = room.film("mp4")
    path = f"recordings/{recording}/derivatives"
    status, asked = web.ask(room.head.id, "POST", path, ORDER)
    assert (status, asked["state"], asked["words"]["title"]) == (202, "asked", "给某律师")
    assert web.ask(room.wearer.id, "GET", f"{path}/{asked['id']}/play")[1]["code"] == "derivative-not-made"
    room.small.do_jobs()
    (made,) = web.get(room.wearer.id, path)["derivatives"]
    assert (made["state"], made["words"], made["length_s"]) == ("made", {}, 1.0)
    head = {"Authorization": f"Bearer {room.wearer.id}"}
    answer = web.client.get(f"/api/v1/{path}/{made['id']}/play", headers=head)
    assert hashlib.sha256(answer.content).hexdigest() == made["sha256"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"operation": "proxy"}, 422, None),
        ({"reason": ""}, 422, None),
        ({"regions": [{"cover": "black"}]}, 422, None),
        ({"to_s": None}, 400, "order-wrong"),
        ({"from_s": 50, "to_s": 60}, 400, "order-wrong"),
    ],
)
def test_a_wrong_order_is_refused_and_asks_for_nothing(
    room: DerivativeRoom, web: Web, change: dict[str, object], status: int, code: str | None
) -> None:
    recording = room.film("mp4")
    found, told = web.ask(
        room.custodian.id, "POST", f"recordings/{recording}/derivatives", {**ORDER, **change}
    )
    assert found == status, told
    assert code is None or told["code"] == code
    assert room.made(recording) == []


def test_strangers_learn_nothing_and_officers_make_nothing(room: DerivativeRoom, web: Web) -> None:
    recording, nowhere = room.film("mp4"), "0" * 32
    stranger = room.new(Role.CUSTODIAN, where=room.beside).id
    for method, tail, body in (
        ("GET", "derivatives", None),
        ("POST", "derivatives", ORDER),
        ("POST", "proxy", None),
        ("GET", "proxy", None),
        ("GET", f"derivatives/{nowhere}/play", None),
    ):
        hidden = web.ask(stranger, method, f"recordings/{recording}/{tail}", body)
        absent = web.ask(stranger, method, f"recordings/{nowhere}/{tail}", body)
        assert hidden[0] == absent[0] == 404
        assert hidden[1]["code"] == absent[1]["code"] == "recording-not-found"
    assert web.ask(room.wearer.id, "POST", f"recordings/{recording}/derivatives", ORDER)[0] == 403
    assert room.made(recording) == []
