"""A path to a sealed original: the vault's own file where it has one, else a copy that goes away again."""

from __future__ import annotations

import fcntl
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

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
    return LocalVault.make(tmp_path / "vault")


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


def test_a_copy_left_by_a_killed_process_goes_when_the_site_is_opened_and_one_in_use_stays(
    tmp_path: Path, scratch: Path
) -> None:
    code = """if True:
        import sys, time
        from datetime import UTC, datetime
        from pathlib import Path
        from evidence.adapters.originals import VaultOriginals
        from storage.memory import MemoryVault
        from storage.vault import Lock
        vault = MemoryVault()
        vault.seal_bytes("recordings/a/data", b"an original", Lock(datetime(2030, 1, 1, tzinfo=UTC)))
        with VaultOriginals(vault, Path(sys.argv[1])).path("recordings/a/data", "1") as path:
            print(path.name, flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", code, str(scratch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        (scratch / "something-else").touch()
        VaultOriginals(MemoryVault(), scratch)
        assert (scratch / name).read_bytes() == b"an original", "it is in use"
        process.kill()
    assert (scratch / name).exists()
    VaultOriginals(MemoryVault(), scratch)
    assert [path.name for path in scratch.iterdir()] == ["something-else"]


def test_a_copy_that_is_taken_for_a_left_one_is_made_again(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, taken, flock = MemoryVault(), list[Path](), fcntl.flock
    vault.seal_bytes("recordings/a/data", BODY, LOCK)

    def late(file: IO[bytes], how: int) -> None:
        if not taken:
            taken.extend(scratch.iterdir())
            taken[0].unlink()
        flock(file, how)

    originals = VaultOriginals(vault, scratch)
    monkeypatch.setattr(fcntl, "flock", late)
    with originals.path("recordings/a/data", "1") as path:
        assert path != taken[0]
        assert path.read_bytes() == BODY
    assert list(scratch.iterdir()) == []
