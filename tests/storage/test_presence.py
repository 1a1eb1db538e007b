"""A vault whose disc is away is not made anew, and one of an older version is known by its objects."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import Missing, VaultAbsent
from storage.local import LocalVault
from storage.presence import SIGN
from storage.vault import Debris
from tests.contracts.lock_rules import content
from tests.contracts.samples import BODY, LOCK, promise, stage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(root: Path) -> LocalVault:
    vault = LocalVault.make(root)
    vault.seal_bytes("r/a", b"x", LOCK)
    return vault


def assert_absent(vault: LocalVault, tmp_path: Path) -> None:
    """Nothing is sealed, and nothing is said about objects."""
    before = sorted(tmp_path.rglob("*"))
    staged = stage(tmp_path, BODY)
    for act in (
        lambda: vault.seal_file("r/b", staged, promise(BODY), LOCK),
        lambda: vault.seal_bytes("r/b", BODY, LOCK),
        lambda: vault.seal_bytes("other/b", BODY, LOCK),
        lambda: vault.stat("r/a"),
        lambda: vault.open("r/a"),
        lambda: list(vault.census()),
        lambda: list(vault.list()),
    ):
        with pytest.raises(VaultAbsent):
            act()
    staged.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_vault_renamed_under_a_running_service_is_not_made_anew(
    vault: LocalVault, root: Path, tmp_path: Path
) -> None:
    root.rename(tmp_path / "aside")
    assert_absent(vault, tmp_path)
    (tmp_path / "aside").rename(root)
    vault.seal_bytes("r/b", BODY, LOCK)
    assert content(vault, "r/a") == b"x"


def test_an_empty_folder_in_the_place_of_a_vault_takes_nothing(
    vault: LocalVault, root: Path, tmp_path: Path
) -> None:
    root.rename(tmp_path / "aside")
    root.mkdir()
    assert_absent(vault, tmp_path)


def test_a_missing_or_empty_folder_is_not_opened(root: Path, tmp_path: Path) -> None:
    with pytest.raises(VaultAbsent):
        LocalVault(root)
    assert not root.exists()
    (root / "lost+found").mkdir(parents=True)
    (root / "somebody's file").touch()
    with pytest.raises(VaultAbsent):
        LocalVault(root)
    assert sorted(path.name for path in root.iterdir()) == ["lost+found", "somebody's file"]


def test_a_vault_of_an_older_version_gets_its_sign_when_it_is_opened(vault: LocalVault, root: Path) -> None:
    (root / SIGN).unlink()
    with pytest.raises(VaultAbsent):
        vault.seal_bytes("r/b", BODY, LOCK)
    assert vault.stat("r/a").size_bytes == 1  # the object itself is here
    LocalVault(root)
    vault.seal_bytes("r/b", BODY, LOCK)
    assert (root / SIGN).stat().st_mode & 0o777 == 0o444


def test_the_sign_is_neither_an_object_nor_debris(vault: LocalVault, root: Path) -> None:
    assert list(vault.census()) == [vault.stat("r/a")]
    (root / "r" / SIGN).touch()
    assert Debris(f"r/{SIGN}", "alien") in list(vault.census())  # in any other place it is a stranger's


def test_what_is_missing_from_a_vault_that_is_there_is_missing(vault: LocalVault) -> None:
    with pytest.raises(Missing):
        vault.stat("no/such")


def test_making_a_vault_again_changes_nothing(vault: LocalVault, root: Path) -> None:
    before = (root / SIGN).stat()
    assert content(LocalVault.make(root), "r/a") == b"x"
    assert (root / SIGN).stat() == before


def test_a_link_to_the_folder_of_a_vault_opens_it(vault: LocalVault, root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    linked = LocalVault(tmp_path / "link")
    linked.seal_bytes("r/b", BODY, LOCK)
    assert [one.key for one in linked.list()] == [one.key for one in vault.list()] == ["r/a", "r/b"]


@pytest.fixture
def disc(tmp_path: Path) -> Iterator[Path]:
    """A disc of its own that can be taken away."""
    point = tmp_path / "disc"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "evidence-test", str(point)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield point
    subprocess.run(["umount", "-l", str(point)], capture_output=True)


def test_a_disc_that_is_away_is_never_replaced_by_its_mount_point(disc: Path, tmp_path: Path) -> None:
    vault = LocalVault.make(disc / "vault")
    vault.seal_bytes("r/a", b"x", LOCK)
    subprocess.run(["umount", str(disc)], check=True)
    assert_absent(vault, tmp_path)
    with pytest.raises(VaultAbsent):
        LocalVault(disc / "vault")
    assert list(disc.iterdir()) == []


def test_a_vault_that_may_only_be_read_is_opened_without_a_sign(
    vault: LocalVault, root: Path, disc: Path
) -> None:
    (root / SIGN).unlink()
    shutil.copytree(root, disc / "vault")
    subprocess.run(["mount", "-o", "remount,ro", str(disc)], check=True)
    assert [one.key for one in LocalVault(disc / "vault").list()] == ["r/a"]
