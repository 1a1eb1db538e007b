"""A path to a sealed original for parsers that need one: the vault's own file, or a copy beside the others.

A vault on a folder hands out its file itself (read-only). A vault elsewhere (S3) is copied to the scratch
folder
for as long as the parser runs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.reading import own_file
from storage.vault import Vault


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
            own = own_file(original)
            if own is not None:
                yield own
                return
            with tempfile.NamedTemporaryFile(dir=self.scratch, prefix="original-") as copy:
                shutil.copyfileobj(original, copy, 1 << 20)
                copy.flush()
                yield Path(copy.name)
