"""A disc whose power can be cut: ext4 or XFS in a sparse file on a loop device, shut down by the file system
itself.

The shutdown (ioctl without flushing the log, the same of both; what `xfs_io -x -c shutdown` does) drops
everything that was not synced. Not shown: torn sectors, reordering within what was not synced, discs that
lie about a flush. The mount's own timer must not save anybody: ext4 commits every ten minutes only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2  # linux/fs/ext4/ext4.h: _IOR('X', 125, __u32)
_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_libc = ctypes.CDLL(None, use_errno=True)


def why_not(kind: str = "ext4") -> str | None:
    """Say why this machine cannot cut the power of a disc, or None when nothing speaks against it."""
    if os.geteuid() != 0:
        return "cutting the power needs root"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices"
    missing = [name for name in (f"mkfs.{kind}", "mount", "umount") if not _tool(name)]
    return f"missing: {', '.join(missing)}" if missing else None


def _tool(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def keep_to_ourselves() -> None:
    """Give this thread and its later children mounts of their own: a sandbox started elsewhere meanwhile
    would take our mount along, and a disc that somebody still has mounted does not come back from a power
    cut.
    """
    if _libc.unshare(_NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _run("mount", "--make-rprivate", "/")


@dataclass
class Disc:
    """A mounted disc. folder: where its image and its mount point lie. kind: ext4, or xfs (from 300 MiB)."""

    folder: Path
    size_mib: int = 600  # sparse; the service keeps 256 MiB free
    kind: str = "ext4"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.mount = self.folder / "mount"
        self.mount.mkdir()
        self._image = self.folder / "image"
        with self._image.open("wb") as image:
            image.truncate(self.size_mib << 20)
        _run(f"mkfs.{self.kind}", "-q", "-F" if self.kind == "ext4" else "-f", str(self._image))
        self._mount()

    def sync(self) -> None:
        """Make everything on it durable."""
        fd = os.open(self.mount, os.O_RDONLY)
        try:
            if _libc.syncfs(fd) != 0:
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(fd)

    def ask_by_pages(self) -> None:
        """Give each page to what lies below in a request of its own, so that none is half taken."""
        device = os.stat(self.mount).st_dev
        queue = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/queue")
        (queue / "max_sectors_kb").write_text("4")

    def cut(self) -> None:
        """Cut the power; then repair and mount, as a machine does when it comes back."""
        fd = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(fd)
        self.remove()
        self._mount()

    def empty(self) -> None:
        """Remove everything on it."""
        for path in self.mount.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def remove(self) -> None:
        """Unmount it; the image stays. Who was killed a moment ago may hold it a moment longer."""
        until = time.monotonic() + 10
        while True:
            try:
                _run("umount", str(self.mount))
                return
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def _mount(self) -> None:
        _run(
            "mount",
            "-o",
            "loop,commit=600" if self.kind == "ext4" else "loop",
            str(self._image),
            str(self.mount),
        )


def _run(*words: str) -> None:
    done = subprocess.run(
        [_tool(words[0]) or words[0], *words[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")
