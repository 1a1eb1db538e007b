"""Staging in a folder: the contract, and what processes and full discs do to it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from storage.errors import Missing, StagingBusy, StoreFull, StoreUnavailable
from storage.staging_folder import FolderStaging
from tests.contracts.samples import begun
from tests.contracts.staging import StagingContract, written


class TestFolderStaging(StagingContract):
    @pytest.fixture
    def staging(self, tmp_path: Path) -> FolderStaging:
        return FolderStaging(tmp_path / "staging")


@pytest.fixture
def staging(tmp_path: Path) -> FolderStaging:
    return FolderStaging(tmp_path / "staging")


def hold_writer(root: Path, ready: multiprocessing.synchronize.Event) -> None:
    """In a process of its own: open the writer, write unsynced bytes, and wait to be killed."""
    writer = begun(FolderStaging(root), "u", 0)
    writer.write(b"never committed")
    ready.set()
    multiprocessing.Event().wait()


def test_a_writer_of_another_process_excludes_us_until_it_is_killed(
    staging: FolderStaging, tmp_path: Path
) -> None:
    staging.create("u")
    ready = multiprocessing.Event()
    other = multiprocessing.Process(target=hold_writer, args=(tmp_path / "staging", ready))
    other.start()
    try:
        assert ready.wait(20)
        with pytest.raises(StagingBusy):
            begun(staging, "u", 0)
    finally:
        other.kill()
        other.join()
    with begun(staging, "u", 0) as writer:
        writer.write(b"ours")
        writer.sync()
    assert written(staging, "u") == b"ours"


def test_a_writer_is_not_closed_under_the_hands_of_a_thread_that_writes(
    staging: FolderStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging.create("u")
    writer, write = begun(staging, "u", 0), os.write
    has_begun, go_on = threading.Event(), threading.Event()

    def slowly(fd: int, data: memoryview) -> int:
        has_begun.set()
        assert go_on.wait(20)
        return write(fd, data)

    monkeypatch.setattr(os, "write", slowly)
    writing = threading.Thread(target=writer.write, args=(b"whole",))
    closing = threading.Thread(target=writer.close)
    writing.start()
    assert has_begun.wait(20)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive(), "the writer was closed while its thread was writing"
    go_on.set()
    writing.join(20)
    closing.join(20)
    assert written(staging, "u") == b"whole"
    with pytest.raises(StoreUnavailable):
        writer.write(b"more")


def test_foreign_files_are_named_in_the_census(staging: FolderStaging, tmp_path: Path) -> None:
    root = tmp_path / "staging"
    (root / "notes.txt").write_bytes(b"x")
    (root / "a b.part").write_bytes(b"x")
    (root / "link.part").symlink_to(root / "notes.txt")
    (root / "folder.part").mkdir()
    assert [(staged.name, staged.upload_id) for staged in staging.census()] == [
        ("a b.part", None),
        ("folder.part", None),
        ("link.part", None),
        ("notes.txt", None),
    ]


def test_a_link_in_staging_is_not_followed(staging: FolderStaging, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "staging/u.part").symlink_to(victim)
    with pytest.raises((StoreUnavailable, Missing)):
        begun(staging, "u", 0)
    assert victim.read_bytes() == b"precious"


def test_a_file_left_read_only_by_a_sealing_that_died_can_be_written_again(
    staging: FolderStaging, tmp_path: Path
) -> None:
    staging.create("u")
    os.chmod(staging.path("u"), 0o444)
    with begun(staging, "u", 0) as writer:
        writer.write(b"x")
        assert writer.sync() == 1


def test_a_process_that_is_just_being_started_does_not_hold_on_to_the_lock_of_a_closed_writer(
    staging: FolderStaging,
) -> None:
    staging.create("u")
    writer = begun(staging, "u", 0)
    inherited = os.dup(writer._fd)  # as between fork(2) and execve(2): the same open file
    try:
        with pytest.raises(StagingBusy):
            staging.writer("u")
        writer.close()
        with begun(staging, "u", 0) as next_one:
            next_one.write(b"x")
    finally:
        os.close(inherited)


def test_a_full_disc_kills_the_writer_and_loses_nothing_committed(small_disc: Path) -> None:
    staging = FolderStaging(small_disc / "staging")
    staging.create("u")
    with begun(staging, "u", 0) as writer:
        writer.write(b"c" * 10_000)
        committed = writer.sync()
        with pytest.raises(StoreFull):
            writer.write(b"x" * (2 << 20))
        for act in (lambda: writer.write(b"y"), writer.sync, lambda: writer.cut(0)):
            with pytest.raises(StoreUnavailable):
                act()
        assert writer.durable == committed == 10_000
    with begun(staging, "u", committed) as writer:  # cutting back has made room again
        writer.write(b"d" * 1000)
        assert writer.sync() == 11_000
    assert written(staging, "u") == b"c" * 10_000 + b"d" * 1000


def test_a_full_disc_creates_no_upload(small_disc: Path) -> None:
    staging = FolderStaging(small_disc / "staging")
    made = 0
    with pytest.raises(StoreFull):
        for made in range(10_000):
            staging.create(f"u{made}")
    assert len(list(staging.census())) == made
