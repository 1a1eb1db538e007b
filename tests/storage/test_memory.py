"""The memory vault, held to the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.memory import MemoryVault
from storage.vault import Strength, Vault
from tests.contracts.vault import VaultContract


class TestMemoryVault(VaultContract):
    @pytest.fixture
    def fresh(self) -> Callable[[], Vault]:
        return MemoryVault

    @pytest.fixture
    def vault(self) -> Vault:
        return MemoryVault()

    def test_it_says_that_it_withstands_nothing(self, vault: Vault) -> None:
        assert vault.strength() == Strength("memory", "nothing")
