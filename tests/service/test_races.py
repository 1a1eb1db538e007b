"""Many at once: what may happen once happens once, and what was refused left nothing behind (drill S15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from evidence.domain.audit import Act
from evidence.domain.rights import Role
from evidence.errors import EvidenceError
from evidence.service.keeping.holds import Holds
from evidence.service.oversight.emergencies import Emergencies
from evidence.service.people.grants import Grants
from evidence.service.sign_in.links import Links
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room
from tests.sign_in_room import SignInRoom

MANY = 50
GOOD_PASSWORD = "correct horse battery staple"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(SmallSite(tmp_path))


def at_once(act: Callable[[int], object], many: int = MANY) -> Counter[str]:
    """Do an act in many threads that begin together; return how often each outcome came."""
    start = Barrier(many)

    def one(number: int) -> str:
        start.wait()
        try:
            act(number)
        except EvidenceError as problem:
            return problem.code
        return "done"

    with ThreadPoolExecutor(many) as pool:
        return Counter(pool.map(one, range(many)))


def test_of_fifty_who_decide_about_an_emergency_one_does(room: Room) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    asker = room.caller(room.add(Role.FIELD_OFFICER, where=room.beside))
    heads = [room.caller(room.add(Role.UNIT_HEAD)) for _ in range(MANY)]
    desk = Emergencies(room.site)
    asked = desk.ask(asker, recording, "urgent")
    outcomes = at_once(lambda n: desk.decide(heads[n], asked.id, is_granted=n % 2 == 0))
    assert outcomes == {"done": 1, "emergency-decided": MANY - 1}
    assert len(room.entries(Act.EMERGENCY_DECIDE)) == 1


def test_of_fifty_who_lift_a_hold_one_does_and_the_vault_agrees(room: Room) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    desk = Holds(room.site)
    hold = desk.place(room.caller(room.add(Role.CUSTODIAN)), recording, "objection", "why")
    desk.ask_release(room.caller(room.add(Role.CUSTODIAN)), hold.id, "over")
    heads = [room.caller(room.add(Role.UNIT_HEAD)) for _ in range(MANY)]
    outcomes = at_once(lambda n: desk.release(heads[n], hold.id, "不再需要"))
    assert outcomes == {"done": 1, "hold-released": MANY - 1}
    assert len(room.entries(Act.HOLD_RELEASE)) == 1
    assert room.small.vault.stat(f"recordings/{recording}/data").lock.holds == frozenset()


def test_holds_placed_while_another_is_lifted_all_stand(room: Room) -> None:
    recording = room.record(room.add(Role.FIELD_OFFICER))
    desk, head = Holds(room.site), room.caller(room.add(Role.UNIT_HEAD))
    custodian = room.caller(room.add(Role.CUSTODIAN))
    first = desk.place(custodian, recording, "objection", "why")
    desk.ask_release(custodian, first.id, "over")

    def act(number: int) -> None:
        if number == 0:
            desk.release(head, first.id, "不再需要")
        else:
            desk.place(custodian, recording, "objection", f"why {number}")

    assert at_once(act, 20) == {"done": 20}
    with room.small.database.reading() as unit:
        standing = {one.id for one in unit.holds.of(recording) if one.stands}
        assert unit.standings.get(recording, room.small.clock.now()).on_hold
    assert len(standing) == 19
    assert room.small.vault.stat(f"recordings/{recording}/data").lock.holds == standing


def test_a_grant_is_revoked_once(room: Room) -> None:
    officer = room.add()
    grant = room.give(officer, Role.FIELD_OFFICER, room.unit)
    desk = Grants(room.site)
    outcomes = at_once(lambda _: desk.revoke(OPERATOR, grant, "moved"))
    assert outcomes == {"done": 1, "grant-not-found": MANY - 1}
    assert len(room.entries(Act.GRANT_REVOKE)) == 1


def test_a_one_time_link_sets_one_password(tmp_path: Path) -> None:
    room, many = SignInRoom(tmp_path), 12  # each works out a password hash before it may know
    token = Links(room.small.site).make(OPERATOR, room.person.number)
    outcomes = at_once(lambda n: Links(room.small.site).use(token, f"{GOOD_PASSWORD} {n}"), many)
    assert outcomes == {"done": 1, "link-not-usable": many - 1}
    assert len(room.entries(Act.PASSWORD)) == 1
