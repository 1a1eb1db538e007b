"""S01: what the OpenAPI document lets a client send, and what it does not, three kinds of callers send: no
answer is a fault of ours, and each has a status that the document names.

Two cases for each route, caller and way of making them, by the seed that is printed at the beginning; four in
`./dev.sh test --grown`. More of it: EVIDENCE_SCHEMA_CASES=100.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from evidence.web.app import create_app
from tests import forms
from tests.permissions.asking import credential
from tests.permissions.room import Persona, Room

CASES = int(os.environ.get("EVIDENCE_SCHEMA_CASES", "4" if forms.WHOLE else "2"))
CALLERS = ("dock", "token for everything", "officer as custodian everywhere")
DOCUMENT = create_app(None, start_workers=False).openapi()  # type: ignore[arg-type]
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
}
TRIED = Counter[int]()
MADE = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def requests_of(route: str) -> Iterator[Any]:
    """Yield the ways of making requests to a route: as the document says, and not so."""
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        yield OPERATIONS[route].as_strategy(generation_mode=mode)


def send(room: Room, persona: Persona, case: Any) -> tuple[int, bytes, str]:
    """Send a made request; return status, body and media type."""
    query = urlencode({key: str(value) for key, value in (case.query or {}).items()}, errors="replace")
    target = quote(str(case.formatted_path), safe="/%", errors="replace") + (f"?{query}" if query else "")
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": str(case.media_type or "application/json")}
    headers |= {str(name): quote(str(text), errors="replace") for name, text in (case.headers or {}).items()}
    body = b"" if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode()
    answer = room.line.ask(case.method.upper(), target, {**headers, **credential(room, persona)}, body)
    return answer.status, answer.body, answer.headers.get("content-type", "")


def is_named(route: str, status: int) -> bool:
    """Whether the document names a status for a route."""
    named = OPERATIONS[route].definition.raw["responses"]
    return str(status) in named or f"{status // 100}XX" in named


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_no_request_makes_the_service_stumble_or_gets_a_status_that_is_not_named(
    room: Room, personas: list[Persona], route: str
) -> None:
    callers = [one for one in personas if one.name in CALLERS]
    assert len(callers) == len(CALLERS)

    def check(case: Any) -> None:
        for persona in callers:
            status, body, kind = send(room, persona, case)
            TRIED[status] += 1
            assert status < 500, (route, persona.name, case, body)
            assert is_named(route, status), (route, persona.name, status)
            if status >= 400:
                assert kind == "application/problem+json", (route, status, kind)

    for made in requests_of(route):
        try:
            MADE(given(case=made)(check))()
        except Unsatisfiable:
            raw = OPERATIONS[route].definition.raw
            of_text = {"type": "string"}  # every text is one, in a path
            given_ = [one["schema"] for one in raw.get("parameters", ())]
            assert all(of_text.items() <= one.items() for one in given_), "nothing in it can be made wrong"
            assert "requestBody" not in raw


def test_everything_was_tried() -> None:
    print(dict(TRIED))
    assert not TRIED or TRIED.total() >= 10 * CASES
