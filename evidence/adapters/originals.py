"""A path to a sealed original for parsers that need one: the vault's own file, or a copy beside the others.

A vault on a folder hands out its file itself (read-only). A vault elsewhere (S3) is copied to the scratch
folder
for as long as the parser runs, under a flock(2): a copy that nobody holds was left by a killed worker, and is
removed when a site is opened.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from storage.reading import own_file
from storage.vault import Vault

_COPY = "original-"


@dataclass(frozen=True)
class VaultOriginals:
    """Originals of one vault."""

    vault: Vault
    scratch: Path

    def __post_init__(self) -> None:
        """Remove what killed workers left in the scratch folder."""
        for left in self.scratch.glob(f"{_COPY}*"):
            _remove_unless_held(left)

    @contextmanager
    def path(self, key: str, version: str) -> Iterator[Path]:
        """Return a readable path of the object while the context is open. Raises: Missing,
        StoreUnavailable.
        """
        with self.vault.open(key, version) as original:
            own = own_file(original)
            if own is not None:
                yield own
                return
            with self._copy() as copy:
                shutil.copyfileobj(original, copy, 1 << 20)
                copy.flush()
                yield Path(copy.name)

    @contextmanager
    def _copy(self) -> Iterator[IO[bytes]]:
        """Yield a new file under its lock, named as long as the context is open."""
        while True:
            with tempfile.NamedTemporaryFile(dir=self.scratch, prefix=_COPY, delete=False) as copy:
                fcntl.flock(copy, fcntl.LOCK_EX)
                if os.fstat(copy.fileno()).st_nlink == 0:
                    continue  # taken for a left one between its making and its lock
                try:
                    yield copy
                finally:
                    Path(copy.name).unlink(missing_ok=True)
                return


def _remove_unless_held(copy: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError), copy.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        copy.unlink()
