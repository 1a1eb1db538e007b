"""One pass: digests and copies agree with what others compute; what breaks off writes nowhere else."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
from pathlib import Path

import pytest

from evidence.adapters.packing import copying
from evidence.adapters.packing.copying import Copier, Target, digest
from tests.package_room import sm3_of


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "BLOCK", 1000)
    monkeypatch.setattr(copying, "_SYNC_EACH", 3000)


def targets(folder: Path, sizes: list[int]) -> list[Target]:
    return [Target(folder / str(number), f"data/{number}", size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize("sizes", [[0], [1], [999], [1000], [1001], [20_000], [3000, 3000, 1], [1, 4095]])
def test_digests_of_the_whole_and_of_each_part_are_those_of_the_bytes(
    tmp_path: Path, sizes: list[int]
) -> None:
    body = random.Random(5).randbytes(sum(sizes))
    with Copier() as copier:
        whole, parts = copier.copy(io.BytesIO(body), targets(tmp_path, sizes))
    pieces = [(tmp_path / str(number)).read_bytes() for number in range(len(sizes))]
    assert b"".join(pieces) == body
    for told, piece in zip([whole, *parts], [body, *pieces], strict=True):
        assert told.size_bytes == len(piece)
        assert (told.sha256, told.sha512) == (
            hashlib.sha256(piece).hexdigest(),
            hashlib.sha512(piece).hexdigest(),
        )
        assert told.sm3 == sm3_of(piece)
    assert [one.path for one in parts] == [f"data/{number}" for number in range(len(sizes))]
    assert digest(tmp_path / "0").sha256 == parts[0].sha256


@pytest.mark.parametrize("more", [-1, 1, 500])
def test_a_source_of_another_length_is_told_by_its_size(tmp_path: Path, more: int) -> None:
    with Copier() as copier:
        whole, _ = copier.copy(io.BytesIO(bytes(2000 + more)), targets(tmp_path, [2000]))
    assert whole.size_bytes == 2000 + min(more, 1)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(b"there")
    with Copier() as copier, pytest.raises(FileExistsError):
        copier.copy(io.BytesIO(b"other"), targets(tmp_path, [5]))
    assert (tmp_path / "0").read_bytes() == b"there"


def test_when_reading_breaks_off_nothing_is_written_to_a_number_that_another_file_has_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, write = threading.Event(), os.write

    def slow(fd: int, block: bytes) -> int:
        go.wait(0.2)
        return write(fd, block)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 3000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(copying.os, "write", slow)
    with Copier() as copier:
        with pytest.raises(OSError, match="Input/output"):
            copier.copy(Broken(bytes(9000)), targets(tmp_path, [9000]))
        with (tmp_path / "another").open("wb") as another:  # has the number that was closed
            go.set()
        assert another.closed
    assert (tmp_path / "another").read_bytes() == b""


def test_what_a_thread_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(copying.os, "fdatasync", broken)
    with Copier() as copier, pytest.raises(OSError, match="Input/output"):
        copier.copy(io.BytesIO(bytes(20_000)), targets(tmp_path, [20_000]))
