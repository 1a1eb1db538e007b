"""Looking at every recording in the vault: which objects are there, and what its signed manifest says.

The ids are random, so their first digit cuts the recordings into sixteen equal parts; each is looked at by
itself, by another process where there are many, and what was seen is written into a file of the scratch
folder, one value for each recording, in the order of ids. Originals are not read (service/fixity.py).
"""

from __future__ import annotations

import hashlib
import json
import marshal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.adapters.keys import FileSigner
from evidence.errors import EvidenceError
from evidence.rebuilding.logs import read_object
from evidence.service.documents import MANIFEST
from evidence.service.ports import Signer
from storage.errors import StorageError, StoreUnavailable
from storage.opening import open_vault
from storage.vault import Sealed, Vault

PARTS = "0123456789abcdef"
MANY = 20_000  # entries in the log, from which on other processes help
HELPERS = 2
_NAME = "rebuild-recordings-"
_LOOK_EVERY_S = 0.02


@dataclass
class Seen:
    """What the vault holds of a recording. sizes and versions: of `data` and `manifest.json`, where sound.

    manifest: the body of the signed document, None where there is none that holds; sha256: of the document.
    """

    id: str
    sizes: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    manifest: Mapping[str, Any] | None = None
    sha256: str = ""
    problem: str = ""


def look(vault: Vault, signer: Signer, prefix: str) -> Iterator[Seen]:
    """Yield what there is of the recordings whose ids begin so, in order. Raises: StoreUnavailable."""
    seen: Seen | None = None
    for one in vault.census(f"recordings/{prefix}"):
        _, id_, part = (*one.key.split("/", 2), "", "")[:3]
        if part not in ("data", "manifest.json"):
            continue
        if seen is not None and seen.id != id_:
            yield seen
            seen = None
        seen = seen or Seen(id_)
        if not isinstance(one, Sealed):
            seen.damaged[part] = one.kind
            continue
        seen.sizes[part], seen.versions[part] = one.size_bytes, one.version
        if part == "manifest.json":
            _read(vault, signer, one.key, seen)
    if seen is not None:
        yield seen


def _read(vault: Vault, signer: Signer, key: str, seen: Seen) -> None:
    try:
        document = read_object(vault, key)
        seen.sha256 = hashlib.sha256(document).hexdigest()
        seen.manifest = signer.read(document, MANIFEST)
    except StoreUnavailable:
        raise
    except (EvidenceError, StorageError) as problem:
        seen.problem = problem.code


class Manifests:
    """Looks at all recordings, beside what else is done where there are many."""

    def __init__(self, url: str, keys: Path, scratch: Path, are_many: bool) -> None:
        self._url, self._keys, self._scratch = url, keys, scratch
        self._helpers: list[subprocess.Popen[bytes]] = []
        if are_many:
            self._helpers = [self._start(PARTS[first::HELPERS]) for first in range(HELPERS)]

    def seen(self) -> Iterator[Seen]:
        """Yield what was seen, in the order of ids. Raises: StoreUnavailable."""
        for number, part in enumerate(PARTS):
            file = self._scratch / f"{_NAME}{part}"
            while self._helpers and not file.exists():
                if self._helpers[number % HELPERS].poll() is not None and not file.exists():
                    break  # whatever it met, we meet it ourselves and say so
                time.sleep(_LOOK_EVERY_S)
            if not file.exists():
                look_into(self._url, self._keys, self._scratch, part)
            with file.open("rb") as written:
                while (said := marshal.load(written)) is not None:  # noqa: S302 (a file of our own)
                    yield Seen(**said)
            file.unlink()

    def close(self) -> None:
        """End the helpers, and remove what they wrote."""
        for helper in self._helpers:
            helper.kill()
            helper.wait()
        for file in self._scratch.glob(f"{_NAME}*"):
            file.unlink(missing_ok=True)

    def _start(self, parts: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "evidence.rebuilding"]
        helper = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603
        said = {"url": self._url, "keys": str(self._keys), "scratch": str(self._scratch), "parts": parts}
        assert helper.stdin is not None
        with helper.stdin as given:  # the address may hold a password: nothing for a list of processes
            given.write(json.dumps(said).encode())
        return helper


def look_into(url: str, keys: Path, scratch: Path, part: str) -> None:
    """Write what is seen of a part into a file, which has its name once it is whole."""
    vault, signer = open_vault(url), FileSigner(keys)
    unfinished = scratch / f"{_NAME}{part}.new"
    with unfinished.open("wb") as out:
        for seen in look(vault, signer, part):
            marshal.dump(vars(seen), out)
        marshal.dump(None, out)
    unfinished.rename(scratch / f"{_NAME}{part}")
