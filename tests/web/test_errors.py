"""Errors are problem documents (RFC 9457): a stable code, Chinese first, no word about our insides."""

from __future__ import annotations

import json
import re

import pytest

from evidence.domain.rights import Action
from tests.permissions.reading import ROUTES
from tests.service_process import ServiceProcess
from tests.web.talk import Answer, Dock, ask, raw

TITLE = re.compile(r"[\u4e00-\u9fff][^/]* / [a-z].*[^.]", re.ASCII)
INSIDES = re.compile(
    rb"Traceback|File \"|\.py\b|sqlite|sqlalchemy|uvicorn|starlette|fastapi|python|0\.1\.0", re.IGNORECASE
)

FORM = "Content-Type: application/x-www-form-urlencoded"


def check(answer: Answer, status: int, code: str) -> None:
    """Check the form of a problem document."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["type"] == f"urn:evidence:problem:{code}"
    assert TITLE.fullmatch(answer.json["title"]), answer.json["title"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "server" not in answer.headers
    assert not INSIDES.search(answer.body), answer.body


def test_no_token_is_401_and_says_which_kind_of_token_is_wanted(service: ServiceProcess) -> None:
    answer = ask(service.port, "GET", "/api/v1/recordings")
    check(answer, 401, "not-signed-in")
    assert answer.headers["www-authenticate"] == 'Bearer realm="evidence"'


def test_what_is_not_there_is_404(service: ServiceProcess) -> None:
    token = service.admin_token
    check(ask(service.port, "GET", "/nowhere", token), 404, "not-found")
    for unknown in ("0" * 32, "x", "0" * 31 + "G", "..", "%2e%2e", "%00", "é", "0" * 4000):
        path = f"/api/v1/recordings/{unknown}"
        if unknown == "é":
            path = "/api/v1/recordings/%C3%A9"
        for tail in ("", "/manifest", "/original", "/findings"):
            answer = ask(service.port, "GET", path + tail, token)
            assert answer.status == 404, (path, tail, answer)
            assert answer.code in ("not-found", "recording-not-found")


def test_another_method_is_405_and_the_right_ones_are_told(service: ServiceProcess) -> None:
    for method, path, allowed in (
        ("PUT", "/api/v1/recordings", {"GET"}),
        ("POST", "/api/v1/gaps", {"GET"}),
        ("GET", "/api/v1/cards", {"POST"}),
    ):
        answer = ask(service.port, method, path, service.admin_token)
        check(answer, 405, "method-not-allowed")
        assert {one.strip() for one in answer.headers["allow"].split(",")} == allowed


BAD_BODIES = {
    "nothing": b"",
    "no json": b"{",
    "a list": b"[]",
    "a number": b"1",
    "not utf-8": b'{"name":"\xff"}',
    "a lone surrogate": b'{"name":"\\ud800"}',
    "an unknown key": b'{"name":"x","role":"administrator"}',
    "an unknown key that no UTF-8 holds": b'{"name":"x","\\ud800":1}',
    "an empty name": b'{"name":""}',
    "another type": b'{"name":1}',
    "very deep": b"[" * 65_000,
    "very deep inside": b'{"name":' + b"[" * 60_000,
    "a huge number": b'{"name":' + b"9" * 10_000 + b"}",
    "not a number": b'{"name":NaN}',
    "a long name": b'{"name":"' + b"x" * 201 + b'"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
@pytest.mark.parametrize("path", ["/api/v1/docks", "/api/v1/cards"])
def test_a_body_that_is_not_what_is_asked_for_is_422(
    service: ServiceProcess, dock: Dock, path: str, body: bytes
) -> None:
    token = service.admin_token if path.endswith("docks") else dock.token
    before = ask(service.port, "GET", "/api/v1/docks", service.admin_token).body
    answer = ask(service.port, "POST", path, token, {"Content-Type": "application/json"}, body)
    check(answer, 422, "invalid-request")
    assert len(answer.body) < 10_000
    assert ask(service.port, "GET", "/api/v1/docks", service.admin_token).body == before


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_a_web_page_could_send_unasked_is_415(service: ServiceProcess, kind: str) -> None:
    answer = ask(
        service.port, "POST", "/api/v1/docks", service.admin_token, {"Content-Type": kind}, b'{"name":"y"}'
    )
    check(answer, 415, "wrong-content-type")


@pytest.mark.parametrize("name", [" ", "\u3000", "a\0b", "a\nb", "\u202eb"])
def test_a_dock_needs_a_name_that_can_be_read(service: ServiceProcess, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    answer = ask(
        service.port, "POST", "/api/v1/docks", service.admin_token, {"Content-Type": "application/json"}, body
    )
    check(answer, 400, "invalid-name")


def test_a_name_that_is_taken_is_409(service: ServiceProcess) -> None:
    for status in (201, 409):
        answer = ask(
            service.port,
            "POST",
            "/api/v1/docks",
            service.admin_token,
            {"Content-Type": "application/json"},
            '{"name":"一号采集站"}'.encode(),
        )
        assert answer.status == status
    check(answer, 409, "name-taken")


def test_an_unknown_severity_is_422(service: ServiceProcess) -> None:
    check(ask(service.port, "GET", "/api/v1/findings?least=none", service.admin_token), 422, "unknown-word")


@pytest.mark.parametrize(
    ("line", "lines", "status"),
    [
        ("POST /sign-in", "Host: x\nOrigin: http://[\nContent-Length: 0", 403),
        ("POST /sign-in", "Host: [\nOrigin: http://[\nSec-Fetch-Site: same-origin\nContent-Length: 0", 403),
        ("POST /sign-in", f"Host: x\nSec-Fetch-Site: same-origin\n{FORM}\nContent-Length: {'0' * 5000}", 413),
        ("GET http://[/account", "Host: x", 400),
    ],
    ids=["origin", "host", "length", "address"],
)
def test_a_head_that_cannot_be_read_is_refused_and_no_fault_of_ours(
    service: ServiceProcess, line: str, lines: str, status: int
) -> None:
    logged = len(service.output())
    with raw(service.port, f"{line} HTTP/1.1\n{lines}\n\n") as sent:
        assert sent.recv(65536).split(b" ")[1] == b"%d" % status
    check(ask(service.port, "GET", "/nowhere"), 404, "not-found")
    assert "Traceback" not in service.output()[logged:]


def test_every_answer_carries_the_protective_headers(service: ServiceProcess, dock: Dock) -> None:
    for route, action in ROUTES.items():
        method, path = route.split()
        token = dock.token if action in (Action.SEND_RECORDING, Action.ANNOUNCE_CARD) else service.admin_token
        for credential in (token, None):
            answer = ask(service.port, method, re.sub(r"\{\w+\}", "none", path), credential)
            assert answer.status < 500, route
            for name in (
                "x-content-type-options",
                "referrer-policy",
                "strict-transport-security",
                "x-frame-options",
                "content-security-policy",
                "cache-control",
            ):
                assert name in answer.headers, route
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store", route
            assert "access-control-allow-origin" not in answer.headers
            assert "server" not in answer.headers
