"""Tokens over HTTP: revoked ones and stolen docks are strangers within 5 seconds (drill S19)."""

from __future__ import annotations

import json
import time
from typing import Any

from tests import forms
from tests.service_process import ServiceProcess
from tests.web.talk import Dock, ask

WORTHLESS_WITHIN_S = 5


def made(service: ServiceProcess, name: str, *scopes: str) -> dict[str, Any]:
    """Make a token on the server's command line."""
    words = [word for scope in scopes for word in ("--scope", scope)]
    answer: dict[str, Any] = json.loads(service.command("tokens", "add", name, *words, "--json"))
    return answer


def seconds_until_refused(service: ServiceProcess, path: str, token: str) -> float:
    """Ask again and again until the token is refused."""
    began = time.monotonic()
    while ask(service.port, "GET", path, token).status != 401:
        assert time.monotonic() - began < WORTHLESS_WITHIN_S * forms.PATIENCE
    return time.monotonic() - began


def test_a_token_made_on_the_server_opens_what_it_is_for_and_is_worthless_once_revoked(
    service: ServiceProcess,
) -> None:
    token = made(service, "reader", "list-recordings", "read-findings")
    assert ask(service.port, "GET", "/api/v1/recordings", token["token"]).status == 200
    for path in ("/api/v1/docks", "/api/v1/tokens", "/api/v1/status"):
        refused = ask(service.port, "GET", path, token["token"])
        assert (refused.status, refused.code) == (403, "not-permitted"), path
    assert "reader" in service.command("tokens", "list")
    tokens = {one["id"]: one for one in json.loads(service.command("tokens", "list", "--json"))}
    listed = tokens[token["id"]]
    assert (bool(listed["used"]), "token" in listed) == (True, False)
    service.command("tokens", "revoke", "reader")
    assert seconds_until_refused(service, "/api/v1/recordings", token["token"]) < WORTHLESS_WITHIN_S


def test_a_token_manages_no_tokens_over_http(service: ServiceProcess) -> None:
    token = made(service, "manager", "manage-docks")
    body = json.dumps({"name": "x", "scopes": ["read-status"]}).encode()
    kind = {"Content-Type": "application/json"}
    for who in (token["token"], service.admin_token):
        refused = ask(service.port, "POST", "/api/v1/tokens", who, kind, body)
        assert (refused.status, refused.code) == (403, "not-permitted")
        assert ask(service.port, "DELETE", f"/api/v1/tokens/{token['id']}", who).status == 403
    assert ask(service.port, "GET", "/api/v1/docks", token["token"]).status == 200, "it is still in force"


def test_a_stolen_dock_sends_for_no_foreign_recorder_and_is_a_stranger_once_revoked(
    service: ServiceProcess,
) -> None:
    dock = Dock(service, service.add_dock("stolen"))
    service.command("docks", "bind", "stolen", "--device", dock.device)
    begun = dock.open(4)
    thief = Dock(service, dock.token)
    refused = thief.create(4)
    assert (refused.status, refused.code) == (403, "device-not-of-dock")
    own = Dock(service, service.add_dock("honest"))
    theirs = own.open(4)
    for method in ("HEAD", "DELETE"):
        assert thief.ask(method, theirs).status == 404
    assert thief.patch(theirs, 0, b"evil").code == "upload-not-found"
    assert own.offset(theirs) == 0
    service.command("docks", "revoke", "stolen")
    assert seconds_until_refused(service, f"{begun}/receipt", dock.token) < WORTHLESS_WITHIN_S
    for answer in (dock.patch(begun, 0, b"abcd"), dock.create(4), dock.ask("DELETE", begun)):
        assert (answer.status, answer.code) == (401, "not-signed-in")
    assert own.patch(theirs, 0, b"true").status == 204
