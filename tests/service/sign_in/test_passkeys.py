"""Passkeys, with an authenticator in software: what opens a session, and every lie that must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.webauthn import WebAuthnChecks
from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act
from evidence.domain.people import Person
from evidence.domain.rights import Kind, Role
from evidence.domain.sign_in import PROFILES
from evidence.errors import Conflict, NotFound, Refused, Unavailable
from evidence.service.sign_in.passkeys import Passkeys, PasskeySignIn
from evidence.service.sign_in.sessions import token_hash
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn, SigningIn
from tests import inside
from tests.sign_in_room import OPERATOR, SignInRoom
from tests.simulators.authenticator import ORIGIN, Authenticator, text

PASSWORD = "vier kleine Boote im Hafen"
NETWORK = "192.0.2.7"


class Room(SignInRoom):
    """A site with passkeys; its custodian has a password."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        checks = WebAuthnChecks(ORIGIN, "station-7")
        self.passkeys, self.desk = Passkeys(self.small.site, checks), PasskeySignIn(self.small.site, checks)
        self.caller = self.with_password(self.person)

    def with_password(self, person: Person) -> Caller:
        with self.small.database.writing() as unit:
            now = self.small.clock.now()
            unit.sign_ins.set_password(person.id, self.small.site.passwords.write(PASSWORD), now)
            caller = unit.grants.caller(person.id, now)
        assert caller is not None
        return caller

    def add(self, key: Authenticator, caller: Caller | None = None, name: str = "key") -> str:
        """Add a passkey and return its id."""
        who = caller or self.caller
        asked = self.passkeys.offer(who, PASSWORD, NETWORK)
        return self.passkeys.add(who, asked.token, name, key.make(asked.options)).id

    def step(self) -> str:
        """Show the password and return the token of the step that asks for the second factor."""
        asked = SigningIn(self.small.site).begin(self.person.number, PASSWORD, NETWORK)
        assert isinstance(asked, MoreAsked)
        assert (asked.kind, asked.ways) == ("second-factor", ("passkey",))
        return asked.token

    def state(self) -> tuple[object, ...]:
        tables = ("passkey", "session", "sign_in")
        return tuple(inside.rows(self.small.folder, f"SELECT * FROM {one}") for one in tables)

    def why(self) -> str:
        """Return the reason of the last failed try in the log."""
        return str(self.entries(Act.SIGN_IN_FAIL)[-1]["facts"]["why"])


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def session_of(room: Room, answer: object) -> tuple[str, tuple[str, ...]]:
    assert isinstance(answer, SignedIn)
    found = room.sessions.find(answer.token)
    assert found is not None
    return found.caller.id, found.factors


def test_a_passkey_is_the_second_factor_after_the_password(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    assert room.entries(Act.FACTOR_ADD)[-1]["facts"] == {"factor": "passkey"}
    token = room.step()
    answer = room.desk.show_second(token, key.use(room.desk.ask_second(token)), NETWORK)
    assert session_of(room, answer) == (room.person.id, ("password", "passkey"))
    (used,) = room.passkeys.own(room.caller)
    assert (used.sign_count, used.used_at is not None) == (1, True)


def test_a_passkey_alone_signs_in_whom_it_belongs_to(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    asked = room.desk.begin()
    assert json.loads(asked.options)["userVerification"] == "required"
    answer = room.desk.finish(asked.token, key.use(asked.options), NETWORK)
    assert session_of(room, answer) == (room.person.id, ("passkey",))


def test_an_authenticator_without_a_counter_signs_in_again_and_again(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    for _ in range(2):
        key.count = -1  # counts to 0
        asked = room.desk.begin()
        assert isinstance(room.desk.finish(asked.token, key.use(asked.options), NETWORK), SignedIn)


LIES: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://evil.example"},
    "the origin on another port": {"origin": f"{ORIGIN}:8443"},
    "the origin without TLS": {"origin": ORIGIN.replace("https", "http")},
    "another site": {"rp": "evil.example"},
    "a challenge of our own": {"challenge": text(b"x" * 32)},
    "an altered signature": {"altered": True},
    "another ceremony": {"kind": "webauthn.create"},
    "inside another origin's page": {"embedded": True},
    "the handle of somebody else": {"user": b"\x01" * 16},
}


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("lie", LIES)
def test_no_lie_opens_a_session(lie: str, alone: bool, room: Room) -> None:
    key = Authenticator()
    room.add(key)
    attempt, before = ready(room, key, alone, LIES[lie])
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before
    assert room.why() == "passkey"


def ready(
    room: Room, key: Authenticator, alone: bool, lies: dict[str, Any]
) -> tuple[Callable[[], object], tuple[object, ...]]:
    """Return a try to sign in with an answer, and what stands there before it."""
    if alone:
        asked = room.desk.begin()
        answer = key.use(asked.options, **lies)
        return lambda: room.desk.finish(asked.token, answer, NETWORK), room.state()
    token = room.step()
    answer = key.use(room.desk.ask_second(token), **lies)
    return lambda: room.desk.show_second(token, answer, NETWORK), room.state()


@pytest.mark.parametrize("alone", [True, False])
def test_a_foreign_credential_opens_nothing_even_with_the_right_handle(alone: bool, room: Room) -> None:
    mine, foreign = Authenticator(), Authenticator()
    room.add(mine)
    foreign.user = mine.user
    attempt, before = ready(room, foreign, alone, {})
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before
    assert room.why() == "passkey-unknown"


def test_a_stolen_credential_id_with_another_key_opens_nothing(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    forged = Authenticator(credential=key.credential, user=key.user)
    attempt, before = ready(room, forged, True, {})
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before


def test_somebody_elses_passkey_is_no_second_factor_of_mine(room: Room) -> None:
    other = room.add_person("099999")
    theirs = Authenticator()
    room.add(theirs, room.with_password(other))
    room.add(Authenticator())
    attempt, before = ready(room, theirs, False, {})
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before


@pytest.mark.parametrize("alone", [True, False])
def test_an_answer_is_taken_once_and_only_for_its_own_step(alone: bool, room: Room) -> None:
    key = Authenticator()
    room.add(key)
    attempt, _ = ready(room, key, alone, {})
    assert isinstance(attempt(), SignedIn)
    before = room.state()
    with pytest.raises(Refused, match="step-over"):
        attempt()
    assert room.state() == before
    asked = room.desk.begin()
    earlier = key.use(asked.options)
    later = room.desk.begin()
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(later.token, earlier, NETWORK)
    assert room.why() == "passkey"


@pytest.mark.parametrize("alone", [True, False])
def test_a_step_is_over_after_five_minutes(alone: bool, room: Room) -> None:
    key = Authenticator()
    room.add(key)
    attempt, before = ready(room, key, alone, {})
    room.small.clock.pass_by(timedelta(minutes=5))
    with pytest.raises(Refused, match="step-over"):
        attempt()
    assert room.state() == before


def test_a_counter_that_goes_back_is_refused_and_told_and_the_passkey_opens_nothing_more(room: Room) -> None:
    key = Authenticator()
    passkey_id = room.add(key)
    for _ in range(3):
        asked = room.desk.begin()
        room.desk.finish(asked.token, key.use(asked.options), NETWORK)
    copy = replace(key, count=1)
    asked = room.desk.begin()
    sessions = inside.rows(room.small.folder, "SELECT * FROM session")
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(asked.token, copy.use(asked.options), NETWORK)
    assert inside.rows(room.small.folder, "SELECT * FROM session") == sessions
    told = room.entries(Act.FACTOR_DOUBT)[-1]
    assert {one["id"] for one in told["obj"]} == {room.person.id, passkey_id}
    assert told["log"].endswith("/custody"), "where the auditor looks"
    assert room.passkeys.own(room.caller)[0].doubted_at is not None
    asked = room.desk.begin()
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(asked.token, key.use(asked.options), NETWORK)
    assert room.why() == "passkey-copied"


def test_a_passkey_alone_must_verify_its_user_and_behind_a_password_where_the_profile_says_so(
    room: Room,
) -> None:
    key = Authenticator(verifies=False)
    room.add(key)
    attempt, before = ready(room, key, True, {})
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before
    attempt, _ = ready(room, key, False, {})
    assert isinstance(attempt(), SignedIn)
    assert {name for name, rules in PROFILES.items() if rules.verifies_user} == {"cjis", "djcp3"}
    rules = replace(room.small.site.terms.sign_in, verifies_user=True)
    object.__setattr__(room.small.site, "terms", replace(room.small.site.terms, sign_in=rules))
    attempt, before = ready(room, key, False, {})
    with pytest.raises(Refused, match="sign-in-failed"):
        attempt()
    assert room.state() == before


def test_who_may_not_sign_in_does_not_with_a_passkey_either(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    asked = room.desk.begin()
    answer = key.use(asked.options)
    with room.small.database.writing() as unit:
        unit.sign_ins.disable(room.person.id, room.small.clock.now())
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(asked.token, answer, NETWORK)
    assert room.why() == "disabled"
    assert inside.rows(room.small.folder, "SELECT * FROM session") == []


def test_a_passkey_is_added_only_by_who_shows_the_password_again(room: Room) -> None:
    before = room.state()
    with pytest.raises(Refused, match="sign-in-failed"):
        room.passkeys.offer(room.caller, "wrong", NETWORK)
    assert room.state() == before
    assert room.why() == "password"


def test_an_offer_is_met_once_by_the_one_it_was_made_to(room: Room) -> None:
    other = room.with_password(room.add_person("099999"))
    asked = room.passkeys.offer(room.caller, PASSWORD, NETWORK)
    answer = Authenticator().make(asked.options)
    with pytest.raises(Refused, match="step-over"):
        room.passkeys.add(other, asked.token, "key", answer)
    assert room.passkeys.own(other) == []
    room.passkeys.add(room.caller, asked.token, "key", answer)
    with pytest.raises(Refused, match="step-over"):
        room.passkeys.add(room.caller, asked.token, "again", answer)
    assert len(room.passkeys.own(room.caller)) == 1


@pytest.mark.parametrize("lie", ["another origin", "another site", "a challenge of our own"])
def test_no_lie_adds_a_passkey(lie: str, room: Room) -> None:
    asked = room.passkeys.offer(room.caller, PASSWORD, NETWORK)
    answer = Authenticator().make(asked.options, **LIES[lie])
    with pytest.raises(Refused, match="passkey-refused"):
        room.passkeys.add(room.caller, asked.token, "key", answer)
    assert room.passkeys.own(room.caller) == []


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "x", '{"id":1}', "[" * 500, '{"id":"a","rawId":"a","response":{}}']
)
def test_what_is_no_answer_is_refused(answer: str, room: Room) -> None:
    asked = room.passkeys.offer(room.caller, PASSWORD, NETWORK)
    with pytest.raises(Refused, match="passkey-refused"):
        room.passkeys.add(room.caller, asked.token, "key", answer)
    room.add(Authenticator())
    token = room.step()
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.show_second(token, answer, NETWORK)
    assert len(room.passkeys.own(room.caller)) == 1


def test_a_credential_belongs_to_one_person(room: Room) -> None:
    other = room.with_password(room.add_person("099999"))
    key = Authenticator()
    room.add(key)
    with pytest.raises(Conflict, match="passkey-known"):
        room.add(key, other)
    assert room.passkeys.own(other) == []


def test_passkeys_are_renamed_and_removed_by_their_owner_alone(room: Room) -> None:
    other = room.with_password(room.add_person("099999"))
    first, _ = room.add(Authenticator(), name="first"), room.add(Authenticator(), name="second")
    room.passkeys.rename(room.caller, first, "蓝色密钥")
    assert [one.name for one in room.passkeys.own(room.caller)] == ["蓝色密钥", "second"]
    renamed = room.entries(Act.FACTOR_RENAME)
    assert [(one["by"], one["obj"][1]["id"]) for one in renamed] == [(room.caller.id, first)]
    before = room.state()
    for attempt in (
        lambda: room.passkeys.rename(other, first, "mine"),
        lambda: room.passkeys.remove(other, first, PASSWORD, NETWORK),
    ):
        with pytest.raises(NotFound, match="passkey-not-found"):
            attempt()
    with pytest.raises(Refused, match="sign-in-failed"):
        room.passkeys.remove(room.caller, first, "wrong", NETWORK)
    assert room.state() == before
    room.passkeys.remove(room.caller, first, PASSWORD, NETWORK)
    assert [one.name for one in room.passkeys.own(room.caller)] == ["second"]
    assert room.entries(Act.FACTOR_REMOVE)[-1]["by"] == room.caller.id


def test_the_last_second_factor_stays_where_one_must_be(room: Room) -> None:
    only = room.add(Authenticator())
    with pytest.raises(Conflict, match="second-factor-needed"):
        room.passkeys.remove(room.caller, only, PASSWORD, NETWORK)
    assert len(room.passkeys.own(room.caller)) == 1
    assert room.entries(Act.FACTOR_REMOVE) == []


def test_an_administrator_of_accounts_removes_lost_passkeys_within_their_units(room: Room) -> None:
    room.add(Authenticator())
    grant = Grant(Role.SECURITY_ADMINISTRATOR, "/" + "9" * 32 + "/")
    elsewhere = Caller("b" * 32, Kind.PERSON, grants=(grant,))
    with pytest.raises(NotFound, match="person-not-found"):
        room.passkeys.withdraw(elsewhere, room.person.number)
    with pytest.raises(Refused, match="not-permitted"):
        room.passkeys.withdraw(room.caller, room.person.number)
    assert len(room.passkeys.own(room.caller)) == 1
    whole = Caller("c" * 32, Kind.PERSON, grants=(Grant(Role.SECURITY_ADMINISTRATOR),))
    assert room.passkeys.withdraw(whole, room.person.number) == 1
    assert room.passkeys.own(room.caller) == []
    assert room.entries(Act.FACTOR_REMOVE)[-1]["by"] == whole.id


def test_without_a_public_address_there_are_no_passkeys_and_nothing_is_asked(room: Room) -> None:
    bare, desk = Passkeys(room.small.site, None), PasskeySignIn(room.small.site, None)
    entries = len(room.small.log())
    for attempt in (
        lambda: bare.offer(room.caller, PASSWORD, NETWORK),
        lambda: desk.begin(),
        lambda: desk.ask_second("x"),
    ):
        with pytest.raises(Unavailable, match="public-url-missing"):
            attempt()
    assert len(room.small.log()) == entries


def test_no_secret_of_a_step_stands_in_the_database(room: Room) -> None:
    asked = room.desk.begin()
    written = b"".join(inside.written(room.small.folder).values())
    challenge = json.loads(asked.options)["challenge"]
    assert not any(secret.encode() in written for secret in (asked.token, challenge))


def test_a_new_link_takes_all_passkeys_along(room: Room) -> None:
    key = Authenticator()
    room.add(key)
    asked = room.desk.begin()
    answer = key.use(asked.options)
    room.links.use(room.links.make(OPERATOR, room.person.number), PASSWORD + " 2")
    assert room.passkeys.own(room.caller) == []
    assert room.entries(Act.FACTOR_REMOVE)[-1]["facts"] == {"factor": "passkey"}
    with pytest.raises(Refused, match="sign-in-failed"):
        room.desk.finish(asked.token, answer, NETWORK)
    assert room.why() == "passkey-unknown"


def test_steps_that_nobody_ends_are_dropped_with_their_time_and_an_open_one_stays(room: Room) -> None:
    for _ in range(3):
        room.desk.begin()
    room.small.clock.pass_by(timedelta(minutes=4))
    open_one = room.desk.begin()
    room.small.clock.pass_by(timedelta(minutes=1))
    room.small.work.tidy()
    kept = inside.rows(room.small.folder, "SELECT token_sha256 FROM challenge WHERE kind = 'passkey'")
    assert [row[0] for row in kept] == [token_hash(open_one.token)]
