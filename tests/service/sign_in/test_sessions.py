"""Sessions: nothing that they rest on may change under them (drill S10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Grant
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.rights import Kind, Role
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import Sessions, csrf_of, end_sessions, open_session, token_hash
from tests.builders import SmallSite
from tests.sign_in_room import SignInRoom


@pytest.fixture
def room(tmp_path: Path) -> SignInRoom:
    """A site with one person who can sign in."""
    return SignInRoom(tmp_path)


def ended(room: SignInRoom) -> list[str]:
    """Return why sessions ended, as the log tells."""
    return [str(entry["facts"]["why"]) for entry in room.entries(Act.SESSION_END)]


def test_a_session_is_its_person_with_what_they_may_right_now(room: SignInRoom) -> None:
    token, csrf = room.open()
    caller = room.sessions.identify(token)
    assert caller is not None
    assert (caller.id, caller.kind, caller.name) == (room.person.id, Kind.PERSON, "012345")
    assert caller.grants == (Grant(Role.CUSTODIAN, room.unit.path),)
    found = room.sessions.find(token)
    assert found is not None
    assert found.has_csrf(csrf)
    assert not found.has_csrf(csrf_of("another token"))
    assert found.factors == ("password",)


def test_only_hashes_of_a_session_are_stored(room: SignInRoom) -> None:
    token, csrf = room.open()
    stored = room.small.dump()
    assert token_hash(token) in stored
    assert token not in stored
    assert csrf not in stored


def test_two_sessions_of_a_person_have_tokens_of_their_own_and_end_apart(room: SignInRoom) -> None:
    (one, _), (other, _) = room.open(), room.open()
    assert one != other
    room.sessions.sign_out(one)
    assert room.sessions.identify(one) is None
    assert room.sessions.identify(other) is not None
    assert ended(room) == ["signed-out"]


def a_role(room: SignInRoom) -> None:
    """Give the person one more role."""
    with room.small.database.writing() as unit:
        now = room.small.clock.now()
        unit.grants.add(StoredGrant(new_id(), room.person.id, Role.AUDITOR, None, "why", "operator", now))


def no_role(room: SignInRoom) -> None:
    """Take the person's role."""
    with room.small.database.writing() as unit:
        (grant,) = unit.grants.in_force(room.small.clock.now(), room.person.id)
        assert unit.grants.revoke(grant.id, "operator", room.small.clock.now())


def disabled(room: SignInRoom) -> None:
    """Disable the account."""
    with room.small.database.writing() as unit:
        unit.sign_ins.disable(room.person.id, room.small.clock.now())


def another_password(room: SignInRoom) -> None:
    """Set another password."""
    with room.small.database.writing() as unit:
        unit.sign_ins.set_password(room.person.id, "$argon2id$", room.small.clock.now())


def has_left(room: SignInRoom) -> None:
    """Close the person's off-boarding."""
    with room.small.database.writing() as unit:
        unit.people.put(replace(room.person, left_at=room.small.clock.now()))


def contract_over(room: SignInRoom) -> None:
    """Let the contract end yesterday."""
    with room.small.database.writing() as unit:
        yesterday = room.small.clock.now().date() - timedelta(days=1)
        unit.people.put(replace(room.person, contract_to=yesterday))


CHANGES = [
    (a_role, "roles"),
    (no_role, "roles"),
    (disabled, "disabled"),
    (another_password, "password"),
    (has_left, "left"),
    (contract_over, "left"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES, ids=[one.__name__ for one, _ in CHANGES])
def test_a_session_is_over_at_the_next_request_after(
    change: Callable[[SignInRoom], None], why: str, room: SignInRoom
) -> None:
    tokens = [room.open()[0], room.open()[0]]
    assert all(room.sessions.identify(token) for token in tokens)
    change(room)
    assert not any(room.sessions.identify(token) for token in tokens)
    assert ended(room) == [why, why]
    assert not any(room.sessions.identify(token) for token in tokens)
    assert ended(room) == [why, why], "an ended session is not ended again"


def test_a_session_is_over_when_it_lay_idle(room: SignInRoom) -> None:
    token, _ = room.open()
    idle = room.small.site.terms.sign_in.idle
    for _ in range(3):
        room.small.clock.pass_by(idle - timedelta(minutes=2))
        assert room.sessions.identify(token) is not None
    room.small.clock.pass_by(idle)
    assert room.sessions.identify(token) is None
    assert ended(room) == ["idle"]


def test_a_session_is_over_in_the_end_however_busy(room: SignInRoom) -> None:
    token, _ = room.open()
    rules = room.small.site.terms.sign_in
    end = room.small.clock.time + rules.longest
    while room.small.clock.time + rules.idle / 2 < end:
        room.small.clock.pass_by(rules.idle / 2)
        assert room.sessions.identify(token) is not None
    room.small.clock.pass_by(rules.idle / 2)
    assert room.sessions.identify(token) is None
    assert ended(room) == ["longest"]


def test_all_sessions_of_one_person_are_ended_and_no_other(room: SignInRoom) -> None:
    mine = [room.open()[0] for _ in range(3)]
    other = room.add_person("099999")
    with room.small.database.writing() as unit:
        theirs, _ = open_session(unit, room.small.site, other.id, ("password",), "192.0.2.9")
    with room.small.database.writing() as unit:
        assert end_sessions(unit, room.person.id, "roles", room.small.clock.now()) == 3
    assert not any(room.sessions.identify(token) for token in mine)
    assert room.sessions.identify(theirs) is not None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 5000])
def test_what_is_no_token_is_nobody(room: SignInRoom, token: str) -> None:
    room.open()
    assert room.sessions.identify(token) is None
    assert ended(room) == []


def test_a_site_without_people_has_no_sessions(tmp_path: Path) -> None:
    assert Sessions(SmallSite(tmp_path).site).identify("token") is None
