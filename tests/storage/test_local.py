"""The vault in a folder: the contract in its three ways of working, and what only a folder can get wrong."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from storage.errors import Exists, Mismatch, Missing, StagingBusy, StagingSealed, StoreUnavailable
from storage.immutable import holds_against_us, set_immutable
from storage.local import LocalVault
from storage.staging_folder import FolderStaging
from storage.vault import Debris, Sealed, Strength, Vault
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, LOCK, begun, promise, stage
from tests.contracts.vault import VaultContract


@pytest.fixture
def immutable_root(tmp_path: Path) -> Iterator[Path]:
    """A folder where the immutable flag holds; the flags are taken off at the end, so that it can be
    removed."""
    if not holds_against_us(tmp_path):
        pytest.skip("the immutable flag cannot be set here (needs root and a file system that knows it)")
    yield tmp_path / "immutable"
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            fd = os.open(path, os.O_RDONLY)
            set_immutable(fd, False)
            os.close(fd)


class TestLinking(VaultContract):
    """Staging and vault on one mount: sealing links and does not read."""

    reads_at_sealing = False

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Callable[[], Vault]:
        numbers = count()
        return lambda: LocalVault.make(tmp_path / f"fresh{next(numbers)}")

    @pytest.fixture
    def vault(self, tmp_path: Path) -> Vault:
        return LocalVault.make(tmp_path / "vault")

    def test_sealing_links_without_copying(self, vault: Vault, room: Path, tmp_path: Path) -> None:
        staged = stage(room, BODY)
        vault.seal_file("r/a", staged, promise(BODY), LOCK)
        there = (tmp_path / "vault/r/a").stat()
        assert (there.st_ino, there.st_mode & 0o777) == (staged.stat().st_ino, 0o444)


class TestCopying(VaultContract):
    """Staging on another file system: sealing copies and reads back."""

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Callable[[], Vault]:
        numbers = count()
        return lambda: LocalVault.make(tmp_path / f"fresh{next(numbers)}")

    @pytest.fixture
    def vault(self, tmp_path: Path) -> Vault:
        return LocalVault.make(tmp_path / "vault")

    @pytest.fixture
    def room(self, tmp_path: Path) -> Iterator[Path]:
        other = Path("/dev/shm")
        if not os.access(other, os.W_OK) or other.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("no second file system to stage on")
        folder = Path(tempfile.mkdtemp(dir=other))
        yield folder
        shutil.rmtree(folder)

    def test_sealing_copies_and_leaves_staging_as_it_was(
        self, vault: Vault, room: Path, tmp_path: Path
    ) -> None:
        staged = stage(room, BODY)
        before = staged.stat()
        vault.seal_file("r/a", staged, promise(BODY), LOCK)
        assert (tmp_path / "vault/r/a").stat().st_mode & 0o777 == 0o444
        assert (staged.stat().st_mode, staged.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


class TestImmutable(VaultContract):
    """With the immutable flag: sealing copies, since the flag would bind the staging name too."""

    @pytest.fixture
    def fresh(self, immutable_root: Path) -> Callable[[], Vault]:
        numbers = count()
        return lambda: LocalVault.make(immutable_root / f"fresh{next(numbers)}", immutable=True)

    @pytest.fixture
    def vault(self, immutable_root: Path) -> Vault:
        return LocalVault.make(immutable_root, immutable=True)

    def test_not_even_root_removes_or_changes_an_object_or_its_lock(
        self, vault: Vault, immutable_root: Path
    ) -> None:
        assert vault.strength() == Strength("folder-immutable", "ordinary-accounts")
        vault.seal_bytes("r/a", b"x", LOCK)
        for path in (immutable_root / "r/a", immutable_root / "r/a~lock.000001.json"):
            for attack in (
                path.unlink,
                lambda path=path: path.open("ab"),
                lambda path=path: path.chmod(0o600),
            ):
                with pytest.raises(PermissionError):
                    attack()
        assert content(vault, "r/a") == b"x"

    def test_an_object_without_the_flag_is_reported(self, vault: Vault, immutable_root: Path) -> None:
        LocalVault.make(immutable_root).seal_bytes("r/a", b"x", LOCK)
        sealed = vault.stat("r/a")
        assert list(vault.census()) == [sealed, Debris("r/a", "not-immutable")]
        assert list(vault.list()) == [sealed]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(root: Path) -> LocalVault:
    return LocalVault.make(root)


def test_a_folder_says_it_withstands_mistakes_only(vault: LocalVault) -> None:
    assert vault.strength() == Strength("folder", "mistakes")


def test_an_open_writer_keeps_the_vault_from_sealing(vault: LocalVault, tmp_path: Path) -> None:
    staging = FolderStaging(tmp_path / "staging")
    staging.create("u")
    with begun(staging, "u", 0) as writer:
        writer.write(BODY)
        writer.sync()
        with pytest.raises(StagingBusy):
            vault.seal_file("r/a", staging.path("u"), promise(BODY), LOCK)
        assert_nothing_stored(vault, "r/a")
    vault.seal_file("r/a", staging.path("u"), promise(BODY), LOCK)


def test_sealed_bytes_cannot_be_reached_through_staging(vault: LocalVault, tmp_path: Path) -> None:
    staging = FolderStaging(tmp_path / "staging")
    staging.create("u")
    with begun(staging, "u", 0) as writer:
        writer.write(BODY)
        writer.sync()
    vault.seal_file("r/a", staging.path("u"), promise(BODY), LOCK)
    with pytest.raises(StagingSealed):
        begun(staging, "u", 0)
    assert [found.sealed for found in staging.census()] == [True]
    staging.remove("u")
    assert content(vault, "r/a") == BODY


def test_a_staging_name_that_is_a_link_or_a_folder_is_not_followed(vault: LocalVault, tmp_path: Path) -> None:
    stage(tmp_path, BODY, "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "folder").mkdir()
    for name, error in (("link", StoreUnavailable), ("folder", Mismatch)):
        with pytest.raises(error):
            vault.seal_file("r/a", tmp_path / name, promise(BODY), LOCK)
        assert_nothing_stored(vault, "r/a")


def test_a_refusal_leaves_the_staging_file_writable(vault: LocalVault, tmp_path: Path) -> None:
    vault.seal_bytes("r/a", b"x", LOCK)
    staged = stage(tmp_path, BODY)
    mode = staged.stat().st_mode
    with pytest.raises(Exists):
        vault.seal_file("r/a", staged, promise(BODY), LOCK)
    assert staged.stat().st_mode == mode


def test_two_vaults_on_one_folder_are_one_vault(vault: LocalVault, root: Path) -> None:
    vault.seal_bytes("r/a", b"x", LOCK)
    other = LocalVault.make(root)
    other.hold("r/a", "case")
    with pytest.raises(Exists):
        other.seal_bytes("r/a", b"y", LOCK)
    assert vault.stat("r/a").lock.holds == {"case"}


def test_where_nameless_files_are_unknown_a_named_one_is_used_and_removed(
    vault: LocalVault, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # O_TMPFILE with O_DIRECTORY alone is what an old file system sees: opening a folder for writing is
    # EISDIR.
    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
    vault.seal_bytes("r/a", BODY, LOCK)
    assert content(vault, "r/a") == BODY
    assert all(isinstance(found, Sealed) for found in vault.census())
    assert sorted(path.name for path in (root / "r").iterdir()) == ["a", "a~lock.000001.json"]


def test_the_flag_asked_for_without_the_right_to_set_it_refuses_to_start(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        with pytest.raises(StoreUnavailable):
            LocalVault.make(tmp_path / "vault", immutable=True)
        return
    child = os.fork()
    if child == 0:  # a process of its own, since the rights do not come back
        try:
            os.chmod(tmp_path, 0o777)
            os.chdir(tmp_path)
            os.setresuid(65534, 65534, 65534)
            LocalVault.make(Path("vault"), immutable=True)
        except StoreUnavailable:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_missing_is_said_of_the_key(vault: LocalVault) -> None:
    with pytest.raises(Missing, match="no/such/key"):
        vault.stat("no/such/key")
