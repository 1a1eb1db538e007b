"""The one way to put a file durably; every file of the vault goes through here.

Rules (PostgreSQL's fsync lesson, restic's local backend):
1. Bytes go to a new file without a name in the same folder, all of them, counted; then fsync; then a link
   that fails if the name is taken (never a rename, which overwrites); then fsync of the folder, and of every
   folder above that is new, up to the root.
2. An error of fsync means the bytes are not there: the new file is dropped. Nobody calls fsync again on it
   and believes the answer; the next attempt begins with a new file.
3. What a failed act made visible is taken back before the error is raised.
What fsync cannot promise: disks that lie about their cache. Not here: locks, keys, what a file means.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from storage.crashpoints import crashpoint
from storage.errors import Exists, Mismatch, Missing, StoreFull, StoreUnavailable

TEMPORARY = "~new."  # "~" is in no key, so no object can be taken for a temporary file, nor the reverse
PIECE = 1 << 20
_SMALL = 1 << 14
_REMEMBERED = 4096  # folders known to be durable; a bound for memory, not for correctness


def unavailable(fault: OSError, **facts: object) -> StoreUnavailable:
    """Say a machine's error in the terms of this package."""
    kind = StoreFull if fault.errno in (errno.ENOSPC, errno.EDQUOT) else StoreUnavailable
    return kind(reason=errno.errorcode.get(fault.errno or 0, "unknown"), **facts)


@contextmanager
def storing(**facts: object) -> Iterator[None]:
    """Turn every OSError inside into StoreUnavailable or StoreFull with these facts."""
    try:
        yield
    except OSError as fault:
        raise unavailable(fault, **facts) from fault


def write_all(fd: int, body: bytes | bytearray | memoryview) -> int:
    """Write the whole body at the file's position, however short the single writes; return its length."""
    view = memoryview(body).cast("B")
    done = 0
    while done < len(view):
        done += os.write(fd, view[done:])
    return done


class Folder:
    """An open folder: names are linked into it, and it is synced or locked by its own descriptor."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises: Missing when it is not there or no folder, StoreUnavailable."""
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as fault:
            raise Missing(folder=path.name) from fault
        except OSError as fault:
            raise unavailable(fault, folder=path.name) from fault

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)

    def lock(self) -> None:
        """Wait until no other thread or process acts in this folder; closing it, or dying, lets the next
        in."""
        with storing(folder=self.path.name):
            fcntl.flock(self.fd, fcntl.LOCK_EX)

    def sync(self) -> None:
        """Make the names in this folder durable."""
        with storing(folder=self.path.name):
            os.fsync(self.fd)

    def is_taken(self, name: str) -> bool:
        """Whether anything at all has this name."""
        with storing(name=name):
            try:
                os.stat(name, dir_fd=self.fd, follow_symlinks=False)
            except FileNotFoundError:
                return False
            return True

    def open(self, name: str) -> int:
        """Open a regular file for reading. Raises: Missing, StoreUnavailable."""
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self.fd)
        except FileNotFoundError as fault:
            raise Missing(name=name) from fault
        except OSError as fault:
            if fault.errno in (errno.ELOOP, errno.ENXIO):
                raise Missing(name=name, reason="not-a-file") from fault  # a symbolic link, a socket
            raise unavailable(fault, name=name) from fault
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Missing(name=name, reason="not-a-file")
        return fd

    def read(self, name: str) -> bytes:
        """Read a small file whole. Raises: Missing, StoreUnavailable."""
        fd = self.open(name)
        try:
            return b"".join(iter(lambda: os.read(fd, _SMALL), b""))
        except OSError as fault:
            raise unavailable(fault, name=name) from fault
        finally:
            os.close(fd)

    def link(self, fd: int, name: str) -> None:
        """Give the open, fsynced file this name; not durable before `sync`. Raises: Exists."""
        with storing(name=name):
            try:
                # With a folder descriptor CPython calls linkat, whose follow flag leads from /proc to the
                # file.
                os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=self.fd, follow_symlinks=True)
            except FileExistsError as fault:
                raise Exists(name=name) from fault

    def publish(self, fd: int, name: str, stop: str = "after-link") -> None:
        """Link and sync; where the sync fails the name is taken back. Raises: Exists, StoreUnavailable."""
        self.link(fd, name)
        crashpoint(stop)
        try:
            self.sync()
        except StoreUnavailable:
            self.withdraw(name)
            raise

    def withdraw(self, name: str) -> None:
        """Take back a name that an act which is failing made; best effort, since the act's own error is
        raised."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self.fd)

    def unlink(self, name: str) -> None:
        """Remove a name; not durable before `sync`. Raises: Missing, StoreUnavailable."""
        with storing(name=name):
            try:
                os.unlink(name, dir_fd=self.fd)
            except FileNotFoundError as fault:
                raise Missing(name=name) from fault

    def remove(self, name: str) -> None:
        """Remove a name durably. Raises: Missing, StoreUnavailable."""
        self.unlink(name)
        self.sync()


@contextmanager
def new_file(folder: Folder) -> Iterator[int]:
    """Yield a new, empty file on the folder's disk without a name yet; without a link it is gone then."""
    temporary = ""
    with storing(folder=folder.path.name):
        try:
            fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder.fd)
        except OSError as fault:
            if fault.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                raise
            # Some file systems (FUSE, NFS) know no nameless files; there a crash may leave "~new.…", see
            # census.
            temporary = TEMPORARY + secrets.token_hex(8)
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
            fd = os.open(temporary, flags, 0o600, dir_fd=folder.fd)
    try:
        yield fd
    finally:
        os.close(fd)
        if temporary:
            folder.withdraw(temporary)


def finish(fd: int, size_bytes: int, mode: int) -> None:
    """Count the file's bytes, set its mode, and fsync it. Raises: Mismatch when the count differs."""
    with storing():
        if os.fstat(fd).st_size != size_bytes:
            raise Mismatch(promised_bytes=size_bytes, found_bytes=os.fstat(fd).st_size)
        os.fchmod(fd, mode)
        os.fsync(fd)


def put(folder: Folder, name: str, body: bytes, mode: int = 0o444, stop: str = "after-link") -> None:
    """Put a new file durably: whole under its name, or not at all. stop: the crashpoint after its link.

    Raises: Exists, StoreFull, StoreUnavailable.
    """
    with new_file(folder) as fd:
        with storing(name=name):
            write_all(fd, body)
        finish(fd, len(body), mode)
        folder.publish(fd, name, stop)


def copy(source: int, target: int) -> tuple[int, str]:
    """Copy from the start of source to target; return length and SHA-256 of what was read."""
    digest, length = sha256(), 0
    piece = memoryview(bytearray(PIECE))
    with storing():
        os.lseek(source, 0, os.SEEK_SET)
        while count := os.readv(source, [piece]):
            digest.update(piece[:count])
            length += write_all(target, piece[:count])
    return length, digest.hexdigest()


def read_back(fd: int) -> tuple[int, str]:
    """Read a synced file from the disk, past the cache as far as may be; return length and SHA-256."""
    digest, length = sha256(), 0
    piece = memoryview(bytearray(PIECE))
    with storing():
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        while count := os.preadv(fd, [piece], length):
            digest.update(piece[:count])
            length += count
    return length, digest.hexdigest()


class Tree:
    """A root folder and the folders below it, each made durable before anything is put into it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._durable: set[Path] = set()
        self._guard = Lock()

    def make_root(self) -> Path:
        """Make the root where it is missing, durably, and return it. Raises: Exists where a file stands,
        StoreUnavailable."""
        with storing(folder=self.root.name):
            ours = list(takewhile(lambda folder: not folder.is_mount(), (self.root, *self.root.parents)))
            for folder in reversed(ours):
                _make(folder)
        return self.root

    def reach(self, *parts: str) -> Path:
        """Return the folder root/parts…, made durably where it was missing below the root.

        Raises: Exists where a file stands, StoreFull, StoreUnavailable.
        """
        path = self.root
        for part in parts:
            path /= part
            if path not in self._durable:
                with storing(folder=part):
                    _make(path)
                self._remember(path)
        return path

    def _remember(self, path: Path) -> None:
        with self._guard:
            if len(self._durable) >= _REMEMBERED:
                self._durable.clear()
            self._durable.add(path)


def _make(folder: Path) -> None:
    """Make the folder, or find it: another thread, or a process that died, may have made it and not yet
    synced it."""
    made = True
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as fault:
        made = False
        if not folder.is_dir():
            raise Exists(name=folder.name, reason="not-a-folder") from fault
    try:
        _sync(folder.parent)
    except OSError as fault:
        if made:
            with suppress(OSError):
                folder.rmdir()
        elif isinstance(fault, PermissionError):
            return  # above us: where we may not even read we have made nothing
        raise


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
