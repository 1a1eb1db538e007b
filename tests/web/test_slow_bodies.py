"""Who is switched off while the body of a request is on its way does nothing by it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Request

from evidence.domain.rights import Role
from evidence.web import bodies
from tests.service_process import ServiceProcess
from tests.web.browser import OPERATOR, ORIGIN, PASSWORD, Browser, WebRoom
from tests.web.talk import OCTETS, Dock, raw, read_answer

NUMBER = "012345"
TABLE = "编号,人员类别,单位\n098765,执法人员,agency\n"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[WebRoom]:
    room = WebRoom(tmp_path / "site")
    room.add_person(NUMBER, Role.UNIT_HEAD)
    room.add_person("000002", Role.SECURITY_ADMINISTRATOR)
    yield room
    room.site.database.close()


def _switch_off_meanwhile(monkeypatch: pytest.MonkeyPatch, room: WebRoom, number: str) -> None:
    """Have an account switched off when the last byte of a body has come, after a long time."""
    read = bodies._read

    async def slowly(request: Request, most_bytes: int) -> bytes:
        body = await read(request, most_bytes)
        room.application.account_desk.disable(OPERATOR, number)
        return body

    monkeypatch.setattr(bodies, "_read", slowly)
    monkeypatch.setattr(bodies, "ASKED_AGAIN_S", 0.0)


@pytest.mark.parametrize(
    ("number", "path", "kind", "body"),
    [
        (NUMBER, "/api/v1/cases", "application/json", '{"number": "案 1", "unit": "%s"}'),
        ("000002", "/api/v1/people/table?apply=true", "text/csv", TABLE),
        (NUMBER, "/account/second-factor", "application/x-www-form-urlencoded", f"old={PASSWORD}&csrf=%s"),
    ],
    ids=["json", "table", "form"],
)
def test_an_account_that_is_off_before_the_body_is_there_does_nothing(
    room: WebRoom, monkeypatch: pytest.MonkeyPatch, number: str, path: str, kind: str, body: str
) -> None:
    browser = Browser(room)
    browser.take(room, number)
    csrf = browser.csrf()
    filled = body % (csrf if "form" in kind else room.agency.id) if "%s" in body else body
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": kind}
    if "form" not in kind:
        headers["x-csrf-token"] = csrf
    offers = room.dump().count("'enrol'")
    _switch_off_meanwhile(monkeypatch, room, number)
    answer = browser.client.post(path, content=filled.encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    stands = room.dump()
    assert "案 1" not in stands
    assert "098765" not in stands
    assert stands.count("'enrol'") == offers


def test_a_token_that_is_revoked_before_the_body_is_there_does_nothing(service: ServiceProcess) -> None:
    made = json.loads(service.command("tokens", "add", "slow", "--scope", "manage-docks", "--json"))
    body = json.dumps({"name": "dock of nobody"})
    lines = (
        f"Authorization: Bearer {made['token']}\nContent-Type: application/json\nContent-Length: {len(body)}"
    )
    with raw(service.port, f"POST /api/v1/docks HTTP/1.1\nHost: x\n{lines}\n\n") as line:
        line.sendall(body[:3].encode())
        service.command("tokens", "revoke", made["id"])
        time.sleep(bodies.ASKED_AGAIN_S)
        line.sendall(body[3:].encode())
        assert read_answer(line).status == 401
    assert "dock of nobody" not in service.command("docks", "list")


def test_a_dock_that_is_revoked_while_it_sends_adds_nothing_more(service: ServiceProcess) -> None:
    made = json.loads(service.command("docks", "add", "slow dock", "--json"))
    dock = Dock(service, made["token"])
    path = dock.open(100)
    lines = f"Authorization: Bearer {made['token']}\nTus-Resumable: 1.0.0\nContent-Type: {OCTETS}"
    head = f"PATCH {path} HTTP/1.1\nHost: x\n{lines}\nUpload-Offset: 0\nContent-Length: 100\n\n"
    with raw(service.port, head) as line:
        line.sendall(b"x" * 10)
        service.command("docks", "revoke", made["id"])
        time.sleep(bodies.ASKED_AGAIN_S)
        line.sendall(b"x" * 90)
        assert read_answer(line).status == 401
    upload = path.rsplit("/", 1)[1]
    assert service.get(f"/api/v1/uploads/{upload}/receipt", service.admin_token)[0] == 425
