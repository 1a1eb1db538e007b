"""One's own account: only one's own sessions, and the password again before what it opens is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.rights import Role
from evidence.errors import Conflict, EvidenceError, NotFound, Refused
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn
from tests.sign_in_room import HOME, OPERATOR, PASSWORD, SignInRoom


@pytest.fixture
def room(tmp_path: Path) -> SignInRoom:
    """A site with two officers who have passwords."""
    room = SignInRoom(tmp_path)
    for number in ("700001", "700002"):
        room.add_person(number, Role.FIELD_OFFICER)
        room.set_password(number)
    return room


def signed_in(room: SignInRoom, number: str = "700001", password: str = PASSWORD) -> tuple[str, Caller, str]:
    """Sign in; return the session's token, its person, and its id."""
    answer = room.signing_in.begin(number, password, HOME)
    assert isinstance(answer, SignedIn)
    found = room.sessions.find(answer.token)
    assert found is not None
    return answer.token, found.caller, found.id


def test_one_sees_and_ends_ones_own_other_sessions(room: SignInRoom) -> None:
    token, caller, mine = signed_in(room)
    other, _, other_id = signed_in(room)
    third, _, _ = signed_in(room)
    theirs, _, their_id = signed_in(room, "700002")
    assert [one.id for one in room.own.sessions(caller)][:2] == [mine, other_id]
    room.own.end(caller, other_id)
    assert room.sessions.identify(other) is None
    for unknown in (their_id, other_id, "0" * 32):
        with pytest.raises(NotFound, match="session-not-found"):
            room.own.end(caller, unknown)
    assert room.own.end_others(caller, mine) == 1
    assert room.sessions.identify(third) is None
    assert room.sessions.identify(token) is not None
    assert room.sessions.identify(theirs) is not None


def test_another_password_ends_all_sessions_and_gives_this_browser_a_new_one(room: SignInRoom) -> None:
    token, caller, mine = signed_in(room)
    other, _, _ = signed_in(room)
    answer = room.own.change_password(caller, mine, PASSWORD, "another river lamp", HOME)
    assert room.sessions.identify(token) is None
    assert room.sessions.identify(other) is None
    assert room.sessions.identify(answer.token) is not None
    with pytest.raises(Refused):
        room.signing_in.begin("700001", PASSWORD, HOME)
    signed_in(room, password="another river lamp")


def test_what_the_password_guards_asks_for_it_and_guesses_are_counted(room: SignInRoom) -> None:
    token, caller, mine = signed_in(room)
    before = [line for line in room.small.dump().splitlines() if line.startswith("sign_in ")]
    for _ in range(4):
        for act in (
            lambda: room.own.change_password(caller, mine, "wrong", "another river lamp", HOME),
            lambda: room.own.offer_codes(caller, "wrong", HOME),
            lambda: room.own.remove_codes(caller, "wrong", HOME),
        ):
            with pytest.raises(Refused, match="sign-in-failed"):
                act()
    assert [line for line in room.small.dump().splitlines() if line.startswith("sign_in ")] == before
    assert len(room.entries(Act.LOCK)) == 1
    with pytest.raises(Refused, match="sign-in-failed"):
        room.own.change_password(caller, mine, PASSWORD, "another river lamp", HOME)
    assert room.sessions.identify(token) is not None


def test_what_the_old_password_began_is_over_with_it(room: SignInRoom) -> None:
    _, caller, mine = signed_in(room)
    offer = room.own.offer_codes(caller, PASSWORD, HOME)
    room.own.change_password(caller, mine, PASSWORD, "another river lamp", HOME)
    with pytest.raises(Refused, match="step-over"):
        room.links.confirm(offer.token, room.code(offer))
    assert not room.own.has_codes(caller)


def test_a_weak_new_password_changes_nothing(room: SignInRoom) -> None:
    token, caller, mine = signed_in(room)
    for weak in ("short", PASSWORD, "holds 700001 inside"):
        with pytest.raises(EvidenceError, match="weak-password"):
            room.own.change_password(caller, mine, PASSWORD, weak, HOME)
    assert room.sessions.identify(token) is not None
    signed_in(room)


def test_a_second_factor_is_set_up_and_done_without_where_it_may_be(room: SignInRoom) -> None:
    _, caller, _ = signed_in(room)
    assert not room.own.has_codes(caller)
    offer = room.own.offer_codes(caller, PASSWORD, HOME)
    signed_in(room)  # an offer alone asks for nothing
    room.links.confirm(offer.token, room.code(offer))
    assert room.own.has_codes(caller)
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), MoreAsked)
    room.own.remove_codes(caller, PASSWORD, HOME)
    assert not room.own.has_codes(caller)
    signed_in(room)
    assert len(room.entries(Act.FACTOR_ADD)) == len(room.entries(Act.FACTOR_REMOVE)) == 1


def test_who_needs_a_second_factor_keeps_it(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    room.with_codes()
    caller = room.caller(room.person)
    with pytest.raises(Conflict, match="second-factor-needed"):
        room.own.remove_codes(caller, PASSWORD, HOME)
    assert room.own.has_codes(caller)


def test_only_people_have_an_account_of_their_own(room: SignInRoom) -> None:
    for caller in (OPERATOR, room.small.administrator, room.small.dock):
        with pytest.raises(Refused, match="not-permitted"):
            room.own.sessions(caller)
    assert len(room.entries(Act.DENIED)) == 3
