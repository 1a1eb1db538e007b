"""S14 and S02: a body with a field that nobody asked for is refused; names are data, never paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.rights import Kind
from evidence.web.app import create_app
from tests.permissions import oracle
from tests.permissions.asking import credential
from tests.permissions.reading import ROUTES
from tests.permissions.room import ABSENT, Persona, Room
from tests.web.talk import metadata

EXTRA = ("is_administrator", "role", "id", "account_id", "unit_path", "scopes", "__proto__")


def with_bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the routes that read JSON, each with the schema of it."""
    schema = create_app(None, start_workers=False).openapi()  # type: ignore[arg-type]
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            content = about.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{method.upper()} {path}", content["application/json"]["schema"]


BODIES = dict(with_bodies())


def a_value(schema: dict[str, Any]) -> Any:
    """Return something of a schema's form, as small as may be."""
    if "anyOf" in schema:
        return a_value(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: a_value(parts[name]) for name in schema.get("required", ())}
        case "array":
            return [a_value(schema["items"])] * max(1, schema.get("minItems", 0))
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return "x" * max(1, schema.get("minLength", 1))


def who_may(route: str, room: Room, personas: list[Persona]) -> Persona:
    """Somebody whom the table lets ask a route."""
    bars = room.site.bars()
    return next(
        one
        for one in personas
        if one.caller.kind is not Kind.ANYONE and oracle.may_at_all(one.caller, ROUTES[route], bars)
    )


@pytest.mark.parametrize("route", sorted(BODIES))
def test_a_field_that_nobody_asked_for_is_refused_by_name(
    room: Room, personas: list[Persona], route: str
) -> None:
    method, path = route.split()
    while "{" in path:
        path = path[: path.index("{")] + ABSENT + path[path.index("}") + 1 :]
    ours = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    headers = {**ours, **credential(room, who_may(route, room, personas))}
    body = a_value(BODIES[route])
    for extra in EXTRA:
        if extra in BODIES[route].get("properties", {}):
            continue
        answer = room.line.ask(method, path, headers, json.dumps({**body, extra: "x"}).encode())
        assert answer.status == 422, (route, extra, answer)
        assert extra in answer.json["where"], answer


PARTS = (
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\x",
    "C:\\x",
    "a/../../b",
    "%2e%2e%2f",
    "%00",
    "..;/",
    "~root",
)
STRANGE = (
    "CON",
    "NUL.mp4",
    "a\u202egpm.exe",
    "\ufeffx",
    "＜script＞",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
)
LONG = ("x" * 4096, "../" * 1365, "\u0301" * 200, "é" * 1000)
RAW = (
    "a\0b",
    "a\r\nX-Evil: 1",
    "\x1b[2J",
    "\x7f",
    " ",
    ".",
    "..",
    "//",
    "-rf",
    "$(id)",
    "`id`",
    "'; DROP TABLE recording; --",
)
SUFFIXES = ("", ".mp4", "/a.mp4")
NAMES = [name + suffix for name in (*PARTS, *STRANGE, *LONG, *RAW) for suffix in SUFFIXES]
FIELDS = ("filename", "device", "wearer", "card", "label-case-number", "sha256")


def outside(room: Room) -> set[str]:
    """All files beside the data folder, and within it all whose names are not our own."""
    data = room.application.settings.data
    beside = {str(file) for file in data.parent.rglob("*") if data not in file.parents}
    staged = {file.name for file in (data / "staging").iterdir()}
    return beside | {name for name in staged if not set(name.split(".")[0]) <= set("0123456789abcdef")}


@pytest.mark.parametrize("field", FIELDS)
def test_no_name_leads_out_of_our_folders_or_into_an_answers_head(room: Room, field: str) -> None:
    before, taken = outside(room), 0
    folder = {str(file.relative_to(Path("/"))) for file in Path("/etc").glob("passwd*")}
    for number, name in enumerate(NAMES):
        told = {"filename": f"{field} {number}.mp4", "device": "names", "wearer": "1", field: name}
        pairs = metadata(**{key: text for key, text in told.items() if text})
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": pairs}
        credential_ = {"Authorization": f"Bearer {room.dock_token}"}
        answer = room.line.ask("POST", "/api/v1/uploads", {**headers, **credential_})
        assert answer.status in (201, 400, 409), (name, answer)
        assert "x-evil" not in answer.headers
        if answer.status == 201:
            taken += 1
            assert answer.headers["location"].startswith("/api/v1/uploads/")
            upload_id = answer.headers["location"].rsplit("/", 1)[1]
            assert len(upload_id) == 32
            assert set(upload_id) <= set("0123456789abcdef")
        else:
            assert answer.headers["content-type"] == "application/problem+json"
    assert outside(room) == before
    assert {str(file.relative_to(Path("/"))) for file in Path("/etc").glob("passwd*")} == folder
    assert (taken > 0) == (field not in ("sha256", "card")), "some names are only strange"


def test_the_corpus_is_large_enough() -> None:
    assert len(set(NAMES)) * len(FIELDS) >= 500
