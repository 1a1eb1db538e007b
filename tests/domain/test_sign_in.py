"""The rules of signing in: passwords, networks, profiles; who may have an active account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence.domain.people import Person, PersonType, Undertaking, UndertakingKind, may_sign_in
from evidence.domain.rights import Role
from evidence.domain.sign_in import PROFILES, network_of, weakness

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too-short"),
        ("elevenchars", "too-short"),
        ("十一个汉字不够长度的呀", "too-short"),
        ("twelve chars", None),
        ("没有人会猜到这句话的内容", None),
        ("x" * 1001, "too-long"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("ababababababab", "common"),
        ("Password-1234", "common"),
        ("PASSWORD  1234", "common"),
        ("correct horse battery staple", "common"),
        ("wo ai ni 1314520", "common"),
        ("my 012345 lamp", "holds-name"),
        ("Sergeant WANGXIAOMING", "holds-name"),
        ("river-lamp-seven", None),
        ("no digits or capitals needed", None),
    ],
)
def test_a_password_is_weak_by_length_frequency_or_what_is_known_of_its_owner(
    password: str, why: str | None
) -> None:
    assert weakness(password, "012345", "Wang Xiaoming", None) == why


def test_a_name_of_two_letters_bars_no_password() -> None:
    assert weakness("my ox is a good ox", "ox") is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_network_is_an_address_or_the_64_bits_that_one_subscriber_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_profiles_say_what_their_sources_say() -> None:
    cjis, djcp3, default = PROFILES["cjis"], PROFILES["djcp3"], PROFILES["default"]
    assert (cjis.failures, cjis.window, cjis.locked_for) == (5, timedelta(minutes=15), None)
    assert cjis.idle <= timedelta(minutes=30)
    assert cjis.needs_second_factor([])
    assert djcp3.needs_second_factor([])
    assert djcp3.is_over(NOW - timedelta(days=90), NOW)
    assert not djcp3.is_over(NOW - timedelta(days=89), NOW)
    assert not default.is_over(NOW - timedelta(days=9999), NOW), "ASVS 6.2.10: no rotation"
    assert not djcp3.is_over(None, NOW)
    assert all(one.locked_for is None or one.locked_for >= one.window for one in PROFILES.values())


@pytest.mark.parametrize("role", list(Role))
def test_by_default_administrators_and_custodians_need_a_second_factor(role: Role) -> None:
    strong = role.value.endswith("-administrator") or role is Role.CUSTODIAN
    assert PROFILES["default"].needs_second_factor([Role.AUDITOR, role]) is strong


def person(kind: PersonType, **more: object) -> Person:
    """Somebody on the roll since January."""
    one = Person("p" * 32, "XG123456", None, kind, "u" * 32, contract_from=date(2026, 1, 1))
    return replace(one, **more)  # type: ignore[arg-type]


def signed(*kinds: UndertakingKind, on: date = TODAY) -> list[Undertaking]:
    """Undertakings on file."""
    return [Undertaking("a" * 32, "p" * 32, kind, on) for kind in kinds]


BOTH = signed(*UndertakingKind)


def test_an_auxiliary_is_active_with_both_undertakings_and_within_the_contract() -> None:
    auxiliary = person(PersonType.AUXILIARY, contract_to=TODAY)
    assert may_sign_in(auxiliary, BOTH, TODAY, NOW)
    assert not may_sign_in(auxiliary, BOTH, TODAY + timedelta(days=1), NOW), "000-2: past the contract's end"
    assert not may_sign_in(auxiliary, BOTH, date(2025, 12, 31), NOW)
    assert not may_sign_in(replace(auxiliary, contract_from=None), BOTH, TODAY, NOW)
    assert not may_sign_in(replace(auxiliary, left_at=NOW), BOTH, TODAY, NOW)


@pytest.mark.parametrize("kind", list(UndertakingKind))
def test_one_undertaking_alone_makes_no_auxiliary_active(kind: UndertakingKind) -> None:
    auxiliary = person(PersonType.AUXILIARY)
    assert not may_sign_in(auxiliary, [], TODAY, NOW)
    assert not may_sign_in(auxiliary, signed(kind), TODAY, NOW), "000-16: both are on file"
    assert not may_sign_in(auxiliary, signed(kind, kind), TODAY, NOW)
    assert not may_sign_in(auxiliary, signed(*UndertakingKind, on=TODAY + timedelta(days=1)), TODAY, NOW), (
        "signed tomorrow"
    )


@pytest.mark.parametrize("kind", [PersonType.OFFICER, PersonType.CIVILIAN])
def test_others_are_active_while_they_are_on_the_roll(kind: PersonType) -> None:
    assert may_sign_in(person(kind), [], TODAY, NOW)
    assert may_sign_in(person(kind, contract_from=None), [], TODAY, NOW)
    assert not may_sign_in(person(kind, contract_to=TODAY - timedelta(days=1)), [], TODAY, NOW)
    assert not may_sign_in(person(kind, left_at=NOW), [], TODAY, NOW)
