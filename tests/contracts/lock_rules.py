"""Ways to look at a vault, and any order of lock acts beside a model of two lines."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage.errors import Exists, Locked, Missing
from storage.vault import Lock, Sealed, Vault
from tests.contracts.samples import DAY, LOCK, UNTIL


def assert_nothing_stored(vault: Vault, key: str) -> None:
    """By no way of asking is there an object."""
    for ask in (vault.stat, vault.open):
        with pytest.raises(Missing):
            ask(key)
    assert key not in [found.key for found in vault.list()]
    assert key not in [found.key for found in vault.census() if isinstance(found, Sealed)]


def content(vault: Vault, key: str) -> bytes:
    """The object's bytes, read to the end."""
    with vault.open(key) as file:
        return file.read()


class LockMachine(RuleBasedStateMachine):
    """Any order of acts on one object, beside a model of two lines: the date only grows, holds are a set."""

    grounds = st.sampled_from(["case", "complaint", "内部调查"])
    days = st.integers(-3, 6)

    def __init__(self, vault: Vault, is_too_early: bool = False) -> None:
        """is_too_early: the store has a clock of its own, and by that no date here has come."""
        super().__init__()
        self.is_too_early = is_too_early
        self.vault, self.until, self.holds, self.there = vault, UNTIL, set[str](), True
        vault.seal_bytes("r/a", b"x", LOCK)

    @precondition(lambda self: self.there)
    @rule(days=days)
    def extend(self, days: int) -> None:
        asked = UNTIL + days * DAY
        if asked < self.until:
            with pytest.raises(Locked):
                self.vault.extend("r/a", asked)
        else:
            self.vault.extend("r/a", asked)
            self.until = asked

    @precondition(lambda self: self.there)
    @rule(ground=grounds)
    def hold(self, ground: str) -> None:
        self.vault.hold("r/a", ground)
        self.holds.add(ground)

    @precondition(lambda self: self.there)
    @rule(ground=grounds)
    def release(self, ground: str) -> None:
        if ground in self.holds:
            self.vault.release("r/a", ground)
            self.holds.remove(ground)
        else:
            with pytest.raises(Missing):
                self.vault.release("r/a", ground)

    @rule(days=days)
    def dispose(self, days: int) -> None:
        now = UNTIL + days * DAY
        if not self.there:
            with pytest.raises(Missing):
                self.vault.dispose("r/a", now)
        elif self.holds or now < self.until or self.is_too_early:
            with pytest.raises(Locked):
                self.vault.dispose("r/a", now)
        else:
            self.vault.dispose("r/a", now)
            self.there = False

    @rule()
    def seal_again(self) -> None:
        with pytest.raises(Exists):
            self.vault.seal_bytes("r/a", b"x", LOCK)

    @invariant()
    def the_vault_agrees(self) -> None:
        if self.there:
            assert self.vault.stat("r/a").lock == Lock(self.until, frozenset(self.holds))
            assert content(self.vault, "r/a") == b"x"
        else:
            assert_nothing_stored(self.vault, "r/a")
