"""Bytes go out in order and whole, past the cache where that is possible and through it where it is not."""

from __future__ import annotations

import mmap
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.outlet import DIRECT_BYTES, PAGE_BYTES, Outlet


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[Outlet, int, Path]]:
    path = tmp_path / "file"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    yield Outlet(fd), fd, path
    os.close(fd)


def aligned(body: bytes) -> memoryview:
    """The bytes in memory that begins at a page."""
    memory = mmap.mmap(-1, len(body))
    memory[:] = body
    return memoryview(memory)


def test_long_pieces_and_short_ones_make_one_file(file: tuple[Outlet, int, Path]) -> None:
    outlet, fd, path = file
    expected, ways = b"", []
    for length in (DIRECT_BYTES, 2 * DIRECT_BYTES, 10, DIRECT_BYTES, PAGE_BYTES - 10, DIRECT_BYTES, 77):
        body = random.randbytes(length)
        assert outlet.write(len(expected), aligned(body)) == length
        expected += body
        ways.append(outlet.is_direct)
    os.fdatasync(fd)
    assert path.read_bytes() == expected
    # The fourth does not begin at a page, three are short; the file system here takes the others directly.
    assert ways == [True, True, False, False, False, True, False]


def test_memory_that_the_disc_cannot_read_directly_goes_through_the_cache(
    file: tuple[Outlet, int, Path],
) -> None:
    outlet, _, path = file
    body = random.randbytes(DIRECT_BYTES)
    crooked = aligned(b"x" + body + bytes(PAGE_BYTES - 1))[1 : 1 + DIRECT_BYTES]
    assert outlet.write(0, crooked) == DIRECT_BYTES
    assert outlet.write(DIRECT_BYTES, b"tail") == 4
    assert path.read_bytes() == body + b"tail"


def test_a_disc_that_takes_only_a_part_directly_gets_the_rest_the_other_way(
    file: tuple[Outlet, int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet, _, path = file
    body, write, calls = random.randbytes(2 * DIRECT_BYTES), os.write, []

    def stingy(fd: int, data: memoryview) -> int:
        calls.append(len(data))
        if len(calls) == 2:
            raise OSError(22, "EINVAL")
        return write(fd, data[:PAGE_BYTES] if len(calls) == 1 else data)

    monkeypatch.setattr(os, "write", stingy)
    assert outlet.write(0, aligned(body)) == len(body)
    assert path.read_bytes() == body
    assert not outlet.is_direct


def test_other_errors_are_not_hidden(file: tuple[Outlet, int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    outlet, _, _ = file

    def full(_fd: int, _data: memoryview) -> int:
        raise OSError(28, "ENOSPC")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="ENOSPC"):
        outlet.write(0, aligned(bytes(DIRECT_BYTES)))


def test_after_a_cut_the_file_goes_on_at_its_new_end(file: tuple[Outlet, int, Path]) -> None:
    outlet, fd, path = file
    body = random.randbytes(DIRECT_BYTES)
    outlet.write(0, aligned(random.randbytes(8 * DIRECT_BYTES)))
    outlet.write(8 * DIRECT_BYTES, b"short")
    os.ftruncate(fd, DIRECT_BYTES)
    os.lseek(fd, DIRECT_BYTES, os.SEEK_SET)
    outlet.write(DIRECT_BYTES, body[:1000])
    outlet.write(DIRECT_BYTES + 1000, body[1000:])
    assert path.read_bytes()[DIRECT_BYTES:] == body


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no memory file system here")  # noqa: S108, PTH112
def test_a_file_system_in_memory_is_served_too() -> None:
    path = Path("/dev/shm") / f"outlet-{os.getpid()}"  # noqa: S108
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        body = random.randbytes(2 * DIRECT_BYTES)
        assert Outlet(fd).write(0, aligned(body)) == len(body)
        assert path.read_bytes() == body
    finally:
        os.close(fd)
        path.unlink()
