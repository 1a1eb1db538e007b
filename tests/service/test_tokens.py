"""Tokens of other systems: for named actions, for a time, stored as a hash."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.rights import TOKEN_SCOPES, Action, Kind, Role
from evidence.errors import EvidenceError, Refused
from evidence.service.tokens import Tokens
from tests.sign_in_room import OPERATOR, SignInRoom

LISTS = frozenset({Action.LIST_RECORDINGS})


@pytest.fixture
def room(tmp_path: Path) -> SignInRoom:
    """A site."""
    return SignInRoom(tmp_path)


def test_a_token_is_for_its_actions_and_its_days(room: SignInRoom) -> None:
    account, token = Tokens(room.small.site).add(OPERATOR, "dispatch", LISTS, 30)
    caller = room.small.accounts.identify(token)
    assert caller == account
    assert (caller.kind, caller.scopes) == (Kind.INTEGRATION, LISTS)
    room.small.site.admit(caller, Action.LIST_RECORDINGS)
    with pytest.raises(Refused):
        room.small.site.admit(caller, Action.READ_ORIGINAL)
    room.small.clock.pass_by(timedelta(days=30))
    assert room.small.accounts.identify(token) is None
    assert token not in room.small.dump()
    (entry,) = room.entries(Act.TOKEN_ADD)
    assert entry["facts"]["scopes"] == ["list-recordings"]


@pytest.mark.parametrize(
    ("name", "scopes", "days", "code"),
    [
        ("x", [], 1, "invalid-scope"),
        ("x", [Action.MANAGE_GRANTS], 1, "invalid-scope"),
        ("x", [*TOKEN_SCOPES, Action.HOLD], 1, "invalid-scope"),
        ("x", LISTS, 0, "invalid-days"),
        ("x", LISTS, 367, "invalid-days"),
        ("", LISTS, 1, "invalid-name"),
        ("a\x1b[31m", LISTS, 1, "invalid-name"),
        ("taken", LISTS, 1, "name-taken"),
    ],
)
def test_what_no_token_may_be_is_not_made(
    room: SignInRoom, name: str, scopes: Collection[Action], days: int, code: str
) -> None:
    Tokens(room.small.site).add(OPERATOR, "taken", LISTS)
    before = room.small.dump()
    with pytest.raises(EvidenceError, match=code):
        Tokens(room.small.site).add(OPERATOR, name, scopes, days)
    assert room.small.dump() == before


def test_only_security_administrators_make_tokens(room: SignInRoom) -> None:
    boss = room.caller(room.add_person("S-1", Role.SECURITY_ADMINISTRATOR))
    assert Tokens(room.small.site).add(boss, "dispatch", LISTS)
    for caller in (room.caller(room.person), room.small.administrator, room.small.dock):
        with pytest.raises(Refused, match="not-permitted"):
            Tokens(room.small.site).add(caller, "another", LISTS)
    assert len(room.entries(Act.TOKEN_ADD)) == 1
