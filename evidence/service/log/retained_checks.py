"""Holding the copies that transfers left behind against the log: what a hand-over retained lies in the vault,
under its hold, as the entry says, and nothing else lies beside it (Dazhe 2020 art. 14).

Each copy is read back in the hour that its id falls into, one of the hours of 30 days: a check that comes
every hour reads all of them in that time, and none of them twice a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from evidence.domain.audit import Act
from evidence.domain.exports import Export, Way
from evidence.ledger.canonical import canonical
from evidence.service.log.log_faults import Fault, listed_now
from evidence.service.ports import UnitOfWork
from storage.errors import StorageError, StoreUnavailable, Withheld
from storage.vault import Debris, Promise, Sealed, Vault

RETAINED = "exports/"
TURN = timedelta(days=30)
_HOUR = timedelta(hours=1)
_BLOCK = 1 << 20
_NOBODYS = ("temporary", "disposal-unfinished")


def retained_digest(copies: Sequence[tuple[str, Promise]]) -> str:
    """Return what an entry says of the copies of all media, in order: their keys and what was promised."""
    rows = [{"key": key, "sha256": one.sha256, "size": one.size_bytes} for key, one in copies]
    return hashlib.sha256(canonical({"retained": rows})).hexdigest()


def listed_copies(vault: Vault) -> Sequence[Sealed | Debris]:
    """Return what lies there; to be asked before the rows are. Raises: StoreUnavailable."""
    return list(vault.census(RETAINED))


def retained_faults(
    vault: Vault, unit: UnitOfWork, listed: Sequence[Sealed | Debris], now: datetime
) -> Iterator[Fault]:
    """Yield what does not agree. Raises: StoreUnavailable."""
    there = {one.key: one for one in listed if isinstance(one, Sealed)}
    for one in listed:
        if not isinstance(one, Sealed) and one.kind not in _NOBODYS:
            yield Fault("object-damaged", one.key, {"reason": one.kind})
    rows, known = {one.id: one for one in unit.exports.all()}, set[str]()
    said = {
        str(entry["facts"]["retained"]): entry
        for entry in unit.log.of_act(Act.EXPORT_HAND_OVER)
        if entry["facts"].get("retained")
    }
    for prefix, entry in said.items():
        export_id = prefix.removeprefix(RETAINED)
        mine = {key: one for key, one in there.items() if key.rpartition("/")[0] == prefix}
        if len(mine) < len(entry["facts"]["media"]):
            mine = dict(listed_now(vault, f"{prefix}/"))
        known |= mine.keys()
        yield from _of_entry(vault, export_id, entry["facts"], mine, now)
        if not _agree(rows.get(export_id), entry["facts"]):
            yield Fault("row-altered", f"export {export_id}", {"against": "entry"})
    for id_, row in rows.items():
        is_retained = row.built is not None and row.built.retained_key is not None
        if is_retained and f"{RETAINED}{id_}" not in said:
            yield Fault("row-without-entry", f"export {id_}")
    for key in sorted(there.keys() - known):
        if not _is_on_its_way(key, rows):
            yield Fault("object-without-entry", key)


def _of_entry(
    vault: Vault, export_id: str, facts: Mapping[str, Any], mine: Mapping[str, Sealed], now: datetime
) -> Iterator[Fault]:
    keys = [f"{RETAINED}{export_id}/{number}" for number in range(1, len(facts["media"]) + 1)]
    missing = [key for key in keys if key not in mine]
    yield from (Fault("object-missing", key) for key in missing)
    yield from (Fault("object-without-entry", key) for key in sorted(mine.keys() - set(keys)))
    if not missing:
        promised = retained_digest([(key, mine[key].promise) for key in keys])
        if promised != facts["retained_sha256"]:
            yield Fault("retained-differs", f"{RETAINED}{export_id}", {"reason": "not-as-logged"})
    for key in (key for key in keys if key in mine):
        if export_id not in mine[key].lock.holds:
            yield Fault("lock-weaker", key, {"hold": export_id})
        if is_in_turn(export_id, now):
            yield from _read_back(vault, mine[key])


def is_in_turn(export_id: str, now: datetime) -> bool:
    """Tell whether this is the hour in which the copies of an export are read back."""
    turns = TURN // _HOUR
    return int(export_id[:12], 16) % turns == int(now.timestamp() // _HOUR.total_seconds()) % turns


def _read_back(vault: Vault, one: Sealed) -> Iterator[Fault]:
    try:
        digest = hashlib.sha256()
        with vault.open(one.key) as body:
            while block := body.read(_BLOCK):
                digest.update(block)
        found = digest.hexdigest()
    except StorageError as problem:
        if isinstance(problem, StoreUnavailable) and not isinstance(problem, Withheld):
            raise
        found = problem.code
    if found != one.promise.sha256:
        yield Fault("retained-differs", one.key, {"found": found, "sealed": one.promise.sha256})


def _agree(row: Export | None, facts: Mapping[str, Any]) -> bool:
    if row is None or row.built is None:
        return False
    return (row.built.retained_key, row.built.retained_sha256) == (
        facts["retained"],
        facts["retained_sha256"],
    )


def _is_on_its_way(key: str, rows: Mapping[str, Export]) -> bool:
    """Tell whether a copy was sealed for a hand-over that has not come about: it is taken for it then."""
    _, export_id, number = (*key.split("/", 2), "")[:3]
    row = rows.get(export_id)
    if row is None or row.built is None or row.way is not Way.TRANSFER or row.hand_over is not None:
        return False
    return number in {str(one.number) for one in row.built.volumes}
