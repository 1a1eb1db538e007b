"""The OpenAPI document is whole, and nothing that a client can send makes the service stumble."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.domain.rights import Action
from tests.house.test_routes import PAGES
from tests.permissions.reading import ROUTES
from tests.service_process import ServiceProcess
from tests.web.talk import Dock, ask

FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def schema(service: ServiceProcess) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = ask(service.port, "GET", "/openapi.json")
    assert answer.status == 200
    document: dict[str, Any] = answer.json
    return document


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations by "METHOD path"."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_lists_every_route(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(operations(schema)) == set(ROUTES) - PAGES, "pages are for people"


def test_every_operation_says_what_it_does_and_whether_it_wants_a_token(schema: dict[str, Any]) -> None:
    (scheme,) = schema["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for route, operation in operations(schema).items():
        assert operation["description"], route
        public = ROUTES[route] is Action.READ_PUBLIC
        assert bool(operation.get("security")) is not public, route


def test_every_reference_in_the_document_points_to_something_in_it(schema: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                target: Any = schema
                for part in value["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for one in value.values():
                walk(one)

    walk(schema)
    body = operations(schema)["POST /api/v1/cards"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["required"]) == {"device", "wearer", "files"}
    assert set(body["properties"]["files"]["items"]["properties"]) == {"name", "size", "modified"}


VISIBLE = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60
)
TUS_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Upload-Length": VISIBLE | st.integers(-5, 2**70).map(str),
        "Upload-Offset": VISIBLE | st.integers(-5, 2**70).map(str),
        "Upload-Metadata": VISIBLE
        | st.lists(st.tuples(st.text(string.ascii_lowercase, max_size=9), VISIBLE).map(" ".join)).map(
            ",".join
        ),
        "Upload-Checksum": VISIBLE | st.text(string.ascii_letters + "=", max_size=9).map("sha256 {}".format),
        "Content-Type": VISIBLE | st.just("application/offset+octet-stream"),
        "Range": VISIBLE
        | st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda r: f"bytes={r[0]}-{r[1]}"),
        "Tus-Resumable": st.just("1.0.0") | VISIBLE,
        "Upload-Defer-Length": VISIBLE,
        "Accept-Encoding": VISIBLE,
    },
)


@QUICK
@given(route=st.sampled_from(sorted(ROUTES)), headers=TUS_HEADERS, tail=VISIBLE, body=st.binary(max_size=50))
def test_no_headers_make_the_service_stumble(
    service: ServiceProcess, dock: Dock, route: str, headers: dict[str, str], tail: str, body: bytes
) -> None:
    method, path = route.split()
    safe = "".join(
        letter if letter.isalnum() and letter.isascii() else f"%{ord(letter):02X}" for letter in tail
    )
    path = (
        path.replace("{upload_id}", safe or "0").replace("{recording_id}", safe or "0")
        + f"?least={safe}&device={safe}"
    )
    sent = {name: value.encode("latin-1").decode("latin-1").strip() for name, value in headers.items()}
    for token in (dock.token, service.admin_token):
        assert ask(service.port, method, path, token, sent, body).status < 500


TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
TIMES = (
    st.datetimes().map(lambda t: t.isoformat())
    | st.datetimes().map(lambda t: t.isoformat() + "+08:00")
    | JSON
)
FILES = st.fixed_dictionaries(
    {"name": TEXT | JSON, "size": st.integers(-1, 2**64) | JSON}, optional={"modified": TIMES}
)
CARDS = st.fixed_dictionaries(
    {"device": TEXT | JSON, "wearer": TEXT | JSON, "files": st.lists(FILES, max_size=3) | JSON},
    optional={
        "clock_offset_ms": st.integers() | JSON,
        "labels": st.dictionaries(TEXT, TEXT, max_size=3) | JSON,
        "x": JSON,
    },
)


@QUICK
@given(body=CARDS | JSON)
def test_no_card_makes_the_service_stumble(service: ServiceProcess, dock: Dock, body: object) -> None:
    text = json.dumps(body).encode()
    answer = ask(
        service.port, "POST", "/api/v1/cards", dock.token, {"Content-Type": "application/json"}, text
    )
    assert answer.status in (201, 400, 422), (answer, text)


@FEW
@given(
    card=st.fixed_dictionaries(
        {
            "device": st.just("fuzzed"),
            "wearer": TEXT.filter(bool),
            "clock_offset_ms": st.integers(-(10**12), 10**12),
            "files": st.lists(
                st.fixed_dictionaries(
                    {
                        "name": TEXT.filter(bool),
                        "size": st.integers(0, 2**63 - 1),
                        "modified": st.datetimes().map(lambda t: t.isoformat() + "+08:00"),
                    }
                ),
                max_size=2,
                unique_by=lambda file: file["name"],
            ),
        }
    )
)
def test_whatever_card_is_taken_the_reports_can_still_be_read(
    service: ServiceProcess, dock: Dock, card: object
) -> None:
    text = json.dumps(card).encode()
    answer = ask(
        service.port, "POST", "/api/v1/cards", dock.token, {"Content-Type": "application/json"}, text
    )
    assert answer.status in (201, 400), (answer, text)
    for report in ("deadlines", "gaps"):
        assert ask(service.port, "GET", f"/api/v1/{report}", service.admin_token).status == 200, text
