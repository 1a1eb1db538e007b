"""Tokens of other systems: narrow, for a while, shown once, gone when revoked; none is above its maker."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.access import Caller, Grant
from evidence.domain.people import PersonType
from evidence.domain.rights import ALLOWED, TOKEN_SCOPES, Action, Kind, Role
from evidence.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from evidence.service.sign_in.tokens import Tokens, is_about_to_expire
from tests import inside
from tests.builders import SmallSite

OPERATOR = Caller("operator", Kind.OPERATOR)
ALL = sorted(one.value for one in TOKEN_SCOPES)


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def tokens(small: SmallSite) -> Tokens:
    return Tokens(small.site)


def person(*grants: Grant, kind: PersonType = PersonType.CIVILIAN) -> Caller:
    return Caller("a" * 32, Kind.PERSON, grants=grants, person_type=kind)


SECURITY = person(Grant(Role.SECURITY_ADMINISTRATOR))


def acts(small: SmallSite) -> list[tuple[str, str]]:
    return [(one["act"], one["res"]) for one in map(json.loads, small.log())]


def state(small: SmallSite) -> list[tuple[object, ...]]:
    return inside.rows(small.folder, "SELECT * FROM account ORDER BY id")


def test_a_token_does_what_it_was_made_for_and_nothing_else(small: SmallSite, tokens: Tokens) -> None:
    made, secret = tokens.add(OPERATOR, "case system", ["list-recordings"])
    caller = small.accounts.identify(secret)
    assert caller is not None
    assert (caller.id, caller.kind, caller.scopes) == (
        made.id,
        Kind.INTEGRATION,
        {Action.LIST_RECORDINGS},
    )
    assert small.recordings.list(caller, None) == []
    with pytest.raises(Refused, match="not-permitted"):
        small.accounts.add_dock(caller, "dock")
    assert acts(small)[-1] == ("access.denied", "refused")


def test_the_secret_is_kept_nowhere_and_the_log_says_what_the_token_is_for(
    small: SmallSite, tokens: Tokens
) -> None:
    made, secret = tokens.add(SECURITY, "monitor", ["read-status"], days=30)
    assert len(secret) == 43, "256 bits"
    written = b"".join(inside.written(small.folder).values())
    assert b"monitor" in written, "the database was read"
    assert secret.encode() not in written
    entry = json.loads(small.log()[-1])
    assert (entry["act"], entry["by"], entry["obj"][0]["id"]) == ("token.add", SECURITY.id, made.id)
    assert entry["facts"]["scopes"] == ["read-status"]


def test_a_token_ends_when_it_was_said_to(small: SmallSite, tokens: Tokens) -> None:
    made, secret = tokens.add(OPERATOR, "short", ["read-status"], days=1)
    usual, _ = tokens.add(OPERATOR, "usual", ["read-status"])
    assert usual.expires_at == usual.created_at + timedelta(days=90)
    small.clock.pass_by(timedelta(hours=23, minutes=59))
    assert small.accounts.identify(secret) is not None
    small.clock.pass_by(timedelta(minutes=2))
    assert small.accounts.identify(secret) is None
    assert [one.id for one in tokens.all(OPERATOR)] == [made.id, usual.id], "the first to end comes first"


@pytest.mark.parametrize(
    ("name", "scopes", "days", "code"),
    [
        ("t", ["read-status"], 0, "invalid-days"),
        ("t", ["read-status"], 367, "invalid-days"),
        ("t", ["read-status"], -1, "invalid-days"),
        ("t", [], 90, "no-scope"),
        ("t", ["manage-people"], 90, "invalid-scope"),
        ("t", ["read-status", "manage-tokens"], 90, "invalid-scope"),
        ("t", ["hold"], 90, "invalid-scope"),
        ("t", ["*"], 90, "invalid-scope"),
        ("\x1b[1m", ["read-status"], 90, "invalid-name"),
    ],
)
def test_what_is_no_token_is_refused_and_nothing_is_made(
    name: str, scopes: list[str], days: int, code: str, small: SmallSite, tokens: Tokens
) -> None:
    before, entries = state(small), len(small.log())
    with pytest.raises(Invalid, match=code):
        tokens.add(OPERATOR, name, scopes, days)
    assert (state(small), len(small.log())) == (before, entries)


@pytest.mark.parametrize("scope", ALL)
def test_nobody_makes_a_token_that_may_more_than_they_may_in_the_whole_site(
    scope: str, small: SmallSite, tokens: Tokens
) -> None:
    if Action(scope) in ALLOWED[Role.SECURITY_ADMINISTRATOR]:
        assert tokens.add(SECURITY, "theirs", [scope])[0].scopes == {Action(scope)}
        return
    before = state(small)
    with pytest.raises(Refused, match="scope-too-wide"):
        tokens.add(SECURITY, "more", ["read-status", scope])
    assert state(small) == before
    assert acts(small)[-1] == ("access.denied", "refused")
    assert tokens.add(OPERATOR, "operator's", [scope])[0].scopes == {Action(scope)}


def test_who_administers_one_unit_makes_and_revokes_none_because_a_token_knows_no_units(
    small: SmallSite, tokens: Tokens
) -> None:
    made, secret = tokens.add(OPERATOR, "whole", ["read-status"])
    local = person(Grant(Role.SECURITY_ADMINISTRATOR, "/" + "1" * 32 + "/"))
    before = state(small)
    for attempt in (
        lambda: tokens.add(local, "theirs", ["read-status"]),
        lambda: tokens.revoke(local, made.id),
    ):
        with pytest.raises(Refused, match="scope-too-wide"):
            attempt()
        assert acts(small)[-1] == ("access.denied", "refused")
    assert state(small) == before
    assert small.accounts.identify(secret) is not None


def test_a_custodian_of_one_unit_with_the_right_to_make_tokens_gives_none_over_all_recordings(
    small: SmallSite, tokens: Tokens
) -> None:
    both = person(Grant(Role.SECURITY_ADMINISTRATOR), Grant(Role.CUSTODIAN, "/" + "1" * 32 + "/"))
    before = state(small)
    with pytest.raises(Refused, match="scope-too-wide"):
        tokens.add(both, "copies", ["read-original"])
    assert state(small) == before


def test_an_auxiliary_makes_no_token_that_copies_whatever_roles_they_were_given(
    small: SmallSite, tokens: Tokens
) -> None:
    grants = [Grant(role) for role in Role]
    with pytest.raises(Refused, match="scope-too-wide"):
        tokens.add(person(*grants, kind=PersonType.AUXILIARY), "copies", ["read-original"])
    assert state(small) == []
    assert tokens.add(person(*grants), "copies", ["read-original"])[0].scopes == {Action.READ_ORIGINAL}


def test_other_roles_docks_and_tokens_neither_make_nor_see_nor_revoke_tokens(
    small: SmallSite, tokens: Tokens
) -> None:
    made, secret = tokens.add(OPERATOR, "all there is", ALL)
    token = small.accounts.identify(secret)
    assert token is not None
    others = [person(Grant(role)) for role in Role if Action.MANAGE_TOKENS not in ALLOWED[role]]
    assert len(others) == len(Role) - 1
    dock = small.dock
    before = state(small)
    for caller in (token, dock, *others):
        for attempt in (
            lambda who=caller: tokens.add(who, "mine", ["read-status"]),
            lambda who=caller: tokens.all(who),
            lambda who=caller: tokens.revoke(who, made.id),
        ):
            with pytest.raises(Refused, match="not-permitted"):
                attempt()
    assert state(small) == before


def test_a_revoked_token_is_nobody_at_once(small: SmallSite, tokens: Tokens) -> None:
    made, secret = tokens.add(OPERATOR, "lost", ["read-status"])
    tokens.revoke(SECURITY, "lost")
    assert small.accounts.identify(secret) is None
    assert tokens.all(OPERATOR) == []
    entry = json.loads(small.log()[-1])
    assert (entry["act"], entry["obj"][0]["id"]) == ("token.revoke", made.id)
    before, entries = state(small), len(small.log())
    for gone in (made.id, "lost", "0" * 32, small.dock.id):
        with pytest.raises(NotFound, match="token-not-found"):
            tokens.revoke(OPERATOR, gone)
    assert [row for row in state(small) if row[0] == made.id] == before
    assert len(small.log()) == entries + 1, "the dock's account"
    again, _ = tokens.add(OPERATOR, "lost", ["read-status"])
    assert again.id != made.id


def test_a_name_is_given_once(small: SmallSite, tokens: Tokens) -> None:
    tokens.add(OPERATOR, "one", ["read-status"])
    before, entries = state(small), len(small.log())
    with pytest.raises(Conflict, match="name-taken"):
        tokens.add(OPERATOR, "one", ["read-log"])
    assert (state(small), len(small.log())) == (before, entries)


def test_the_last_use_is_noted_at_most_once_a_minute(small: SmallSite, tokens: Tokens) -> None:
    _, secret = tokens.add(OPERATOR, "busy", ["read-status"])

    def used() -> object:
        return tokens.all(OPERATOR)[0].used_at

    assert used() is None
    small.accounts.identify(secret)
    first = used()
    assert first is not None
    small.clock.pass_by(timedelta(seconds=50))
    small.accounts.identify(secret)
    assert used() == first
    small.clock.pass_by(timedelta(seconds=11))
    small.accounts.identify(secret)
    assert used() != first
    pending = inside.rows(small.folder, "SELECT kind FROM row_pending WHERE kind = 'token_use'")
    assert pending == [], "no row of it goes into the vault"


def test_tokens_are_about_to_expire_for_fourteen_days_and_afterwards(
    small: SmallSite, tokens: Tokens
) -> None:
    earlier = Caller("e" * 32, Kind.INTEGRATION, "of an earlier version", scopes=TOKEN_SCOPES)
    with small.database.writing() as unit:
        unit.accounts.add(earlier, "0" * 64, small.clock.now())
    made, _ = tokens.add(OPERATOR, "t", ["read-status"], days=20)
    now = made.created_at
    assert not is_about_to_expire(made, now + timedelta(days=5, hours=23))
    assert is_about_to_expire(made, now + timedelta(days=6))
    assert is_about_to_expire(made, now + timedelta(days=21))
    (endless,) = [one for one in tokens.all(OPERATOR) if one.expires_at is None]
    assert not is_about_to_expire(endless, now + timedelta(days=9999))


def test_no_error_of_this_desk_tells_a_secret(small: SmallSite, tokens: Tokens) -> None:
    _, secret = tokens.add(OPERATOR, "t", ["read-status"])
    for attempt in (
        lambda: tokens.add(OPERATOR, "t", ["read-log"]),
        lambda: tokens.add(SECURITY, "u", ALL),
    ):
        with pytest.raises(EvidenceError) as told:
            attempt()
        assert secret not in str(told.value)
