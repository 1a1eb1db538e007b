"""Passwords as argon2id: interoperable, salted, and the same work for nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from evidence.adapters.passwords import ArgonPasswords
from evidence.domain.sign_in import PROFILES
from tests.builders import QUICK


@pytest.fixture
def passwords() -> ArgonPasswords:
    """Quick ones."""
    return ArgonPasswords(QUICK)


def test_a_password_matches_what_was_written_of_it_and_nothing_else(passwords: ArgonPasswords) -> None:
    stored = passwords.write("river-lamp-seven")
    assert passwords.matches(stored, "river-lamp-seven")
    assert not passwords.matches(stored, "river-lamp-eight")
    assert not passwords.matches(stored, "")
    assert not passwords.matches(None, "river-lamp-seven")
    assert not passwords.matches("no hash", "river-lamp-seven")


def test_each_writing_has_a_salt_of_its_own(passwords: ArgonPasswords) -> None:
    assert passwords.write("river-lamp-seven") != passwords.write("river-lamp-seven")


def test_it_is_argon2id_as_another_library_reads_it(passwords: ArgonPasswords) -> None:
    stored = passwords.write("执法记录-密码-一二三")
    assert stored.startswith("$argon2id$v=19$")
    Argon2id.verify_phc_encoded("执法记录-密码-一二三".encode(), stored)
    assert len(stored) <= 300


def test_the_same_letters_typed_another_way_are_the_same_password(passwords: ArgonPasswords) -> None:
    assert passwords.matches(passwords.write("ｒｉｖｅｒ lamp café"), "river lamp cafe\u0301")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_at_least_as_strong_as_the_memory_saving_choice_of_rfc_9106(profile: str) -> None:
    rules = PROFILES[profile]
    assert (rules.memory_kib, rules.passes, rules.lanes) >= (65536, 3, 4)
    assert "$m=65536,t=3,p=4$" in ArgonPasswords(rules).write("river-lamp-seven")


def test_weaker_parameters_are_outdated(passwords: ArgonPasswords) -> None:
    stored = passwords.write("river-lamp-seven")
    assert not passwords.is_outdated(stored)
    assert ArgonPasswords(replace(QUICK, passes=2)).is_outdated(stored)


def test_half_a_character_is_no_crash(passwords: ArgonPasswords) -> None:
    assert not passwords.matches(passwords.write("x" * 12), "\ud800")
