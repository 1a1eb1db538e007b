"""The signed outcome of probing a site's object store: kept in the data folder, asked for before ingest.

docs/formats/signed-document.md, "evidence.qualification/1". An outcome speaks of a server as it answers to
one account, and of no bucket: another account, region or authority may meet other rights, or another server.
The log holds the digest of each; where it knows one of a store, only the newest counts.
Not here: the probes (storage/qualify.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.domain.audit import Act, Entry, Family
from evidence.domain.instants import from_text, to_text
from evidence.errors import EvidenceError, Unavailable
from evidence.ledger.canonical import canonical
from evidence.ledger.entries import read_entry
from evidence.service.ports import Signer, UnitOfWork

if TYPE_CHECKING:  # the latter loads the SDK, and a site in a folder needs none
    from storage.address import Address
    from storage.qualify import Probe

FILE = "qualification.json"
TYPE = "evidence.qualification/1"
# What a server keeps changes with its version, and who upgrades it may forget to probe: a year, and a month.
VALID = timedelta(days=400)
_APART = timedelta(days=1)  # hosts' clocks are not one


def keep(
    data: Path,
    signer: Signer,
    address: Address,
    probes: Sequence[Probe],
    at: datetime,
    *,
    is_whole: bool = True,
    noted: Callable[[Entry], object] | None = None,
) -> None:
    """Sign the outcome for a store and put it, durably, in the place of an older one.

    is_whole: all probes were made; an outcome that lacks some has not passed. noted: writes the entry of the
    log, before the file is there: what breaks off in between has not passed.

    Raises: Unavailable("store-not-qualified"): the authority's file cannot be read.
    """
    body = {
        **_facts(address),
        "at": to_text(at),
        "passed": is_whole and bool(probes) and not any(one.stands_in_the_way for one in probes),
        "probes": [
            {"kept": one.is_kept, "name": one.name, "needed": one.is_needed, "said": one.said}
            for one in probes
        ],
        "type": TYPE,
    }
    document = signer.sign(canonical(body))
    if noted is not None:
        result = "ok" if body["passed"] else "failed"
        facts = {"sha256": sha256(document).hexdigest(), "store": body["store"]}
        noted(Entry(Act.QUALIFY, "operator", (("store", _id(address)),), result, facts))
    _put(data, document)


def _put(data: Path, document: bytes) -> None:
    fresh = data / f"{FILE}.new"
    with fresh.open("wb") as file:
        file.write(document)
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


def newest(unit: UnitOfWork, address: Address) -> str | None:
    """Return the digest of the newest outcome for a store that the log knows, None where it knows none."""
    known = None
    for _, _, body in unit.log.about(Family.CUSTODY, _id(address)):
        known = str(read_entry(body)["facts"]["sha256"])
    return known


def verify(data: Path, signer: Signer, address: Address, now: datetime, known: str | None) -> None:
    """Refuse a store that no passing outcome of ours speaks of. known: the digest of the newest, by the log.

    Raises: Unavailable("store-not-qualified"), its reason "missing", "other-store", "other-account",
    "other-region", "other-authority", "not-newest", "failed", "too-old", "unreadable" or
    "authority-unreadable".
    """
    facts = _facts(address)
    try:
        body = read(data, signer)
        at = None if body is None else from_text(str(body.get("at")))
    except (EvidenceError, ValueError) as problem:
        raise _refused(address, "unreadable") from problem
    if body is None or at is None:
        raise _refused(address, "missing")
    for name, fact in facts.items():
        if name not in body or body[name] != fact:
            raise _refused(address, f"other-{name}")
    if known is not None and sha256((data / FILE).read_bytes()).hexdigest() != known:
        raise _refused(address, "not-newest")
    if body.get("passed") is not True:
        raise _refused(address, "failed")
    if not at - _APART <= now <= at + VALID:  # one of the future would not end
        raise _refused(address, "too-old")


def _id(address: Address) -> str:
    return sha256(f"s3://{address.host}".encode()).hexdigest()[:32]


def _facts(address: Address) -> dict[str, str | None]:
    """Return what an outcome is about; the store first, for that is what is told first."""
    try:
        authority = None if address.ca_file is None else sha256(address.ca_file.read_bytes()).hexdigest()
    except OSError as problem:
        raise _refused(address, "authority-unreadable") from problem
    return {
        "store": f"s3://{address.host}",
        "account": address.access_key,
        "region": address.region,
        "authority": authority,
    }


def _refused(address: Address, reason: str) -> Unavailable:
    return Unavailable("store-not-qualified", store=f"s3://{address.host}", reason=reason)
