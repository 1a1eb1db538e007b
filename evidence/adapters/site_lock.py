"""The lock of a site's folder, `service.lock`: several processes serve one site only where each shares it.

The kernel holds it as long as the file is open and gives it back when the process is gone, however that ends;
what a process forks holds it too. Source: flock(2).
"""

from __future__ import annotations

import fcntl
from os import geteuid
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from evidence.errors import Busy, Invalid, Unavailable

FILE = "service.lock"
LOOK_S = 0.05  # longer than anybody who only looks holds the lock
# The workers of a service that was killed are gone when what they just asked of the disc is done.
PATIENCE_S = 2.0


def take(data: Path, *, shared: bool) -> IO[bytes]:
    """Take the lock, held until the returned file is closed. Who shares it need not be able to write there.

    Raises: Busy("service-running"), Unavailable("service-lock-missing"), Invalid("site-of-another-account").
    """
    _verify_own(data)
    file = _opened(data / FILE, shared)
    until = monotonic() + PATIENCE_S
    while not _locked(file, shared):
        if monotonic() > until:
            file.close()
            raise Busy("service-running", folder=str(data))
        sleep(LOOK_S)
    return file


def is_held_alone(data: Path) -> bool:
    """Tell whether a process has the lock for itself alone. Raises: OSError where the file cannot be read."""
    with (data / FILE).open("rb") as file:
        return not _locked(file, shared=True)


def _verify_own(data: Path) -> None:
    """Root may do everything in another account's site, but what it makes there that account cannot write."""
    owner = data.stat().st_uid
    if geteuid() == 0 != owner:
        raise Invalid("site-of-another-account", folder=str(data), uid=owner)


def _locked(file: IO[bytes], shared: bool) -> bool:
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(path: Path, shared: bool) -> IO[bytes]:
    if shared and path.is_file():
        return path.open("rb")
    try:
        return path.open("ab")
    except OSError as problem:
        raise Unavailable("service-lock-missing", file=str(path), reason=str(problem)) from problem
