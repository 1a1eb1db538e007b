"""A path to a sealed original: the vault's own file where it has one, else a copy that goes away again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.adapters.originals import VaultOriginals
from storage.errors import Missing
from storage.local import LocalVault
from storage.memory import MemoryVault
from storage.vault import Lock, Vault

BODY = random.Random(3).randbytes(2_500_000)
LOCK = Lock(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def local(tmp_path: Path) -> Vault:
    (tmp_path / "vault").mkdir()
    return LocalVault(tmp_path / "vault")


def test_a_vault_on_a_folder_hands_out_its_own_file_read_only(tmp_path: Path, scratch: Path) -> None:
    vault = local(tmp_path)
    vault.seal_bytes("recordings/a/data", BODY, LOCK)
    with VaultOriginals(vault, scratch).path("recordings/a/data", "1") as path:
        assert path.is_relative_to(tmp_path / "vault")
        assert path.read_bytes() == BODY
        assert path.stat().st_mode & 0o222 == 0
        assert list(scratch.iterdir()) == []
    with vault.open("recordings/a/data") as original:
        assert original.read() == BODY


def test_any_other_vault_is_copied_whole_and_the_copy_goes_away(scratch: Path) -> None:
    vault = MemoryVault()
    vault.seal_bytes("recordings/a/data", BODY, LOCK)
    with VaultOriginals(vault, scratch).path("recordings/a/data", "1") as path:
        assert path.parent == scratch
        assert path.read_bytes() == BODY
        assert path.stat().st_mode & 0o077 == 0
    assert list(scratch.iterdir()) == []


def test_the_copy_goes_away_when_the_parser_fails_too(scratch: Path) -> None:
    vault = MemoryVault()
    vault.seal_bytes("recordings/a/data", BODY, LOCK)
    with pytest.raises(RuntimeError), VaultOriginals(vault, scratch).path("recordings/a/data", "1"):
        raise RuntimeError("the parser died")
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_what_is_not_there_is_missing_and_leaves_nothing(tmp_path: Path, scratch: Path, kind: str) -> None:
    vault = local(tmp_path) if kind == "local" else MemoryVault()
    with pytest.raises(Missing), VaultOriginals(vault, scratch).path("recordings/none/data", "1"):
        pytest.fail("there is no such original")
    assert list(scratch.iterdir()) == []
