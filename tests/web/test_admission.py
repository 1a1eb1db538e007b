"""Every route × every kind of caller, from the census of routes; no other way in than the token."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.domain.access import ANYONE, Caller, may
from evidence.domain.audit import Act
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind
from tests import forms, inside
from tests.house.test_routes import PAGES
from tests.permissions.reading import ROUTES
from tests.service_process import ServiceProcess
from tests.simulators.card import content
from tests.web.talk import OCTETS, Dock, ask, metadata

CENSUS: dict[str, Action] = {route: one for route, one in ROUTES.items() if route not in PAGES}
CALLERS = {
    "no token": ANYONE,
    "wrong token": ANYONE,
    "dock": Caller("d", Kind.DOCK),
    "administrator": Caller("a", Kind.INTEGRATION, scopes=TOKEN_SCOPES),
}
NUMBERS = itertools.count()
# What a request that is allowed and well made is answered, where it is not 200.
DONE = {
    "OPTIONS /api/v1/uploads": 204,
    "POST /api/v1/uploads": 201,
    "PATCH /api/v1/uploads/{upload_id}": 204,
    "DELETE /api/v1/uploads/{upload_id}": 204,
    "POST /api/v1/cards": 201,
    "POST /api/v1/docks": 201,
    "DELETE /api/v1/docks/{dock_id}": 204,
    "PUT /api/v1/docks/{dock_id}/devices": 204,
    "GET /api/v1/gaps/{gap}/explanations": 404,  # nobody has explained anything
    "GET /api/v1/faults/{file_id}": 404,  # nor opened a file
    "POST /api/v1/checkpoints": 400,  # what is sent here is none of ours
    "POST /api/v1/proofs": 400,
    "GET /api/v1/recordings/{recording_id}/certificate": 409,  # it was not destroyed
    "GET /api/v1/recordings/{recording_id}/certificate/printed": 409,
    "POST /api/v1/shared/open": 403,  # not from a page of this service
    "GET /api/v1/shared/files/{number}": 403,  # nothing was opened
}


@pytest.fixture(scope="module")
def sealed(service: ServiceProcess, token: str) -> Mapping[str, str]:
    """An upload that became a recording: the ids of both; the year of the log; all of it published."""
    dock = Dock(service, token)
    path = dock.open(1000)
    assert dock.patch(path, 0, content(1000)).status == 204
    upload, recording = path.rsplit("/", 1)[1], dock.receipt(path)["recording"]
    assert ask(service.port, "GET", "/api/v1/recordings", service.admin_token).status == 200
    year = str(datetime.now(UTC).year)
    for published in ("logs/custody/checkpoint", f"logs/access/{year}/checkpoint", f"uploads/{upload}/proof"):
        deadline = time.monotonic() + 120 * forms.PATIENCE  # a loaded machine publishes late
        while ask(service.port, "GET", f"/api/v1/{published}", token).status != 200:
            assert time.monotonic() < deadline, published
            time.sleep(0.2)
    return {"upload_id": upload, "recording_id": recording, "year": year}


def credential(who: str, service: ServiceProcess, token: str) -> str | None:
    """Return the token with which this caller comes."""
    return {"no token": None, "wrong token": "w" * 43, "dock": token, "administrator": service.admin_token}[
        who
    ]


def request(
    route: str, dock: Dock, sealed: Mapping[str, str]
) -> tuple[str, str, dict[str, str], bytes | None]:
    """Return a request for a route that is well made: method, path, headers, body."""
    method, path = route.split()
    headers, body = {"Tus-Resumable": "1.0.0"}, None
    if "{dock_id}" in path:
        path = path.replace("{dock_id}", new_dock(dock.service)["id"])
        if method == "PUT":
            headers["Content-Type"] = "application/json"
            body = json.dumps({"devices": [dock.device]}).encode()
    elif method in ("PATCH", "DELETE", "HEAD"):
        path = path.replace("{upload_id}", dock.open(4).rsplit("/", 1)[1])
        headers |= {"Content-Type": OCTETS, "Upload-Offset": "0"}
        body = b"abcd" if method == "PATCH" else None
    elif route == "POST /api/v1/uploads":
        told = metadata(filename="a.mp4", device=dock.device, wearer="012345")
        headers |= {"Upload-Length": "4", "Upload-Metadata": told}
    elif method == "POST":
        card = {"device": dock.device, "wearer": "012345", "files": [{"name": "a.mp4", "size": 4}]}
        named = {"name": f"made {next(NUMBERS)}"}
        headers["Content-Type"] = "application/json"
        asked = {"cards": card, "receipts": {"uploads": [sealed["upload_id"]]}}
        body = json.dumps(asked.get(path.rpartition("/")[2], named)).encode()
    for name, value in sealed.items():
        path = path.replace("{" + name + "}", value)
    if path.endswith("/consistency"):
        newest = ask(dock.service.port, "GET", path.replace("consistency", "checkpoint"), dock.token)
        size = newest.body.split(b"\n")[1].decode()
        path += f"?old={size}&new={size}"
    return method, path, headers, body


def new_dock(service: ServiceProcess) -> dict[str, str]:
    """Add a dock over HTTP; return its id, name and token."""
    body = json.dumps({"name": f"made {next(NUMBERS)}"}).encode()
    kind = {"Content-Type": "application/json"}
    answer = ask(service.port, "POST", "/api/v1/docks", service.admin_token, kind, body)
    assert answer.status == 201, answer
    made: dict[str, str] = answer.json
    return made


# What a refused request must not change, and after it what may: refusals in the log, uploads not yet sealed.
COUNTED = (
    *(f"SELECT count(*) FROM {table}" for table in ("upload", "card", "announced", "recording", "claim")),
    "SELECT count(*) FROM account",
    "SELECT count(revoked_at) FROM account",
    "SELECT sum(\"offset\") FROM upload WHERE state = 'receiving'",
    f"SELECT count(*) FROM audit_entry WHERE act = '{Act.DENIED}'",
    "SELECT count(*) FROM upload WHERE state = 'complete'",
)


def traces(site: Path) -> tuple[tuple[object, ...], int, int]:
    """Return what a refused request must not change, and how many refusals the log has and how many uploads
    are not sealed yet. All in one statement: to open a database takes far longer than to count.
    """
    ((*counts, denied, unsealed),) = inside.rows(site, f"SELECT {', '.join(f'({one})' for one in COUNTED)}")
    staged = sorted((path.name, path.stat().st_size) for path in (site / "staging").iterdir())
    return (*counts, staged), denied, unsealed


def traces_at_rest(site: Path) -> tuple[tuple[object, ...], int]:
    """Wait until what earlier requests completed is sealed, so that what changes afterwards is ours; return
    what there is then.
    """
    deadline = time.monotonic() + 120 * forms.PATIENCE  # a loaded machine publishes late
    while (found := traces(site))[2]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found[:2]


@pytest.mark.parametrize("route", sorted(CENSUS))
def test_each_caller_may_what_the_table_of_roles_says_and_nothing_else(
    route: str, service: ServiceProcess, token: str, sealed: Mapping[str, str], site: Path
) -> None:
    for who, caller in CALLERS.items():
        dock = Dock(service, token)
        method, path, headers, body = request(route, dock, sealed)
        before, denied = traces_at_rest(site)
        answer = ask(service.port, method, path, credential(who, service, token), headers, body)
        if may(caller, CENSUS[route]):
            assert answer.status == DONE.get(route, 200), (who, answer)
            continue
        known = caller is not ANYONE
        assert answer.status == (403 if known else 401), (who, answer)
        if method != "HEAD":
            assert answer.code == ("not-permitted" if known else "not-signed-in"), who
        after, denied_after, _ = traces(site)
        assert after == before, who
        assert denied_after - denied == known, f"the refusal of an account we know is logged: {who}"


def test_the_matrix_denies_and_admits_each_role_somewhere() -> None:
    for caller in (CALLERS["dock"], CALLERS["administrator"]):
        answers = {may(caller, action) for action in CENSUS.values()}
        assert answers == {True, False}, caller
    assert sum(may(ANYONE, action) for action in CENSUS.values()) == 13, (
        "health, ready, schema, keys, trust file, checkpoints and their consistency, options, what was shared"
    )


SPOOFS: dict[str, dict[str, str]] = {
    "forwarded for this machine": {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
    "forwarded user": {
        "X-Forwarded-User": "administrator",
        "X-Remote-User": "administrator",
        "Remote-User": "root",
    },
    "forwarded": {"Forwarded": "for=127.0.0.1;host=localhost;proto=https", "X-Forwarded-Proto": "https"},
    "host": {"Host": "localhost", "X-Forwarded-Host": "localhost"},
    "another path": {
        "X-Original-URL": "/health",
        "X-Rewrite-URL": "/health",
        "X-Forwarded-Prefix": "/health",
    },
    "another method": {"X-HTTP-Method-Override": "OPTIONS", "X-HTTP-Method": "OPTIONS"},
}


@pytest.mark.parametrize("spoof", SPOOFS)
def test_headers_that_any_client_can_set_open_nothing(
    spoof: str, service: ServiceProcess, sealed: Mapping[str, str]
) -> None:
    for path in (
        "/api/v1/recordings",
        f"/api/v1/recordings/{sealed['recording_id']}/original",
        "/api/v1/docks",
    ):
        answer = ask(service.port, "GET", path, headers=SPOOFS[spoof])
        assert (answer.status, answer.code) == (401, "not-signed-in")


def test_a_foreign_host_never_comes_back_in_an_answer(service: ServiceProcess, dock: Dock) -> None:
    foreign = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    created = dock.create(1, **{name.replace("-", "_"): value for name, value in foreign.items()})
    assert created.status == 201
    assert created.headers["location"].startswith("/api/v1/uploads/")
    for path in (
        "/api/v1/uploads/",
        "/api/v1/recordings/",
        "//evil.example/",
        "/health/",
        "/api/v1/../v1/recordings",
    ):
        answer = ask(service.port, "GET", path, service.admin_token, foreign)
        assert (answer.status, answer.code) in ((404, "not-found"), (405, "method-not-allowed")), path
        assert "evil.example" not in str(answer.headers)


def test_a_token_in_the_address_is_no_token(service: ServiceProcess, sealed: Mapping[str, str]) -> None:
    token = service.admin_token
    for query in (
        f"token={token}",
        f"access_token={token}",
        f"auth={token}",
        f"authorization=Bearer%20{token}",
    ):
        assert ask(service.port, "GET", f"/api/v1/recordings?{query}").status == 401
    assert ask(service.port, "GET", f"/api/v1/recordings/{token}").status == 401


def test_a_revoked_dock_is_a_stranger_at_its_next_request(service: ServiceProcess) -> None:
    made = new_dock(service)
    dock = Dock(service, made["token"])
    path = dock.open(4)
    revoking = f"/api/v1/docks/{made['id']}"
    assert ask(service.port, "DELETE", revoking, made["token"]).status == 403, "not even its own"
    assert ask(service.port, "DELETE", revoking, service.admin_token).status == 204
    assert dock.patch(path, 0, b"abcd").status == 401
    assert dock.create(4).status == 401
    for gone in (revoking, f"/api/v1/docks/{'0' * 32}", "/api/v1/docks/x"):
        assert ask(service.port, "DELETE", gone, service.admin_token).code == "dock-not-found"


def test_tokens_stand_nowhere_in_the_data_folder_or_in_what_the_service_writes(
    service: ServiceProcess, token: str, dock: Dock, site: Path
) -> None:
    ask(service.port, "GET", f"/api/v1/recordings?token={token}", service.admin_token)
    dock.open(10)
    written = inside.written(site)
    assert any(b"administrator" in body for body in written.values()), "the database was read"
    for secret in (token, service.admin_token, *forms.passwords()):
        assert secret not in service.output()
        for name, body in written.items():
            assert secret.encode() not in body, name
