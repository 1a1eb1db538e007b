"""A04: an id of another unit or another dock is answered like one that was never given out: same status, same
words, same traces in the log, same time.
"""

from __future__ import annotations

import statistics
import time

import pytest

from evidence.domain.access import Caller
from evidence.domain.rights import Action, Kind
from tests.builders import an_origin
from tests.permissions.asking import ask
from tests.permissions.reading import ROUTES, TABLE
from tests.permissions.room import ABSENT, OPERATOR, Persona, Room
from tests.permissions.test_matrix import POLICY_BLIND, is_about_one

FOREIGN = ("unit beside", "restricted, no reader", "nobody's unit")
UPLOADS = sorted(route for route in ROUTES if "{upload_id}" in route)


def entries(room: Room) -> int:
    """How many entries the log has."""
    with room.site.database.reading() as unit:
        return sum(unit.tree.size(log) for log in unit.tree.logs())


def told(room: Room, persona: Persona, route: str, one: str) -> tuple[object, ...]:
    """Status, headers, words and new entries, the id that was asked for put out of them."""
    before = entries(room)
    answer = ask(room, persona, route, one)
    body = answer.body.replace(one.encode(), b"ID")
    return answer.status, sorted(answer.headers), body, entries(room) - before


@pytest.mark.parametrize("route", sorted(route for route in ROUTES if is_about_one(route)))
def test_a_recording_of_another_unit_is_answered_like_none(
    room: Room, personas: list[Persona], route: str
) -> None:
    if route in POLICY_BLIND:
        pytest.skip("this route does not ask the policy about each recording yet (POLICY_BLIND)")
    for persona in (one for one in personas if one.name.endswith("in the unit")):
        room.take_place(persona.caller, ROUTES[route])
        absent = told(room, persona, route, ABSENT)
        for relation in FOREIGN:
            if "any-class" in TABLE[ROUTES[route]].rules and relation.startswith("restricted"):
                continue  # whoever answers for classes names readers there
            foreign = told(room, persona, route, room.recordings[relation])
            # 403: may not do this to any recording. 422: the request is wrong whatever it is about.
            assert foreign[0] in (404, 403, 422), (persona.name, relation, foreign)
            assert foreign == absent, (persona.name, relation)


@pytest.mark.parametrize("route", UPLOADS)
def test_an_upload_of_another_dock_is_answered_like_none(room: Room, route: str) -> None:
    name = f"other dock for {route}"
    other, token = room.application.accounts.add_dock(OPERATOR, name)
    stranger = Persona("other dock", other)
    room.callers["other-dock"] = other
    uploads, before = room.application.uploads, room.upload_id
    mine = uploads.create(room.dock, an_origin(f"{name}.mp4", size_bytes=4), None).id
    try:
        room.upload_id = ABSENT
        absent = ask(room, stranger, route)
        room.upload_id = mine
        foreign = ask(room, stranger, route)
    finally:
        room.upload_id = before
    assert token
    assert (foreign.status, sorted(foreign.headers)) == (absent.status, sorted(absent.headers))
    assert foreign.status == 404
    assert foreign.body.replace(mine.encode(), b"ID") == absent.body.replace(ABSENT.encode(), b"ID")
    assert uploads.status(room.dock, mine).offset == 0, "and nothing happened to it"


def test_ids_in_other_forms_find_nothing(room: Room, personas: list[Persona]) -> None:
    token = next(one for one in personas if one.name == "token for everything")
    one = room.recordings["own unit"]
    forms = (
        one.upper(),
        f"{one[:8]}-{one[8:]}",
        one[:-1],
        one + "0",
        f"{one}%00",
        f"%20{one}",
        f"..%2F{one}",
    )
    asked = [route for route in ROUTES if is_about_one(route) and "token" in TABLE[ROUTES[route]].rules]
    for route in (route for route in asked if route.startswith("GET")):
        for form in forms:
            if form.lower() != one or form != one:
                assert ask(room, token, route, form).status == 404, (route, form)


def test_a_foreign_id_takes_as_long_as_an_absent_one(room: Room, personas: list[Persona]) -> None:
    persona = next(one for one in personas if one.name == "officer as custodian in the unit")
    route = "GET /api/v1/recordings/{recording_id}/manifest"
    if route in POLICY_BLIND:
        pytest.skip("this route does not ask the policy about each recording yet (POLICY_BLIND)")
    times: dict[str, list[float]] = {ABSENT: [], room.recordings["unit beside"]: []}
    for _ in range(60):  # in turn, so that both meet the same weather
        for one, taken in times.items():
            started = time.perf_counter()
            assert ask(room, persona, route, one).status == 404
            taken.append(time.perf_counter() - started)
    absent, foreign = (statistics.median(taken) for taken in times.values())
    print(f"medians: absent {absent * 1000:.2f} ms, foreign {foreign * 1000:.2f} ms")
    assert 0.6 < foreign / absent < 1.7


def test_a_token_for_one_thing_opens_nothing_else(room: Room) -> None:
    for action in (Action.READ_FINDINGS, Action.READ_LOG, Action.MANAGE_DOCKS):
        room.callers["narrow"] = Caller("e" * 32, Kind.INTEGRATION, scopes=frozenset({action}))
        narrow = Persona("narrow", room.callers["narrow"])
        for route, needed in ROUTES.items():
            status = ask(room, narrow, route, room.recordings["own unit"]).status
            if needed not in (action, Action.READ_PUBLIC):
                assert status == 403, (action, route, status)
