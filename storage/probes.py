"""The single promises of Object Lock, each tried on a bucket of our own with short dates.

What binds a lock is tried on versions that were sent in parts, as every original and manifest is: with a date
alone, and with a hold alone. Marks go in one PUT; a hold is what binds them, so that is tried on one too.
A probe returns what the server said, or raises `Broken`. What is only told (Ceph 16 breaks both) our way of
writing does without; `our-way-is-safe` shows that it does.
Not here: what follows from it (storage/qualify.py), how things are put there (storage/probe_room.py).
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from hashlib import md5, sha256
from pathlib import Path
from time import sleep

from minio.commonconfig import ENABLED, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.helpers import genheaders
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.asking import asking
from storage.bucket import DEFAULT_LOCK_DAYS
from storage.errors import Locked
from storage.parts import PART
from storage.probe_room import BODY, LATER, SOON, Broken, Room, Words, refusal, verify_date
from storage.s3 import S3Vault
from storage.vault import Lock, Promise

MOST_SKEW = timedelta(seconds=60)


def _md5(body: bytes) -> str:
    return base64.b64encode(md5(body, usedforsecurity=False).digest()).decode("ascii")


def _clock(room: Room) -> str:
    key, version = room.put(None)
    with asking():
        answer = room.client.stat_object(bucket_name=room.name, object_name=key, version_id=version)
    dates = {name.lower(): value for name, value in (answer.metadata or {}).items()}
    if "date" not in dates:
        raise Broken("tells no time")
    skew = abs(parsedate_to_datetime(dates["date"]) - room.now())
    if skew > MOST_SKEW:
        raise Broken(f"its clock differs by {skew.total_seconds():.0f} s; a lock ends by that clock")
    return f"within {skew.total_seconds():.0f} s"


def _versioning(room: Room) -> str:
    said = refusal(
        lambda: room.client.set_bucket_versioning(bucket_name=room.name, config=VersioningConfig(SUSPENDED))
    )
    with asking():
        status = room.client.get_bucket_versioning(bucket_name=room.name).status
    if status != ENABLED:
        raise Broken(f"versioning is {status} after an attempt to suspend it")
    return str(said)


def _explicit(room: Room) -> None:
    until = room.now() + LATER
    head = room.bucket.head(*room.put(until, hold=True))
    verify_date(head, until)
    if not head.is_held:
        raise Broken("the hold of a PUT was dropped")


def _delete(room: Room) -> str:
    key, version = room.send(room.beyond_default)
    return room.must_stay(key, version, lambda: room.bucket.delete(key, version))


def _delete_with_bypass(room: Room) -> str:
    return _bypass(room, *room.send(room.beyond_default))


def _bypass(room: Room, key: str, version: str) -> str:
    """Delete as one of many, and alone, with the header that lifts a weaker kind of lock."""
    one = DeleteObject(key, version)

    def act() -> None:
        faults = list(
            room.client.remove_objects(
                bucket_name=room.name, delete_object_list=[one], bypass_governance_mode=True
            )
        )
        if faults:
            raise Locked(reason=faults[0].code)

    room.must_stay(key, version, act)
    headers: Words = {"x-amz-bypass-governance-retention": "true"}
    return room.must_stay(
        key,
        version,
        lambda: room.client._execute(
            "DELETE", room.name, key, headers=headers, query_params={"versionId": version}
        ),
    )


def _shorten(room: Room) -> str:
    key, version = room.send(room.beyond_default)
    return room.must_stay(key, version, lambda: room.bucket.retain(key, version, room.now() + LATER))


def _downgrade(room: Room) -> str:
    key, version = room.send(room.beyond_default)
    weaker = Retention(GOVERNANCE, room.beyond_default + LATER)
    return room.must_stay(
        key,
        version,
        lambda: room.client.set_object_retention(
            bucket_name=room.name, object_name=key, config=weaker, version_id=version
        ),
    )


def _remove_lock(room: Room) -> str:
    key, version = room.send(room.beyond_default)
    body = b'<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></Retention>'
    headers: Words = {"Content-MD5": _md5(body), "x-amz-bypass-governance-retention": "true"}
    query: Words = {"retention": "", "versionId": version}
    return room.must_stay(
        key,
        version,
        lambda: room.client._execute("PUT", room.name, key, body=body, headers=headers, query_params=query),
    )


def _extend(room: Room) -> str:
    first = room.beyond_default
    key, version = room.send(first)
    room.bucket.retain(key, version, first + LATER)
    verify_date(room.bucket.head(key, version), first + LATER)
    return room.must_stay(key, version, lambda: room.bucket.retain(key, version, first))


def _hold_alone(room: Room) -> str:
    """A hold binds after the date has come, whichever way the object came; both over, the version can go."""
    with room.without_default() as bare:
        until = room.now() + SOON
        held = [bare.put(until, hold=True), bare.send(until, "probe")]
        sleep((SOON + timedelta(seconds=1)).total_seconds())
        said = "nothing"
        for key, version in held:
            act = partial(bare.bucket.delete, key, version)
            said = bare.must_stay(key, version, act)
            _bypass(bare, key, version)
            bare.bucket.hold(key, version, False)
            if (refused := refusal(act)) is not None:
                raise Broken(f"cannot be disposed of after date and hold: {refused}")
    return said


def _overwrite(room: Room) -> None:
    key, version = room.send(room.beyond_default)
    room.bucket.put(key, b"other", None, False, {})
    room.client.remove_object(bucket_name=room.name, object_name=key)
    answer = room.bucket.get(key, version)
    with answer:
        if answer.read() != BODY:
            raise Broken("the first version reads otherwise after an overwrite")


def _default_covers_parts(room: Room) -> None:
    key = room.in_parts({})
    until = room.bucket.head(key, room.version(key)).retain_until
    if until is None:
        raise Broken("an object sent in parts has no lock, though the bucket's default is on")
    if until > room.now() + timedelta(days=DEFAULT_LOCK_DAYS) + MOST_SKEW:
        raise Broken(f"the bucket's default of {DEFAULT_LOCK_DAYS} day keeps until {until}")


def _changed_on_the_way(room: Room) -> str:
    headers: Words = {"Content-MD5": _md5(b"what was meant")}
    said = refusal(
        lambda: room.client._execute(
            "PUT", room.name, "probe/changed", body=b"what has come", headers=headers
        )
    )
    if said is None:
        raise Broken("took a body that differs from its checksum")
    return said


def _our_way(room: Room) -> str:
    """What we do with a long original, on this very server: locked, one version, read back; then held."""
    body = os.urandom(1 << 20) * (PART >> 20) + b"the last part"
    lock = Lock(room.beyond_default)
    vault = S3Vault(room.bucket)
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        promise = Promise(len(body), sha256(body).hexdigest())
        sealed = vault.seal_file("probe-long/data", Path(file.name), promise, lock)
    if sealed.lock.holds or sealed.lock.retain_until < lock.retain_until or sealed.alarms:
        raise Broken(f"stands there as {sealed}")
    said = room.must_stay(sealed.key, sealed.version, lambda: room.bucket.delete(sealed.key, sealed.version))
    if vault.hold(sealed.key, "probe").lock.holds != {"probe"}:
        raise Broken("a hold placed later does not stand")
    return said


def _explicit_on_parts(room: Room) -> None:
    retention = Retention("COMPLIANCE", (room.now() + LATER).replace(microsecond=0))
    key = room.in_parts(genheaders({}, None, None, retention, True))
    if not room.bucket.head(key, room.version(key)).is_held:
        raise Broken("the lock that a sending in parts asks for is dropped without a word")


def _once(room: Room) -> str:
    """If-None-Match: of eight writers of one key at once exactly one may win."""
    key = room.new_key()

    def write(_: int) -> bool:
        headers: Words = {"If-None-Match": "*"}
        return (
            refusal(lambda: room.client._execute("PUT", room.name, key, body=b"x", headers=headers)) is None
        )

    with ThreadPoolExecutor(8) as pool:
        winners = sum(pool.map(write, range(8)))
    if winners != 1:
        raise Broken(f"{winners} of 8 writers won")
    return "1 of 8 writers won"


PROBES: tuple[tuple[str, bool, Callable[[Room], str | None]], ...] = (
    ("clock-agrees", True, _clock),
    ("versioning-cannot-be-suspended", True, _versioning),
    ("lock-of-a-put-is-kept", True, _explicit),
    ("locked-version-cannot-be-deleted", True, _delete),
    ("bypass-is-refused", True, _delete_with_bypass),
    ("date-cannot-be-shortened", True, _shorten),
    ("compliance-cannot-be-downgraded", True, _downgrade),
    ("lock-cannot-be-removed", True, _remove_lock),
    ("date-can-be-extended", True, _extend),
    ("hold-binds-alone", True, _hold_alone),
    ("overwrite-keeps-the-first", True, _overwrite),
    ("default-covers-parts", True, _default_covers_parts),
    ("changed-body-is-refused", True, _changed_on_the_way),
    ("our-way-is-safe", True, _our_way),
    ("lock-of-parts-is-kept", False, _explicit_on_parts),
    ("if-none-match-lets-one-win", False, _once),
)
