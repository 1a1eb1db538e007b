"""Signing in: one answer to every failure, exact counts, locks that hit nobody else (drills S08 to S10)."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.adapters.passwords import ArgonPasswords
from evidence.domain.audit import Act
from evidence.domain.people import PersonType, Undertaking, UndertakingKind
from evidence.domain.rights import Role
from evidence.domain.sign_in import DEFAULT
from evidence.errors import Invalid, Refused
from evidence.service.sign_in.signing_in import MoreAsked, SignedIn
from tests.sign_in_room import HOME, OPERATOR, PASSWORD, SignInRoom

MANY = [40, pytest.param(1000, marks=pytest.mark.grown)]


@pytest.fixture
def room(tmp_path: Path) -> SignInRoom:
    """A site with an officer 700001, who needs no second factor, and has a password."""
    room = SignInRoom(tmp_path)
    room.add_person("700001", Role.FIELD_OFFICER)
    room.set_password("700001")
    return room


def fails(room: SignInRoom, login: str, password: str, network: str = HOME) -> None:
    """Assert that nobody is signed in, in the one answer there is."""
    with pytest.raises(Refused) as told:
        room.signing_in.begin(login, password, network)
    assert (told.value.code, told.value.fields) == ("sign-in-failed", {})


def why(room: SignInRoom) -> list[str]:
    """Return why tries failed, as the log tells."""
    return [entry["facts"]["why"] for entry in room.entries(Act.SIGN_IN_FAIL)]


def test_the_right_password_opens_a_session(room: SignInRoom) -> None:
    answer = room.signing_in.begin(" 700001 ", PASSWORD, HOME)
    assert isinstance(answer, SignedIn)
    caller = room.sessions.identify(answer.token)
    assert caller is not None
    assert caller.name == "700001"
    (entry,) = room.entries(Act.SIGN_IN)
    assert entry["facts"]["factors"] == ["password"]
    assert HOME not in str(entry), "from where is personal: a commitment only"


def test_each_signing_in_has_a_token_of_its_own(room: SignInRoom) -> None:
    answers = [room.signing_in.begin("700001", PASSWORD, HOME) for _ in range(3)]
    assert len({one.token for one in answers}) == 3


def test_every_failure_has_one_answer_and_the_log_knows_better(room: SignInRoom) -> None:
    left = room.add_person("700002", Role.FIELD_OFFICER)
    room.set_password("700002")
    off = room.add_person("700003", Role.FIELD_OFFICER)
    room.set_password("700003")
    room.add_person("700004", Role.FIELD_OFFICER)  # never used a link
    with room.small.database.writing() as unit:
        unit.people.put(replace(left, left_at=room.small.clock.now()))
        unit.sign_ins.disable(off.id, room.small.clock.now())
    for login, password in (
        ("700001", "wrong password"),
        ("700001", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("700002", PASSWORD),
        ("700003", PASSWORD),
        ("700004", PASSWORD),
        ("7\x0000", PASSWORD),
        ("\ud800", "\ud800"),
        ("x" * 5000, PASSWORD),
    ):
        fails(room, login, password)
    assert (
        why(room) == ["password"] * 2 + ["unknown"] * 2 + ["left", "disabled", "password"] + ["unknown"] * 3
    )
    assert room.entries(Act.SIGN_IN) == []
    told = str(room.entries(Act.SIGN_IN_FAIL))
    assert "nobody" not in told, "what was typed as a login may be a password"
    assert PASSWORD not in told


@pytest.mark.parametrize("guesses", MANY)
def test_many_guesses_at_one_account_are_ten_and_nobody_else_is_locked(
    guesses: int, room: SignInRoom
) -> None:
    room.add_person("700002", Role.FIELD_OFFICER)
    room.set_password("700002")
    for guess in range(guesses):
        fails(room, "700001", f"guess number {guess}")
    assert why(room).count("password") == 10
    assert why(room).count("locked") == guesses - 10
    assert len(room.entries(Act.LOCK)) == 1
    fails(room, "700001", PASSWORD)
    assert isinstance(room.signing_in.begin("700001", PASSWORD, "198.51.100.7"), SignedIn), "another network"
    assert isinstance(room.signing_in.begin("700002", PASSWORD, HOME), SignedIn), "another account"


@pytest.mark.parametrize("accounts", MANY)
def test_one_guess_at_each_of_many_accounts_locks_none(accounts: int, room: SignInRoom) -> None:
    for number in range(accounts):
        fails(room, f"80{number:04d}", "one guess for all of you")
    assert room.entries(Act.LOCK) == []
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)


@pytest.mark.parametrize("networks", [6, pytest.param(50, marks=pytest.mark.grown)])
def test_networks_are_counted_each_by_itself(networks: int, room: SignInRoom) -> None:
    for network in range(networks):
        for guess in range(10 + network % 2):
            fails(room, "700001", f"guess number {guess}", f"198.51.100.{network}")
    assert len(room.entries(Act.LOCK)) == networks
    assert (why(room).count("password"), why(room).count("locked")) == (10 * networks, networks // 2)
    (state,) = [one for one in room.desk.all(OPERATOR) if one.number == "700001"]
    assert state.locked_from == networks
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)


def test_guesses_at_the_same_moment_are_not_more_than_guesses_one_by_one(room: SignInRoom) -> None:
    def guess(number: int) -> None:
        fails(room, "700001", f"guess number {number}")

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(40)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (why(room).count("password"), why(room).count("locked")) == (10, 30)
    assert len(room.entries(Act.LOCK)) == 1


def test_a_lock_is_over_with_its_time(room: SignInRoom) -> None:
    for guess in range(10):
        fails(room, "700001", f"guess number {guess}")
    room.small.clock.pass_by(timedelta(minutes=14))
    fails(room, "700001", PASSWORD)
    room.small.clock.pass_by(timedelta(minutes=2))
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)


def test_failures_outside_the_window_do_not_count(room: SignInRoom) -> None:
    for guess in range(30):
        fails(room, "700001", f"guess number {guess}")
        room.small.clock.pass_by(timedelta(minutes=2))
    assert room.entries(Act.LOCK) == []


def test_success_forgets_the_failures_before(room: SignInRoom) -> None:
    for _ in range(4):
        for guess in range(9):
            fails(room, "700001", f"guess number {guess}")
        assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)
    assert room.entries(Act.LOCK) == []


def test_with_the_profile_of_cjis_a_lock_stays_until_somebody_releases_it(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path, "cjis")
    room.with_codes()
    for guess in range(5):
        fails(room, "012345", f"guess number {guess}")
    assert len(room.entries(Act.LOCK)) == 1
    room.small.clock.pass_by(timedelta(days=400))
    fails(room, "012345", PASSWORD)
    assert room.desk.unlock(OPERATOR, "012345") == 1
    assert isinstance(room.signing_in.begin("012345", PASSWORD, HOME), MoreAsked)
    (entry,) = room.entries(Act.UNLOCK)
    assert (entry["by"], entry["facts"]["networks"]) == ("operator", 1)


def test_an_auxiliary_signs_in_only_with_both_undertakings_and_a_contract(room: SignInRoom) -> None:
    today = room.small.clock.now().date()
    person = room.add_person(
        "FZ0001", Role.AUXILIARY, kind=PersonType.AUXILIARY, contract_from=today, contract_to=today
    )
    with room.small.database.writing() as unit:
        for number, kind in enumerate(UndertakingKind):
            unit.people.add_undertaking(Undertaking(f"{number:032d}", person.id, kind, today))
    room.set_password("FZ0001")
    assert isinstance(room.signing_in.begin("FZ0001", PASSWORD, HOME), SignedIn)
    room.small.clock.pass_by(timedelta(days=1))
    fails(room, "FZ0001", PASSWORD)


def test_the_second_factor_comes_after_the_password_and_before_any_session(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    fails(room, "012345", "wrong password")
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    assert isinstance(asked, MoreAsked)
    assert (asked.kind, asked.ways) == ("second-factor", ("totp",))
    assert room.entries(Act.SIGN_IN) == []
    assert room.sessions.identify(asked.token) is None
    with pytest.raises(Refused, match="sign-in-failed"):
        room.signing_in.show_code(asked.token, "000000", HOME)
    answer = room.signing_in.show_code(asked.token, room.code(offer), HOME)
    assert isinstance(answer, SignedIn)
    (entry,) = room.entries(Act.SIGN_IN)
    assert entry["facts"]["factors"] == ["password", "totp"]


def test_no_code_and_no_step_is_taken_twice(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    first, other = (room.signing_in.begin("012345", PASSWORD, HOME) for _ in range(2))
    code = room.code(offer)
    assert isinstance(room.signing_in.show_code(first.token, code, HOME), SignedIn)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.signing_in.show_code(other.token, code, HOME)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.signing_in.show_code(other.token, room.code(offer, -1), HOME)
    with pytest.raises(Refused, match="step-over"):
        room.signing_in.show_code(first.token, room.code(offer, 1), HOME)
    assert isinstance(room.signing_in.show_code(other.token, room.code(offer, 1), HOME), SignedIn)


def test_a_step_is_over_after_five_minutes(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    room.small.clock.pass_by(timedelta(minutes=5))
    with pytest.raises(Refused, match="step-over"):
        room.signing_in.show_code(asked.token, room.code(offer), HOME)
    assert room.entries(Act.SIGN_IN) == []


def test_codes_are_guessed_ten_times_from_all_networks_together(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    for network in range(12):
        asked = room.signing_in.begin("012345", PASSWORD, f"198.51.100.{network}")
        with pytest.raises(Refused, match="sign-in-failed"):
            room.signing_in.show_code(asked.token, "000000", f"198.51.100.{network}")
    assert (why(room).count("code"), why(room).count("locked")) == (10, 2)
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    with pytest.raises(Refused, match="sign-in-failed"):
        room.signing_in.show_code(asked.token, room.code(offer), HOME)
    assert room.desk.unlock(OPERATOR, "012345") == 1
    assert isinstance(room.signing_in.show_code(asked.token, room.code(offer), HOME), SignedIn)


def test_who_needs_a_second_factor_and_has_none_needs_a_new_link(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    room.set_password("012345")
    with pytest.raises(Refused, match="second-factor-missing"):
        room.signing_in.begin("012345", PASSWORD, HOME)
    fails(room, "012345", "wrong password")
    assert room.entries(Act.SIGN_IN) == []


def test_disabled_between_password_and_code_is_disabled(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path)
    offer = room.with_codes()
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    room.desk.disable(OPERATOR, "012345")
    with pytest.raises(Refused, match="sign-in-failed"):
        room.signing_in.show_code(asked.token, room.code(offer), HOME)
    assert room.entries(Act.SIGN_IN) == []


def test_a_password_that_ran_out_is_replaced_before_any_session(tmp_path: Path) -> None:
    room = SignInRoom(tmp_path, "djcp3")
    offer = room.with_codes()
    room.small.clock.pass_by(timedelta(days=90))
    asked = room.signing_in.begin("012345", PASSWORD, HOME)
    more = room.signing_in.show_code(asked.token, room.code(offer), HOME)
    assert isinstance(more, MoreAsked)
    assert more.kind == "new-password"
    for weak, reason in (("short", "too-short"), (PASSWORD, "same"), ("012345 and more", "holds-name")):
        with pytest.raises(Invalid, match=reason):
            room.signing_in.replace_password(more.token, weak, HOME)
    assert room.entries(Act.SIGN_IN) == []
    answer = room.signing_in.replace_password(more.token, "another river lamp", HOME)
    assert room.sessions.identify(answer.token) is not None
    with pytest.raises(Refused, match="step-over"):
        room.signing_in.replace_password(more.token, "yet another river", HOME)
    assert room.entries(Act.SIGN_IN)[0]["facts"]["factors"] == ["password", "totp"]


def test_a_password_written_weakly_is_written_anew_at_the_next_signing_in(room: SignInRoom) -> None:
    stronger = ArgonPasswords(replace(DEFAULT, memory_kib=128, passes=1, lanes=1))
    room.signing_in = replace(room.signing_in, site=replace(room.small.site, passwords=stronger))
    with room.small.database.reading() as unit:
        before = unit.sign_ins.by_login("700001")
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)
    with room.small.database.reading() as unit:
        after = unit.sign_ins.by_login("700001")
    assert before is not None
    assert after is not None
    assert "m=128" in (after.password or "")
    assert after.password_at == before.password_at, "it is as old as it was"
    assert isinstance(room.signing_in.begin("700001", PASSWORD, HOME), SignedIn)


def test_unknown_wrong_disabled_and_locked_take_the_same_time(room: SignInRoom) -> None:
    """Medians of processor time: other work on the machine does not blur it."""
    slow = ArgonPasswords(replace(DEFAULT, memory_kib=8192, passes=2, lanes=1))
    site = replace(room.small.site, passwords=slow)
    room.signing_in = replace(room.signing_in, site=site)
    off = room.add_person("700003", Role.FIELD_OFFICER)
    room.add_person("700004", Role.FIELD_OFFICER)
    with room.small.database.writing() as unit:
        for number in ("700001", "700003", "700004"):
            person = unit.people.by_number(number)
            assert person is not None
            unit.sign_ins.set_password(person.id, slow.write(PASSWORD), room.small.clock.now())
        unit.sign_ins.disable(off.id, room.small.clock.now())
    for guess in range(10):
        fails(room, "700004", f"guess number {guess}")
    spent: dict[str, list[float]] = {}
    for turn in range(16):
        network = f"198.51.100.{turn // 8}"
        for what, login, password, where in (
            ("unknown", f"nobody {turn}", "wrong password", network),
            ("wrong", "700001", "wrong password", network),
            ("disabled", "700003", PASSWORD, network),
            ("locked", "700004", PASSWORD, HOME),
        ):
            began = time.thread_time()
            fails(room, login, password, where)
            spent.setdefault(what, []).append(time.thread_time() - began)
    medians = {what: statistics.median(times) for what, times in spent.items()}
    assert max(medians.values()) < 1.25 * min(medians.values()), medians
