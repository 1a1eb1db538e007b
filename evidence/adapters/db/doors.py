"""Waiting in front of a file or folder for one's turn among the processes of this machine (flock(2))."""

from __future__ import annotations

import fcntl
import time

from evidence.errors import Unavailable


def enter(door: int, until: float, every_s: float, reason: str) -> None:
    """Lock an open file or folder, until it is closed. until: on the monotonic clock; every_s: between two
    tries. Raises: Unavailable("database-unavailable") with this reason when it was not free in time.
    """
    while True:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise Unavailable("database-unavailable", reason=reason) from None
        time.sleep(every_s)
