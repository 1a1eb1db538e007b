"""Rooms for files on their way into the vault: a folder in the scratch folder, under a flock(2) while it is
used.

One that nobody holds was left by a killed worker, and is removed when a site is opened.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ROOM = "derived-"


def remove_left(scratch: Path) -> None:
    """Remove what killed workers left."""
    for left in scratch.glob(f"{_ROOM}*"):
        with suppress(FileNotFoundError, BlockingIOError), _held(left):
            shutil.rmtree(left)


@contextmanager
def new_room(scratch: Path) -> Iterator[Path]:
    """Yield an empty folder that is gone with the context."""
    while True:
        room = Path(tempfile.mkdtemp(dir=scratch, prefix=_ROOM))
        try:
            with suppress(FileNotFoundError), _held(room):
                if room.exists():  # else taken for a left one between its making and its lock
                    yield room
                    return
        finally:
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder. Raises: FileNotFoundError, BlockingIOError where somebody has it."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)
