"""The vault under kill, failing syncs and a full disc: an object is whole and locked, or it is not there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import StorageError, StoreFull
from storage.local import LocalVault
from storage.staging_folder import FolderStaging
from storage.vault import Debris, Lock, Sealed
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, LOCK, UNTIL, promise, stage
from tests.drills.strace_log import command
from tests.storage.sealing import seal

KEY = "r/1/original"
POINTS = [
    "after-sign",
    "after-staging-sync",
    "after-link",
    "after-lock-record",
    "after-data-link",
    "after-seal",
]
MADE = {"after-data-link", "after-seal"}


def program(folder: Path, *words: str) -> list[str]:
    """The command that seals one body below folder and says how that went."""
    return [sys.executable, "-m", "tests.storage.sealing", str(folder), KEY, *words]


def under_strace(*inject: str) -> list[str]:
    """The words before a command that let these faults fall on its system calls."""
    if not shutil.which("strace"):
        pytest.skip("strace is absent")
    calls = ",".join({word.partition(":")[0] for word in inject})
    return [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        *(f"-einject={word}" for word in inject),
    ]


def assert_whole_or_absent(folder: Path) -> bool:
    """The invariant after any crash: nothing half, nothing unlocked; returns whether the object is there."""
    vault = LocalVault.make(folder / "vault")
    found = list(vault.census())
    objects = [entry for entry in found if isinstance(entry, Sealed)]
    assert [entry.kind for entry in found if isinstance(entry, Debris)] in ([], ["lock-without-object"])
    if objects:
        assert [(entry.key, entry.lock, entry.promise) for entry in objects] == [(KEY, LOCK, promise(BODY))]
        assert content(vault, KEY) == BODY
    else:
        assert_nothing_stored(vault, KEY)
    return bool(objects)


def assert_the_next_attempt_ends_well(folder: Path) -> None:
    """After a crash the same act, done again, leaves one sound object and no debris."""
    said = seal(LocalVault.make(folder / "vault"), FolderStaging(folder / "staging"), KEY)
    assert said in ("sealed", "exists")
    assert assert_whole_or_absent(folder)
    assert [entry for entry in LocalVault.make(folder / "vault").census() if isinstance(entry, Debris)] == []


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_named_stop_the_object_is_whole_or_absent(tmp_path: Path, point: str) -> None:
    done = subprocess.run(
        program(tmp_path), env=os.environ | {"EVIDENCE_CRASHPOINT": point}, capture_output=True
    )
    assert (done.returncode, done.stdout) == (-9, b""), done.stderr
    assert assert_whole_or_absent(tmp_path) == (point in MADE)
    assert_the_next_attempt_ends_well(tmp_path)


def test_a_stop_can_be_counted_and_an_unknown_one_never_comes(tmp_path: Path) -> None:
    second = subprocess.run(
        program(tmp_path), env=os.environ | {"EVIDENCE_CRASHPOINT": "after-link:2"}, capture_output=True
    )
    assert second.returncode == -9  # the first link is the upload's, the second the lock record's
    assert [entry.kind for entry in LocalVault.make(tmp_path / "vault").census()] == ["lock-without-object"]
    other = subprocess.run(
        program(tmp_path), env=os.environ | {"EVIDENCE_CRASHPOINT": "never"}, capture_output=True
    )
    assert other.stdout == b"sealed\n"


def sweep(tmp_path: Path, fault: str, *words: str) -> Iterator[tuple[Path, str]]:
    """Run the program again and again, the fault falling on the first, second, third … such call, until it is
    past the last; yield each time the folder and what the program said. fault: as in `strace -e inject=`."""
    for when in range(1, 100):
        folder = tmp_path / f"{when}"
        folder.mkdir()
        inject = under_strace(f"{fault}:when={when}")
        done = subprocess.run([*inject, *program(folder, *words)], capture_output=True, text=True, timeout=60)
        if done.stdout == "sealed\n":
            return
        assert done.stderr == ""
        yield folder, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "least"), [("fsync", 10), ("fdatasync", 1), ("linkat", 3), ("mkdir", 4), ("fchmod", 3)]
)
def test_killed_at_each_system_call_the_object_is_whole_or_absent(
    tmp_path: Path, call: str, least: int
) -> None:
    points = 0
    for folder, said in sweep(tmp_path, f"{call}:signal=KILL"):
        points += 1
        assert said == ""
        assert_whole_or_absent(folder)
        assert_the_next_attempt_ends_well(folder)
    assert points >= least


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "error", "least"),
    [("fsync", "EIO", 10), ("fdatasync", "EIO", 1), ("linkat", "ENOSPC", 3)],
)
def test_after_a_failed_call_nothing_is_visible_and_the_next_attempt_ends_well(
    tmp_path: Path, call: str, error: str, least: int
) -> None:
    points = 0
    for folder, said in sweep(tmp_path, f"{call}:error={error}"):
        points += 1
        assert said == ("store-full\n" if error == "ENOSPC" else "store-unavailable\n")
        assert not assert_whole_or_absent(folder)
        assert_the_next_attempt_ends_well(folder)
    assert points >= least


@pytest.mark.grown
@pytest.mark.slow
def test_the_same_process_tries_again_after_a_failed_sync_and_ends_well(tmp_path: Path) -> None:
    said = []
    for folder, words in sweep(tmp_path, "fsync:error=EIO", "again"):
        said.append(words)
        assert assert_whole_or_absent(folder)
    assert set(said) == {"store-unavailable\nsealed\n"}


@pytest.mark.slow
def test_a_copy_that_reads_back_otherwise_is_not_stored(tmp_path: Path) -> None:
    lines = """
import sys
from pathlib import Path
from storage.errors import Mismatch
from storage.local import LocalVault
from tests.contracts.samples import BODY, LOCK, promise, stage
vault, room = LocalVault.make(Path(sys.argv[1])), Path(sys.argv[2])
try:
    vault.seal_file("r/a", stage(room, BODY), promise(BODY), LOCK)
except Mismatch as fault:
    print(fault.fields["reason"], list(vault.census()))
"""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as room:
        if os.stat(room).st_dev == tmp_path.stat().st_dev:
            pytest.skip("no second file system to stage on")
        early_end = under_strace("preadv,preadv2:retval=0:when=1")
        run = [*early_end, sys.executable, "-c", lines, str(tmp_path / "vault"), room]
        done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert done.stdout == "read-back []\n", done.stderr


@pytest.mark.slow
def test_short_writes_are_continued_until_all_is_written(tmp_path: Path) -> None:
    # A limit in the midst of the body: the kernel writes up to it and says so; the next write is an error.
    vault = tmp_path / "vault"
    LocalVault.make(vault)
    limit = [
        "prlimit",
        "--fsize=600000:600000",
        "--",
    ]
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is absent")
    done = subprocess.run([*limit, *program(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "store-unavailable\n"  # EFBIG at the second write, after a short first one
    assert_nothing_stored(LocalVault.make(vault), KEY)
    assert (tmp_path / "staging/u.part").stat().st_size == 600_000
    assert_the_next_attempt_ends_well(tmp_path)


def test_on_a_full_disc_nothing_is_stored_and_the_next_attempt_ends_well(
    small_disc: Path, tmp_path: Path
) -> None:
    vault = LocalVault.make(small_disc / "vault")
    filler = small_disc / "filler"
    filler.write_bytes(b"\0" * (900 << 10))
    staged = stage(tmp_path, BODY)  # on another file system: it will be copied
    for attempt in (
        lambda: vault.seal_file("a/b", staged, promise(BODY), LOCK),
        lambda: vault.seal_bytes("a/b", BODY, LOCK),
    ):
        with pytest.raises(StoreFull):
            attempt()
        assert_nothing_stored(vault, "a/b")
    filler.unlink()
    vault.seal_bytes("a/b", BODY[:1000], LOCK)
    assert content(vault, "a/b") == BODY[:1000]


def test_without_inodes_nothing_is_stored(small_disc: Path) -> None:
    vault = LocalVault.make(small_disc)
    sealed = 0
    with pytest.raises(StoreFull):
        for sealed in range(1000):
            vault.seal_bytes(f"{sealed}/a", b"x", LOCK)
    assert [entry.key for entry in vault.list()] == sorted(f"{n}/a" for n in range(sealed))
    assert_nothing_stored(vault, f"{sealed}/a")


@pytest.mark.parametrize(
    ("act", "point"), [("hold", "after-hold"), ("extend", "after-extend"), ("hold", "after-link")]
)
def test_a_lock_act_killed_after_its_record_stands(tmp_path: Path, act: str, point: str) -> None:
    vault = LocalVault.make(tmp_path)
    vault.seal_bytes("a", b"x", LOCK)
    _act_and_die(tmp_path, f"vault.{act}('a', {'UNTIL + DAY' if act == 'extend' else repr('case')})", point)
    assert vault.stat("a").lock != LOCK


def synced_before(log: Path, folder: Path, word: str) -> bool:
    """Whether the log shows a good sync of the folder before the word goes to stdout."""
    before, said, _ = log.read_text().partition(f'"{word}')
    assert said, "the word is not in the log"
    return re.search(rf"fsync\(\d+<{re.escape(str(folder))}>\)\s+= 0", before) is not None


def test_what_a_killed_process_left_is_made_durable_before_it_is_said_to_exist(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is absent")
    crash = os.environ | {"EVIDENCE_CRASHPOINT": "after-data-link"}
    assert subprocess.run(program(tmp_path), env=crash).returncode == -9
    log = tmp_path / "log"
    subprocess.run([*command(log), *program(tmp_path)], check=True, capture_output=True)
    assert synced_before(log, tmp_path / "vault/r/1", "exists")


def test_a_hold_that_stands_is_made_durable_before_it_is_confirmed(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is absent")
    LocalVault.make(tmp_path / "vault").seal_bytes("r/a", b"x", Lock(UNTIL, frozenset({"case"})))
    lines = f"""
from pathlib import Path
from storage.local import LocalVault
print(*LocalVault.make(Path({str(tmp_path / "vault")!r})).hold("r/a", "case").lock.holds)
"""
    log = tmp_path / "log"
    subprocess.run([*command(log), sys.executable, "-c", lines], check=True, capture_output=True)
    assert synced_before(log, tmp_path / "vault/r", "case")


@pytest.mark.parametrize("point", ["after-disposal-record", "after-disposal"])
def test_a_disposal_killed_midway_is_finished_by_the_next(tmp_path: Path, point: str) -> None:
    vault = LocalVault.make(tmp_path)
    vault.seal_bytes("r/a", b"x", LOCK)
    _act_and_die(tmp_path, "vault.dispose('r/a', UNTIL)", point)
    assert_nothing_stored(vault, "r/a")
    half = point == "after-disposal-record"
    assert list(vault.census()) == ([Debris("r/a", "disposal-unfinished")] if half else [])
    with pytest.raises(StorageError):
        vault.hold("r/a", "case")
    if half:
        vault.dispose("r/a", UNTIL)
    assert list(vault.census()) == []
    names = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert names == ["a~lock.000001.json", "a~lock.000002.json"]  # the proof of the disposal stays


def _act_and_die(root: Path, act: str, point: str) -> None:
    lines = f"""
from pathlib import Path
from storage.local import LocalVault
from tests.contracts.samples import DAY, UNTIL
vault = LocalVault.make(Path({str(root)!r}))
{act}
"""
    done = subprocess.run([sys.executable, "-c", lines], env=os.environ | {"EVIDENCE_CRASHPOINT": point})
    assert done.returncode == -9
