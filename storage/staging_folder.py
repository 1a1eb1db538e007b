"""Staging in a folder: `<upload id>.part` each, written at the offset the database has committed.

Rules: those of storage/staging.py. The lock of a writer is a flock(2) on the file itself: it binds threads
and processes alike, and the kernel drops it when its holder dies. Sealing takes the same lock
(storage/bodies.py). Not here: sealing, offsets, expiry.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self, cast

from storage.crashpoints import crashpoint
from storage.durable import Folder, Tree, finish, new_file, storing, unavailable, write_all
from storage.errors import BadKey, Damaged, Exists, Missing, StagingBusy, StagingSealed, StoreUnavailable
from storage.outlet import Outlet
from storage.staging import Staged, StagingWriter

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SUFFIX = ".part"


class FolderWriter:
    """The writer of `FolderStaging`."""

    def __init__(self, fd: int, path: Path, upload_id: str) -> None:
        """Take over the open, locked file."""
        self._fd, self._path, self._upload_id, self._outlet = fd, path, upload_id, Outlet(fd)
        self._position = self._durable = 0
        self._begun = self._closed = self._dead = False
        # A request that is called off closes its writer while a thread may still be writing: closed under its
        # hands, the number of the descriptor could be another file's by then.
        self._hands = RLock()

    def begin(self, offset: int) -> None:
        """See StagingWriter."""
        if offset < 0:
            raise ValueError(f"offset {offset}")
        with self._hands, storing(upload_id=self._upload_id):
            self._verify_alive(begun=False)
            facts = os.fstat(self._fd)
            if facts.st_nlink > 1:
                raise StagingSealed(upload_id=self._upload_id)
            if facts.st_size < offset:
                raise Damaged(upload_id=self._upload_id, committed_bytes=offset, found_bytes=facts.st_size)
            if facts.st_size > offset:
                os.ftruncate(self._fd, offset)
            os.lseek(self._fd, offset, os.SEEK_SET)
        self._position = self._durable = offset
        self._begun = True

    def discard(self) -> None:
        """See StagingWriter."""
        _discard(self._path.parent, [self])

    def unlink(self, folder: Folder) -> None:
        """Take the name of the upload from its folder, not durably yet."""
        with self._hands:
            self._verify_alive(begun=False)
            folder.unlink(self._path.name)

    @property
    def position(self) -> int:
        """See StagingWriter."""
        return self._position

    @property
    def durable(self) -> int:
        """See StagingWriter."""
        return self._durable

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """See StagingWriter."""
        with self._hands:
            self._verify_alive()
            try:
                self._position += self._outlet.write(self._position, chunk)
            except OSError as fault:
                raise self._died(fault) from fault

    def sync(self) -> int:
        """See StagingWriter."""
        with self._hands:
            self._verify_alive()
            try:
                os.fdatasync(self._fd)
            except OSError as fault:
                raise self._died(fault) from fault
            self._durable = self._position
        crashpoint("after-staging-sync")
        return self._durable

    def cut(self, offset: int) -> None:
        """See StagingWriter."""
        if not 0 <= offset <= self._position:
            raise ValueError(f"cannot cut {self._position} bytes to {offset}")
        with self._hands:
            self._verify_alive()
            try:
                os.ftruncate(self._fd, offset)
                os.lseek(self._fd, offset, os.SEEK_SET)
            except OSError as fault:
                raise self._died(fault) from fault
            self._position = offset
            self.sync()

    def close(self) -> None:
        """See StagingWriter."""
        with self._hands:
            if not self._closed:
                self._closed = True
                # Said aloud: a process that is just being started has all our descriptors until it runs its
                # program, and with them the lock of one that is only closed.
                with suppress(OSError):
                    fcntl.flock(self._fd, fcntl.LOCK_UN)
                os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _verify_alive(self, begun: bool = True) -> None:
        if self._dead or self._closed:
            raise StoreUnavailable(upload_id=self._upload_id, reason="writer-dead")
        if begun and not self._begun:
            raise ValueError("a writer begins at an offset first")

    def _died(self, fault: OSError) -> StoreUnavailable:
        self._dead = True
        return unavailable(fault, upload_id=self._upload_id)


class FolderStaging:
    """`Staging` in one folder, `<upload id>.part` each; put it on the mount of the vault so that sealing
    links."""

    def __init__(self, root: Path) -> None:
        """Open or make the folder. Raises: StoreUnavailable."""
        self._root = Tree(root).make_root()

    def create(self, upload_id: str, first: bytes = b"") -> None:
        """See Staging."""
        name = _name(upload_id)
        with Folder(self._root) as folder, new_file(folder) as fd:
            with storing(upload_id=upload_id):
                write_all(fd, first)
            finish(fd, len(first), 0o600)
            try:
                folder.publish(fd, name)
            except Exists as fault:
                raise Exists(upload_id=upload_id) from fault

    def writer(self, upload_id: str) -> FolderWriter:
        """See Staging."""
        return FolderWriter(self._take(upload_id), self._root / _name(upload_id), upload_id)

    def path(self, upload_id: str) -> Path:
        """See Staging."""
        self.size(upload_id)
        return self._root / _name(upload_id)

    def size(self, upload_id: str) -> int:
        """See Staging."""
        with storing(upload_id=upload_id):
            try:
                return (self._root / _name(upload_id)).lstat().st_size
            except FileNotFoundError as fault:
                raise Missing(upload_id=upload_id) from fault

    def remove(self, upload_id: str) -> None:
        """See Staging."""
        with self.writer(upload_id) as writer:
            writer.discard()

    def discard(self, writers: Sequence[StagingWriter]) -> None:
        """See Staging."""
        _discard(self._root, cast(Sequence[FolderWriter], writers))

    def census(self) -> Iterator[Staged]:
        """See Staging."""
        with storing(), os.scandir(self._root) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            with storing(name=name):
                try:
                    facts = (self._root / name).lstat()
                except FileNotFoundError:
                    continue  # removed since the names were read
            stem = name.removesuffix(_SUFFIX)
            ours = name.endswith(_SUFFIX) and _ID.fullmatch(stem) and stat.S_ISREG(facts.st_mode)
            changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
            sealed = bool(ours) and facts.st_nlink > 1
            yield Staged(name, stem if ours else None, facts.st_size, changed_at, sealed)

    def free_bytes(self) -> int:
        """See Staging."""
        with storing():
            facts = os.statvfs(self._root)
        return facts.f_bavail * facts.f_frsize

    def _take(self, upload_id: str) -> int:
        """Open the file for writing under its lock. Raises: Missing, StagingBusy, StoreUnavailable."""
        path = self._root / _name(upload_id)
        fd = -1
        try:
            fd = _open_for_writing(path)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink == 0:
                raise FileNotFoundError  # removed between open and lock
        except OSError as fault:
            if fd >= 0:
                os.close(fd)
            if isinstance(fault, FileNotFoundError):
                raise Missing(upload_id=upload_id) from fault
            if isinstance(fault, BlockingIOError):
                raise StagingBusy(upload_id=upload_id) from fault
            raise unavailable(fault, upload_id=upload_id) from fault
        return fd


def _discard(root: Path, writers: Sequence[FolderWriter]) -> None:
    """Remove uploads with one sync: where it fails, none is said to be gone."""
    if not writers:
        return
    with Folder(root) as folder:
        for one in writers:
            one.unlink(folder)
        folder.sync()
    for one in writers:
        one.close()


def _open_for_writing(path: Path) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except PermissionError:
        # A sealing that died between making it read-only and linking it; with a second link it stays so.
        if path.lstat().st_nlink > 1:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        path.chmod(0o600, follow_symlinks=True)
        return os.open(path, flags)


def _name(upload_id: str) -> str:
    if not _ID.fullmatch(upload_id):
        raise BadKey(upload_id=upload_id)
    return upload_id + _SUFFIX
