"""The immutable flag of Linux file systems (`chattr +i`): no write, link, unlink or rename, even by root,
until somebody with CAP_LINUX_IMMUTABLE takes it off again. It stops mistakes and ordinary accounts, not an
administrator.

Source: ioctl_iflags(2). Not here: when to set it (storage/local.py, and only where the operator asks).
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from storage.durable import Folder, new_file

_LONG = struct.calcsize("l")
_GET = 2 << 30 | _LONG << 16 | ord("f") << 8 | 1  # FS_IOC_GETFLAGS, _IOR('f', 1, long)
_SET = 1 << 30 | _LONG << 16 | ord("f") << 8 | 2  # FS_IOC_SETFLAGS, _IOW('f', 2, long)
_IMMUTABLE = 0x10  # FS_IMMUTABLE_FL


def is_immutable(fd: int) -> bool:
    """Whether the open file bears the flag; a file system without flags bears none. Raises: OSError."""
    try:
        return bool(_flags(fd) & _IMMUTABLE)
    except OSError:
        return False


def set_immutable(fd: int, on: bool) -> None:
    """Set or clear the flag. Raises: OSError (not permitted, not supported)."""
    flags = _flags(fd)
    wanted = flags | _IMMUTABLE if on else flags & ~_IMMUTABLE
    if wanted != flags:
        fcntl.ioctl(fd, _SET, struct.pack("l", wanted))


def holds_against_us(root: Path) -> bool:
    """Measure on a nameless probe file: whether the flag can be set here and then refuses even our own
    write."""
    with Folder(root) as folder, new_file(folder) as fd:
        try:
            set_immutable(fd, True)
        except OSError:
            return False
        try:
            os.fchmod(fd, 0o600)
        except PermissionError:
            return True
        finally:
            set_immutable(fd, False)
        return False


def _flags(fd: int) -> int:
    buffer = bytearray(_LONG)
    fcntl.ioctl(fd, _GET, buffer)
    return int(struct.unpack("l", buffer)[0])
