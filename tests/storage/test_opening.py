"""From an address to a vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import UnknownAddress, VaultAbsent
from storage.memory import MemoryVault
from storage.opening import open_vault, prepare_vault
from tests.contracts.samples import LOCK


def test_a_file_address_opens_the_folder_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "保管 库"
    prepare_vault(folder.as_uri())
    open_vault(folder.as_uri()).seal_bytes("a", b"x", LOCK)
    assert (folder / "a").read_bytes() == b"x"
    assert open_vault(f"file://{folder}").stat("a").lock == LOCK


def test_a_folder_that_is_no_vault_is_not_opened_and_stays_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "missing"):
        with pytest.raises(VaultAbsent):
            open_vault(folder.as_uri())
    assert list(tmp_path.rglob("*")) == [empty]


def test_memory_opens_an_empty_vault_each_time() -> None:
    assert isinstance(open_vault("memory:"), MemoryVault)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3://bucket/x",
        "file:relative",
        "file://host/path",
        "file:///a?b=c",
        "file:///a#b",
        "/a",
        "memory:x",
    ],
)
def test_any_other_address_is_an_error(url: str) -> None:
    with pytest.raises(UnknownAddress):
        open_vault(url)


def test_memory_cannot_be_made_immutable() -> None:
    with pytest.raises(UnknownAddress):
        open_vault("memory:", immutable=True)
