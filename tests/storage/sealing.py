"""A program of its own for the crash tests: stages a body, seals it, says so on stdout.

    python -m tests.storage.sealing FOLDER KEY [again]

With `again` an error is no end: it tries once more in the same process, as a service does after a failure.
Prints `sealed`, `exists` (with the same promise) or the code of the error; the last line counts.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from storage.errors import Exists, StorageError
from storage.local import LocalVault
from storage.staging_folder import FolderStaging
from tests.contracts.samples import BODY, LOCK, begun, promise


def seal(vault: LocalVault, staging: FolderStaging, key: str) -> str:
    """One attempt, from staging to the answer."""
    try:
        with suppress(Exists):  # an attempt before this one made it
            staging.create("u")
        if not any(found.sealed for found in staging.census()):
            with begun(staging, "u", 0) as writer:
                writer.write(BODY)
                writer.sync()
        vault.seal_file(key, staging.path("u"), promise(BODY), LOCK)
    except Exists:
        return "exists" if vault.stat(key).promise == promise(BODY) else "taken"
    except StorageError as fault:
        return fault.code
    return "sealed"


def main(folder: Path, key: str, again: bool) -> None:
    """Make the rooms, seal, answer."""
    said = ""
    for _ in range(2 if again else 1):
        if said in ("", "store-unavailable", "store-full"):
            try:
                said = seal(LocalVault.make(folder / "vault"), FolderStaging(folder / "staging"), key)
            except StorageError as fault:
                said = fault.code
            os.write(1, f"{said}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:] == ["again"])
