"""What a vault on a folder can link: the staging file itself where it lies on the same mount, else a checked
copy.

Rules: the staging file's writer must have closed it (its lock is taken here for the time of sealing); its
length is always compared; a copy's digest is compared while it is made, and again after fsync by reading it
back. A linked file is not read here: its digest was computed while the bytes arrived, and the first fixity
pass reads it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.durable import Folder, copy, finish, new_file, read_back, storing
from storage.errors import Mismatch, Missing, StagingBusy
from storage.vault import Promise


@contextmanager
def staged_body(staged: Path, promise: Promise, folder: Folder, may_link: bool) -> Iterator[int]:
    """Yield the descriptor of a read-only, durable file with the promised bytes, ready to be linked into
    folder.

    Raises: Missing, Mismatch, StagingBusy, StoreFull, StoreUnavailable.
    """
    with staged_file(staged, promise) as source:
        if may_link and _same_mount(source, folder.fd):
            with _made_read_only(source, promise):
                yield source
        else:
            with new_file(folder) as fd:
                _copy_checked(source, fd, promise)
                yield fd


@contextmanager
def staged_file(staged: Path, promise: Promise) -> Iterator[int]:
    """Yield the staging file open for reading, of the promised length, with its writer kept out.

    Raises: Missing, Mismatch, StagingBusy, StoreUnavailable.
    """
    source = _open(staged)
    try:
        _take(source, staged)
        size = os.fstat(source).st_size
        if size != promise.size_bytes:
            raise Mismatch(promised_bytes=promise.size_bytes, found_bytes=size)
        yield source
    finally:
        os.close(source)


def _open(staged: Path) -> int:
    with storing(staged=staged.name):
        try:
            fd = os.open(staged, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as fault:
            raise Missing(staged=staged.name) from fault
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Mismatch(staged=staged.name, reason="not-a-file")
    return fd


def _take(source: int, staged: Path) -> None:
    with storing(staged=staged.name):
        try:
            fcntl.flock(source, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise StagingBusy(staged=staged.name) from fault


@contextmanager
def _made_read_only(source: int, promise: Promise) -> Iterator[None]:
    mode = stat.S_IMODE(os.fstat(source).st_mode)
    try:
        finish(source, promise.size_bytes, 0o444)
        yield
    except BaseException:
        # Not sealed, so its owner may go on with it; a file already sealed came read-only and stays so.
        os.fchmod(source, mode)
        raise


def _copy_checked(source: int, target: int, promise: Promise) -> None:
    found = copy(source, target)
    if found != (promise.size_bytes, promise.sha256):
        raise Mismatch(promised_sha256=promise.sha256, found_bytes=found[0], found_sha256=found[1])
    finish(target, promise.size_bytes, 0o444)
    found = read_back(target)
    if found != (promise.size_bytes, promise.sha256):
        raise Mismatch(promised_sha256=promise.sha256, found_sha256=found[1], reason="read-back")


def _same_mount(one: int, other: int) -> bool:
    """Whether link(2) can lead from one to the other: same mount, and same device (btrfs subvolumes
    differ)."""
    return os.fstat(one).st_dev == os.fstat(other).st_dev and _mount(one) == _mount(other)


def _mount(fd: int) -> str:
    with storing(), open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as lines:
        return next(line for line in lines if line.startswith("mnt_id:"))
