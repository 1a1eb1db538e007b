"""The signed outcome of probing a site's object store: kept in the data folder, asked for before ingest.

docs/formats/signed-document.md, "evidence.qualification/1". Not here: the probes (storage/qualify.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.domain.instants import to_text
from evidence.errors import EvidenceError, Unavailable
from evidence.ledger.canonical import canonical
from evidence.service.ports import Signer

if TYPE_CHECKING:  # it loads the SDK, and a site in a folder needs none
    from storage.qualify import Probe

FILE = "qualification.json"
TYPE = "evidence.qualification/1"


def keep(
    data: Path, signer: Signer, store: str, probes: Sequence[Probe], at: datetime, *, is_whole: bool = True
) -> None:
    """Sign the outcome for a store ("s3://host:port") and put it, durably, in the place of an older one.

    is_whole: all probes were made; an outcome that lacks some has not passed.
    """
    body = {
        "at": to_text(at),
        "passed": is_whole and bool(probes) and not any(one.stands_in_the_way for one in probes),
        "probes": [
            {"kept": one.is_kept, "name": one.name, "needed": one.is_needed, "said": one.said}
            for one in probes
        ],
        "store": store,
        "type": TYPE,
    }
    fresh = data / f"{FILE}.new"
    with fresh.open("wb") as file:
        file.write(signer.sign(canonical(body)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / FILE)
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(data: Path, signer: Signer) -> Mapping[str, object] | None:
    """Return what was signed, None where nothing was. Raises: IntegrityFault."""
    try:
        document = (data / FILE).read_bytes()
    except FileNotFoundError:
        return None
    return signer.read(document, TYPE)


def verify(data: Path, signer: Signer, store: str) -> None:
    """Refuse a store that no passing outcome of ours speaks of.

    Raises: Unavailable("store-not-qualified"), its reason "missing", "other-store", "failed" or "unreadable".
    """
    try:
        body = read(data, signer)
    except EvidenceError as problem:
        raise Unavailable("store-not-qualified", store=store, reason="unreadable") from problem
    if body is None or body.get("store") != store:
        raise Unavailable("store-not-qualified", store=store, reason="other-store" if body else "missing")
    if body.get("passed") is not True:
        raise Unavailable("store-not-qualified", store=store, reason="failed")
