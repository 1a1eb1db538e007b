"""A02, A03: every route × everybody × everything they can have to do with a recording, against the reviewed
table. Relations matter to routes about recordings; for a list they are the rows that it shows or hides.

`./dev.sh test --whole` asks every cell. `./dev.sh test` asks all lists, and of the rest a lot: for each route
and person a sixth of the relations, for each route of the site a quarter of the people. The seed is printed.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter

from evidence.domain.access import Caller, Purpose, Why
from evidence.domain.rights import Action, Kind
from tests import forms
from tests.house.test_routes import PAGES
from tests.permissions import oracle
from tests.permissions.asking import ask
from tests.permissions.reading import ROUTES, TABLE, WITHIN
from tests.permissions.room import RELATIONS, Persona, Room

# Routes whose use case does not ask the policy about each recording yet. EMPTY when issue 5 is done.
POLICY_BLIND: set[str] = set()
STATES = {Why.UNDER_TRANSFER, Why.ON_HOLD}
SEED = random.SystemRandom().getrandbits(32)
NOT_SIGNED_IN = {401, 303}  # who looks at a page is sent to sign in
# What a caller who may is answered: done, or what is wrong with the request, which these tests hardly fill.
ADMITTED = {200, 201, 202, 204, 206, 400, 404, 409, 410, 411, 412, 415, 422, 425}


def expected(room: Room, caller: Caller, route: str, relation: str) -> set[int]:
    """What the table says a route about one recording answers."""
    action = ROUTES[route]
    if caller.kind is Kind.ANYONE:
        return NOT_SIGNED_IN
    if not oracle.may_at_all(caller, action, room.site.bars()):
        return {403}
    said = oracle.says(
        caller, action, room.standing_for(relation, caller, action), room.site.bars(), Purpose.CASE
    )
    if said is None:
        # What else a path names is not there: only who may learns that it is not.
        return ADMITTED if route.count("{") > 1 else ADMITTED - {404}
    why, hidden = said
    return {404} if hidden else {409} if why in STATES else {403}


def is_about_one(route: str) -> bool:
    """Whether a route is about the recording in its path by an action about recordings.

    The forms of pages come by cookie (tests/web/test_sign_in.py, tests/pages).
    """
    is_form = route in PAGES and not route.startswith("GET ")
    return "{recording_id}" in route and "recording" in TABLE[ROUTES[route]].rules and not is_form


def is_list(route: str) -> bool:
    """Whether a route shows recordings, or what belongs to them, of all that the caller may know of."""
    method, path = route.split()
    return method == "GET" and "{" not in path and "recording" in TABLE[ROUTES[route]].rules


def test_every_route_about_one_recording_answers_everybody_as_the_table_says(
    room: Room, personas: list[Persona]
) -> None:
    wrong, seen, chance = [], Counter[int](), random.Random(SEED)
    print(f"seed: {SEED}")
    routes = [route for route in ROUTES if is_about_one(route)]
    for persona, action in itertools.product(personas, sorted({ROUTES[route] for route in routes})):
        room.take_place(persona.caller, action)
        barred = not oracle.may_at_all(persona.caller, action, room.site.bars())
        for route in (route for route in routes if ROUTES[route] is action and route not in POLICY_BLIND):
            # Who may not at all is refused before anything is looked up.
            few = 1 if barred else len(RELATIONS) // 6
            asked = RELATIONS if forms.WHOLE else chance.sample(RELATIONS, few)
            for relation, recording in ((one, room.recordings[one]) for one in asked):
                answer = ask(room, persona, route, recording)
                status, body = answer.status, answer.body
                seen[status] += 1
                if status not in (wanted := expected(room, persona.caller, route, relation)):
                    wrong.append(
                        f"{route} by {persona.name}, {relation}: {status}, not {wanted}: {body[:99]!r}"
                    )
    print(f"cells: {seen.total()} {dict(seen)}")
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:40]])


def test_every_list_shows_everybody_what_the_table_says(room: Room, personas: list[Persona]) -> None:
    wrong, cells = [], 0
    lists = [route for route in ROUTES if is_list(route)]
    naming = {route for route in lists if route not in POLICY_BLIND and names_recordings(route, room)}
    assert naming
    for persona, route in itertools.product(personas, lists):
        action = ROUTES[route]
        room.take_place(persona.caller, action)
        answer = ask(room, persona, route)
        status, body = answer.status, answer.body
        may = oracle.may_at_all(persona.caller, action, room.site.bars())
        refused = NOT_SIGNED_IN if persona.caller.kind is Kind.ANYONE else {403}
        assert status in ({200} if may else refused), (route, persona.name, status, body)
        for relation, recording in room.recordings.items():
            stands = room.standing_for(relation, persona.caller, action)
            shown = (
                may and oracle.says(persona.caller, action, stands, room.site.bars(), Purpose.CASE) is None
            )
            cells += 1
            if route in naming and (recording.encode() in body) != shown:
                wrong.append(f"{route} to {persona.name}, {relation}: not {'shown' if shown else 'hidden'}")
    print(f"cells: {cells}")
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:40]])


def names_recordings(route: str, room: Room) -> bool:
    """Whether a list names each recording by its id: the gap report shows only what is wrong."""
    operator = Persona("token for everything", room.callers["token-for-everything"])
    return room.recordings["own unit"].encode() in ask(room, operator, route).body


def test_every_route_about_the_site_answers_everybody_as_the_table_says(
    room: Room, personas: list[Persona]
) -> None:
    wrong, seen, chance = [], Counter[int](), random.Random(SEED)
    print(f"seed: {SEED}")
    # Pages come by cookie: tests/web/test_sign_in.py asks them all.
    others = [one for one in ROUTES if not is_about_one(one) and not is_list(one) and one not in PAGES]
    for route, persona in itertools.product(others, personas):
        if not forms.WHOLE and chance.random() < 0.75:
            continue
        answer = ask(room, persona, route)
        status, body = answer.status, answer.body
        seen[status] += 1
        action = ROUTES[route]
        wanted = {401} if persona.caller.kind is Kind.ANYONE else {403}
        if action is Action.READ_PUBLIC or oracle.may_at_all(persona.caller, action, room.site.bars()):
            wanted = ADMITTED | ({403} if route in WITHIN else set())
        if status not in wanted:
            wrong.append(f"{route} by {persona.name}: {status}, not {wanted}: {body[:99]!r}")
    print(f"cells: {seen.total()} {dict(seen)}")
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:40]])


def test_the_matrix_is_large_enough_and_denies_and_admits_on_every_route(
    room: Room, personas: list[Persona]
) -> None:
    about = [route for route in ROUTES if is_about_one(route) or is_list(route)]
    cells = len(personas) * (len(RELATIONS) * len(about) + len(ROUTES) - len(about))
    assert cells >= 4_000, cells
    for route, action in ROUTES.items():
        answers = {oracle.may_at_all(one.caller, action, room.site.bars()) for one in personas}
        assert answers == ({True, False} if action is not Action.READ_PUBLIC else {True}) or (
            action is Action.READ_PUBLIC
        ), route


def test_a_refusal_changes_nothing_and_is_logged_once(room: Room, personas: list[Persona]) -> None:
    nobody = next(one for one in personas if one.name == "token for nothing")
    with room.site.database.reading() as unit:
        last = max(id_ for id_, _ in unit.log.entries())
    for route, action in ROUTES.items():
        if action is Action.READ_PUBLIC:
            continue
        status = ask(room, nobody, route).status
        with room.site.database.reading() as unit:
            new = dict(unit.log.entries(after=last))
        last = max(new)
        assert status == 403, route
        (entry,) = map(json.loads, new.values())
        assert entry["act"] == "access.denied", (route, entry)
