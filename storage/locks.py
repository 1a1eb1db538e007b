"""The lock of an object as a chain of records: arithmetic on plain values.

Rules: each record says in full what is in force after it; serials run 1, 2, 3 without a hole; each names the
check of the one before; the promise never changes, the date never moves back, a hold goes only by `release`,
and nothing follows `dispose`. Whatever breaks a rule is `Damaged`.
Form: one line of canonical JSON (sorted keys, no spaces, UTF-8) whose "check" is the SHA-256 of the line
without it. The check finds accidents; forgery is found by the ledger, which has every act, not by this file.
Nor can a chain show that its last records were taken away: the ledger and the census can.
Not here: files (storage/local.py), who may hold or release (evidence/service).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from storage.errors import Damaged, Locked, Missing
from storage.vault import Lock, Promise, Sealed

FORMAT = "evidence-lock/1"


class Act(StrEnum):
    """What a record does."""

    SEAL = "seal"
    ADOPT = "adopt"  # a later attempt takes over a lock whose data never appeared, or restores lost data
    EXTEND = "extend"
    HOLD = "hold"
    RELEASE = "release"
    DISPOSE = "dispose"


@dataclass(frozen=True, slots=True)
class LockRecord:
    """One link of the chain: the act, and what is in force after it. `follows` is "" at serial 1."""

    key: str
    serial: int
    act: Act
    promise: Promise
    lock: Lock
    ground: str = ""
    follows: str = ""

    @property
    def sealed(self) -> Sealed:
        """The object as this record has it."""
        return Sealed(self.key, "1", self.promise.size_bytes, self.lock, self.promise.sha256)


def seal(key: str, promise: Promise, lock: Lock) -> LockRecord:
    """Begin a chain."""
    return LockRecord(key, 1, Act.SEAL, promise, lock)


def adopt(last: LockRecord, lock: Lock) -> LockRecord:
    """Take over a chain without data: the stricter of both locks is in force."""
    stricter = Lock(max(last.lock.retain_until, lock.retain_until), last.lock.holds | lock.holds)
    return _after(last, Act.ADOPT, stricter)


def extend(last: LockRecord, until: datetime) -> LockRecord:
    """Move the date later; the same date returns `last` itself. Raises: Locked for an earlier one."""
    lock = Lock(until, last.lock.holds)
    if lock.retain_until < last.lock.retain_until:
        raise Locked(key=last.key, retain_until=last.lock.retain_until.isoformat())
    return last if lock == last.lock else _after(last, Act.EXTEND, lock)


def hold(last: LockRecord, ground: str) -> LockRecord:
    """Add a hold; one that stands already returns `last` itself."""
    if ground in last.lock.holds:
        return last
    return _after(last, Act.HOLD, Lock(last.lock.retain_until, last.lock.holds | {ground}), ground)


def release(last: LockRecord, ground: str) -> LockRecord:
    """Lift a hold. Raises: Missing when it does not stand."""
    if ground not in last.lock.holds:
        raise Missing(key=last.key, ground=ground)
    return _after(last, Act.RELEASE, Lock(last.lock.retain_until, last.lock.holds - {ground}), ground)


def dispose(last: LockRecord, now: datetime) -> LockRecord:
    """End the chain. Raises: Locked while now < retain_until or any hold stands."""
    if last.lock.holds or now < last.lock.retain_until:
        raise Locked(
            key=last.key, retain_until=last.lock.retain_until.isoformat(), holds=sorted(last.lock.holds)
        )
    return _after(last, Act.DISPOSE, last.lock)


def encode(record: LockRecord) -> bytes:
    """Write the record as its one canonical line."""
    first, rest = _line(record)
    return f'{first}"check":"{_check(record)}",{rest}'.encode()


def read_chain(key: str, texts: dict[int, bytes]) -> LockRecord | None:
    """Return the last record of the chain given as serial → text, or None where there is none.

    Raises: Damaged for a hole, an unreadable record, or a step that the rules above forbid.
    """
    last: LockRecord | None = None
    for serial, text in enumerate((texts[n] for n in sorted(texts)), start=1):
        if serial not in texts:
            raise Damaged(key=key, reason="lock-record-missing", serial=serial)
        record = _decode(key, serial, text)
        if record != _expected(last, record):
            raise Damaged(key=key, reason="lock-record-out-of-order", serial=serial)
        last = record
    return last


def _expected(last: LockRecord | None, record: LockRecord) -> LockRecord | None:
    """What the rules make of `last` by the record's own act; None where they allow no such act."""
    if last is None:
        return seal(record.key, record.promise, record.lock)
    if last.act is Act.DISPOSE:
        return None
    try:
        match record.act:
            case Act.ADOPT:
                return adopt(last, record.lock)
            case Act.EXTEND:
                return extend(last, record.lock.retain_until)
            case Act.HOLD:
                return hold(last, record.ground)
            case Act.RELEASE:
                return release(last, record.ground)
            case Act.DISPOSE:
                return dispose(last, last.lock.retain_until)
            case _:
                return None
    except (Locked, Missing):
        return None  # the caller turns it into Damaged: a record stands that should never have been written


def _after(last: LockRecord, act: Act, lock: Lock, ground: str = "") -> LockRecord:
    follows = _check(last)
    return replace(last, serial=last.serial + 1, act=act, lock=lock, ground=ground, follows=follows)


@lru_cache(maxsize=256)  # a record is mostly read again at once: by the census, then by whoever opens
def _decode(key: str, serial: int, text: bytes) -> LockRecord:
    try:
        plain = json.loads(text.decode())
        record = LockRecord(
            key=plain["key"],
            serial=plain["serial"],
            act=Act(plain["act"]),
            promise=Promise(plain["size_bytes"], plain["sha256"]),
            lock=Lock(datetime.fromisoformat(plain["retain_until"]), frozenset(plain["holds"])),
            ground=plain["ground"],
            follows=plain["follows"],
        )
        again = encode(record)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Damaged(key=key, reason="lock-record-unreadable", serial=serial) from fault
    # Only the exact bytes that we would write are a record: any flipped bit shows here.
    if again != text or (record.key, record.serial) != (key, serial):
        raise Damaged(key=key, reason="lock-record-altered", serial=serial)
    return record


def _check(record: LockRecord) -> str:
    return sha256("".join(_line(record)).encode()).hexdigest()


def _line(record: LockRecord) -> tuple[str, str]:
    """Return the line of canonical JSON without "check", in two parts between which that would stand.

    Every look at a vault reads as many records as there are objects. What of a record is written here as it
    is holds nothing to escape; where it does, it is none of ours, and this no record (`_decode`).
    """
    until, holds = record.lock.retain_until.isoformat(), sorted(record.lock.holds)
    return f'{{"act":"{record.act.value}",', (
        f'"follows":"{record.follows}","format":"{FORMAT}","ground":{_WRITER.encode(record.ground)},'
        f'"holds":{_WRITER.encode(holds) if holds else "[]"},"key":"{record.key}","retain_until":"{until}",'
        f'"serial":{record.serial},"sha256":"{record.promise.sha256}",'
        f'"size_bytes":{record.promise.size_bytes}}}\n'
    )


_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
