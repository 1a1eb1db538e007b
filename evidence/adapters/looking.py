"""Looking at every recording in the vault: which objects are there, and what its signed manifest says.

The ids are random, so their first digit cuts the recordings into sixteen equal parts. What is seen of a part
is written into a file, some hundreds at a time, in the order of ids. Originals are not read (that is
service/examining/fixity.py). Where there are many, a rebuild starts this as a program
(rebuilding/manifests.py): so it imports little else.
"""

from __future__ import annotations

import gc
import hashlib
import json
import marshal
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.adapters.db.repositories.rows import name_digest
from evidence.adapters.keys import FileSigner
from evidence.errors import EvidenceError
from evidence.service.intake.documents import MANIFEST
from storage.errors import StorageError, StoreUnavailable
from storage.opening import open_vault
from storage.vault import Sealed, Vault

if TYPE_CHECKING:
    from evidence.service.ports import Signer

_SELDOM = 100_000
_AT_ONCE, _LENGTH = 256, 8


@dataclass
class Seen:
    """What the vault holds of a recording. sizes and versions: of `data` and `manifest.json`, where sound.

    said: what the signed manifest says, by the columns of the row; None where there is none that holds.
    sha256: of the document.
    """

    id: str
    sizes: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] | None = None
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
            _read(vault, signer, one, seen)
    if seen is not None:
        yield seen


def _read(vault: Vault, signer: Signer, one: Sealed, seen: Seen) -> None:
    try:
        document = vault.read(one)
        seen.sha256 = hashlib.sha256(document).hexdigest()
        seen.said = _columns(signer.read(document, MANIFEST))
    except StoreUnavailable:
        raise
    except (EvidenceError, StorageError) as problem:
        seen.problem = problem.code
    except (KeyError, TypeError, AttributeError):  # signed, and no manifest of ours
        seen.problem = "manifest-malformed"


def _columns(manifest: Mapping[str, Any]) -> dict[str, Any]:
    original, times, policy = manifest["original"], manifest["times"], manifest["policy"]
    return {
        "device": manifest["device"],
        "wearer": manifest["wearer"],
        "card_id": manifest["card"],
        "labels": json.dumps(manifest["labels"], ensure_ascii=False, sort_keys=True),
        "name": original["name"],
        "name_sha256": name_digest(original["name"]),
        "size": original["size"],
        "sha256": original["sha256"],
        "sm3": original["sm3"],
        "modified_at": times["device"]["modified"],
        "clock_offset_ms": times["clock_offset_ms"],
        "sealed_at": times["server"]["sealed"],
        "policy_id": policy["pack"],
        "policy_version": policy["version"],
    }


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for cycles seldom: what is here by now stays, what follows are small values without any."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def look_into(url: str, keys: Path, part: str, file: Path) -> None:
    """Write what is seen of the recordings whose ids begin so; the file has its name once it is whole."""
    vault, signer = open_vault(url), FileSigner(keys)
    unfinished = file.with_suffix(".new")
    with unfinished.open("wb") as out:
        found = (tuple(vars(seen).values()) for seen in look(vault, signer, part))
        while some := list(islice(found, _AT_ONCE)):
            body = marshal.dumps(some)
            out.write(len(body).to_bytes(_LENGTH, "big") + body)
        out.write(bytes(_LENGTH))
    unfinished.rename(file)


def seen_in(file: Path) -> Iterator[Seen]:
    """Yield what was written."""
    with file.open("rb") as written:
        while length := int.from_bytes(written.read(_LENGTH), "big"):
            for one in marshal.loads(written.read(length)):  # noqa: S302 (a file of our own)
                yield Seen(*one)


def main() -> None:
    """Look into the parts that stand on standard input."""
    said = json.load(sys.stdin)
    with few_collections():
        for part, file in said["parts"].items():
            look_into(said["url"], Path(said["keys"]), part, Path(file))


if __name__ == "__main__":
    os.nice(10)  # the process that waits for us has the longer way, and comes first
    main()
