"""A path to a sealed original for parsers that need one: the vault's own file, or a copy beside the others.

A vault on a folder hands out its file itself (read-only). A vault elsewhere (S3) is copied to the scratch
folder
for as long as the parser runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.vault import Vault


def _own_file(original: BinaryIO) -> Path | None:
    """Return the path of the very file that is open, or None where the handle is no file of this machine."""
    try:
        descriptor = original.fileno()
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        same = os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # io.UnsupportedOperation is one
        return None
    return path if same else None


@dataclass(frozen=True)
class VaultOriginals:
    """Originals of one vault."""

    vault: Vault
    scratch: Path

    @contextmanager
    def path(self, key: str, version: str) -> Iterator[Path]:
        """Return a readable path of the object while the context is open. Raises: Missing,
        StoreUnavailable.
        """
        with self.vault.open(key, version) as original:
            own = _own_file(original)
            if own is not None:
                yield own
                return
            with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="original-") as copy:
                shutil.copyfileobj(original, copy, 1 << 20)
                copy.flush()
                yield Path(copy.name)
