"""One-time links, and the desk of accounts: who makes them for whom, used once, and what ends with them."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType, Undertaking, UndertakingKind, Unit, unit_path
from evidence.domain.rights import Role
from evidence.errors import Conflict, EvidenceError, Invalid, NotFound, Refused
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn
from tests.sign_in_room import HOME, OPERATOR, PASSWORD, SignInRoom


@pytest.fixture
def room(tmp_path: Path) -> SignInRoom:
    """A site with an officer 700001."""
    room = SignInRoom(tmp_path)
    room.add_person("700001", Role.FIELD_OFFICER)
    return room


def refused(room: SignInRoom, token: str, password: str, code: str) -> None:
    """Assert that a link sets nothing."""
    before = room.small.dump()
    with pytest.raises(EvidenceError, match=code):
        room.links.use(token, password)
    assert room.small.dump() == before


def test_a_link_sets_a_password_once(room: SignInRoom) -> None:
    token = room.links.make(OPERATOR, "700001")
    assert len(token) == 43, "256 bits"
    assert room.links.owner(token) == "700001"
    room.links.use(token, PASSWORD)
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)
    refused(room, token, "another river lamp", "link-not-usable")
    with pytest.raises(NotFound):
        room.links.owner(token)
    acts = [entry["act"] for entry in room.entries(Act.LINK_MAKE, Act.LINK_USE, Act.PASSWORD)]
    assert acts == ["link.make", "link.use", "password.set"]


def test_a_link_is_over_after_72_hours(room: SignInRoom) -> None:
    token = room.links.make(OPERATOR, "700001")
    room.small.clock.pass_by(timedelta(hours=71))
    assert room.links.owner(token) == "700001"
    room.small.clock.pass_by(timedelta(hours=1))
    refused(room, token, PASSWORD, "link-not-usable")


def test_a_new_link_makes_the_one_before_worthless(room: SignInRoom) -> None:
    first, second = room.links.make(OPERATOR, "700001"), room.links.make(OPERATOR, "700001")
    refused(room, first, PASSWORD, "link-not-usable")
    room.links.use(second, PASSWORD)


@pytest.mark.parametrize(
    ("password", "why"),
    [("short", "too-short"), ("password1234", "common"), ("for 700001 only", "holds-name")],
)
def test_a_weak_password_leaves_the_link_as_good_as_before(room: SignInRoom, password: str, why: str) -> None:
    token = room.links.make(OPERATOR, "700001")
    refused(room, token, password, "weak-password")
    with pytest.raises(Invalid) as told:
        room.links.use(token, password)
    assert told.value.fields == {"why": why}
    room.links.use(token, PASSWORD)


def test_of_many_who_use_a_link_at_once_one_does(room: SignInRoom) -> None:
    token, outcomes = room.links.make(OPERATOR, "700001"), []

    def use(number: int) -> None:
        try:
            room.links.use(token, f"river lamp number {number}")
            outcomes.append("set")
        except NotFound:
            outcomes.append("gone")

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["gone"] * 11 + ["set"]
    assert len(room.entries(Act.LINK_USE)) == 1


def test_a_link_ends_the_sessions_and_takes_the_second_factor_along(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    opened = room.signing_in.show_code(asked.token, room.code(offer), HOME)
    token = room.links.make(OPERATOR, "012345")
    assert room.sessions.identify(opened.token) is not None, "made is not used"
    again = room.links.use(token, "another river lamp")
    assert room.sessions.identify(opened.token) is None
    assert len(room.entries(Act.FACTOR_REMOVE)) == 1
    assert again.secret != offer.secret
    with pytest.raises(Refused, match="second-factor-missing"):
        room.signing_in.begin("012345", "another river lamp", HOME)
    assert room.links.must_confirm(again.token)
    with pytest.raises(Invalid, match="code-wrong"):
        room.links.confirm(again.token, room.code(offer))
    room.links.confirm(again.token, room.code(again, 1))
    assert len(room.entries(Act.FACTOR_ADD)) == 2
    assert isinstance(room.signing_in.begin("012345", "another river lamp", HOME), MoreAsked)
    with pytest.raises(Refused, match="step-over"):
        room.links.confirm(again.token, room.code(again, 1))


def test_nobody_has_a_link_before_both_undertakings_are_on_file(room: SignInRoom) -> None:
    today = room.small.clock.now().date()
    person = room.add_person(
        "FZ0001", Role.AUXILIARY, kind=PersonType.AUXILIARY, contract_from=today, contract_to=today
    )
    for number, kind in enumerate(UndertakingKind):
        with pytest.raises(Conflict, match="account-not-active"):
            room.links.make(OPERATOR, "FZ0001")
        with room.small.database.writing() as unit:
            unit.people.add_undertaking(Undertaking(f"{number:032d}", person.id, kind, today))
    assert room.links.make(OPERATOR, "FZ0001")
    room.small.clock.pass_by(timedelta(days=1))
    with pytest.raises(Conflict, match="account-not-active"):
        room.links.make(OPERATOR, "FZ0001")


def test_administrators_manage_their_unit_and_nobody_above_and_never_themselves(room: SignInRoom) -> None:
    below = Unit(new_id(), "某队", "", room.unit.id)
    below = Unit(below.id, below.name, unit_path(room.unit, below.id), room.unit.id)
    with room.small.database.writing() as unit:
        unit.units.add(below, room.small.clock.now())
    lower = room.add_person("S-2")
    room.add_person("S-3")
    boss = room.add_person("S-1", Role.SECURITY_ADMINISTRATOR)
    with room.small.database.writing() as unit:
        now = room.small.clock.now()
        for one in (lower, unit.people.by_number("S-3")):
            assert one is not None
            unit.people.put(type(one)(one.id, one.number, one.name, one.type, below.id))
        for person, role, where in (
            (lower.id, Role.SECURITY_ADMINISTRATOR, below.id),
            (unit.people.by_number("S-3").id, Role.AUDITOR, None),  # type: ignore[union-attr]
        ):
            unit.grants.add(StoredGrant(new_id(), person, role, where, "post", "operator", now))
    high, low = room.caller(boss), room.caller(lower)
    assert room.links.make(high, "S-2")
    assert room.links.make(high, "700001")
    before, entries = room.small.dump(), len(room.small.log())
    for caller, number, code in (
        (high, "S-1", "own-account"),
        (low, "700001", "person-not-found"),
        (low, "S-1", "person-not-found"),
        (low, "S-3", "not-permitted"),
        (high, "S-3", "not-permitted"),
        (high, "nobody", "person-not-found"),
        (room.caller(room.person), "700001", "not-permitted"),
    ):
        for act in (room.links.make, room.desk.disable, room.desk.enable, room.desk.unlock):
            with pytest.raises(EvidenceError, match=code):
                act(caller, number)
    assert room.entries(Act.ACCOUNT_DISABLE, Act.ACCOUNT_ENABLE, Act.UNLOCK) == []
    tried = len(room.entries(Act.DENIED))
    assert len(room.small.log()) - entries == tried == 4 * 6, "all but the number that nobody has"
    assert [line for line in room.small.dump().splitlines() if line.startswith(("sign_in", "challenge"))] == [
        line for line in before.splitlines() if line.startswith(("sign_in", "challenge"))
    ]
    assert {one.number for one in room.desk.all(low)} == {"S-2", "S-3"}


def test_disabling_ends_sessions_and_links_at_once_and_enabling_brings_the_account_back(
    room: SignInRoom,
) -> None:
    room.set_password("700001")
    opened = room.signing_in.begin("700001", PASSWORD, HOME)
    link = room.links.make(OPERATOR, "700001")
    room.desk.disable(OPERATOR, "700001")
    assert room.sessions.identify(opened.token) is None
    refused(room, link, PASSWORD, "link-not-usable")
    states = {one.number: one.state for one in room.desk.all(OPERATOR)}
    assert states == {"012345": "waiting", "700001": "disabled"}
    room.desk.enable(OPERATOR, "700001")
    assert room.sessions.identify(opened.token) is None, "a session that is over stays over"
    refused(room, link, PASSWORD, "link-not-usable")
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)
    assert len(room.entries(Act.ACCOUNT_DISABLE, Act.ACCOUNT_ENABLE)) == 2


def whole_administrator(room: SignInRoom, number: str) -> None:
    """Add a security administrator of the whole site."""
    person = room.add_person(number)
    with room.small.database.writing() as unit:
        role, now = Role.SECURITY_ADMINISTRATOR, room.small.clock.now()
        unit.grants.add(StoredGrant(new_id(), person.id, role, None, "post", "operator", now))


def test_the_last_security_administrator_who_can_sign_in_is_not_disabled(room: SignInRoom) -> None:
    whole_administrator(room, "S-1")
    with pytest.raises(Conflict, match="last-administrator"):
        room.desk.disable(OPERATOR, "S-1")
    whole_administrator(room, "S-2")
    room.desk.disable(OPERATOR, "S-1")
    with pytest.raises(Conflict, match="last-administrator"):
        room.desk.disable(OPERATOR, "S-2")
    room.desk.enable(OPERATOR, "S-1")
    room.desk.disable(OPERATOR, "S-2")


def test_an_account_that_nobody_made_is_not_found(room: SignInRoom) -> None:
    with room.small.database.writing() as unit:
        one = unit.people.by_number("700001")
        assert one is not None
        unit.people.add(type(one)(new_id(), "700009", None, one.type, one.unit_id), room.small.clock.now())
    with pytest.raises(NotFound, match="account-not-found"):
        room.desk.disable(OPERATOR, "700009")
    assert room.links.make(OPERATOR, "700009")
    room.desk.disable(OPERATOR, "700009")
