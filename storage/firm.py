"""Making a lock firm: set what the server has dropped, look again, and say so where it still is not there.

Ceph 16 and 18 drop the lock that a sending in parts asks for, and answer 200 (docs/decisions/0012).
Not here: what the lock should be (storage/marks.py, the caller).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from storage import marks
from storage.bucket import Bucket, Head
from storage.errors import Damaged, StoreUnavailable
from storage.remote import reading
from storage.standing import Standing, look
from storage.vault import Promise

_TRIES = 3
_BLOCK = 1 << 17  # what was decrypted is still in the cache when it is hashed


def make_date_firm(bucket: Bucket, key: str, version: str, until: datetime) -> Head:
    """See that a version is kept at least until a date.

    Raises: StoreUnavailable(reason="lock-not-in-force").
    """
    head = bucket.head(key, version)
    if head.is_kept_until(until):
        return head
    bucket.retain(key, version, until)
    head = bucket.head(key, version)
    if not head.is_kept_until(until):
        raise StoreUnavailable(key=key, reason="lock-not-in-force")
    return head


def make_hold_firm(bucket: Bucket, key: str, version: str, may_lift: bool = False) -> None:
    """Bring the server's hold to what the marks say; too much of it stays unless the caller lifts it.

    Looked at again after each act: another host may have placed a hold at that very moment.

    Raises: StoreUnavailable(reason="hold-not-in-force").
    """
    for _ in range(_TRIES):
        head = bucket.head(key, version)
        wanted = any(marks.standing(marks.read_notes(key, head.notes)[1], look(bucket, key).marks))
        if head.is_held == wanted or (head.is_held and not may_lift):
            return
        bucket.hold(key, version, wanted)
    raise StoreUnavailable(key=key, reason="hold-not-in-force")


def make_firm(bucket: Bucket, standing: Standing) -> Head:
    """Bring a lock that somebody weakened past us, or a crash left half set, up to what notes and marks say.

    Nothing is lifted or shortened here; what is stricter stays.

    Raises: Missing, Damaged, StoreUnavailable.
    """
    key, version = standing.key, standing.version
    head = bucket.head(key, version)
    lock = marks.read_notes(key, head.notes)[1]
    if not head.is_held and any(marks.standing(lock, standing.marks)):
        bucket.hold(key, version, True)
        head = bucket.head(key, version)
    if not head.is_kept_until(lock.retain_until):
        head = make_date_firm(bucket, key, version, lock.retain_until)
    return head


def verify_bytes(bucket: Bucket, key: str, version: str, promise: Promise) -> None:
    """Read a version back from its first byte to its last.

    Raises: StoreUnavailable(reason="read-back") when other bytes come than were sent. The next attempt finds
    the version and reads it again: wrong for good, it is refused there; wrong once, nothing is lost.
    """
    digest, size, block = sha256(), 0, memoryview(bytearray(_BLOCK))
    with reading(bucket, key, version, promise.size_bytes) as body, suppress(Damaged):  # too short
        while count := body.readinto(block):  # type: ignore[attr-defined]  # typeshed: on what io.open returns
            digest.update(block[:count])
            size += count
    if Promise(size, digest.hexdigest()) != promise:
        raise StoreUnavailable(key=key, reason="read-back", promised_sha256=promise.sha256)
