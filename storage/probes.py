"""The single promises of Object Lock, each tried on a bucket of our own with short dates.

A probe returns what the server said, or raises `Broken`. What is only told (Ceph 16 breaks both) our way of
writing does without; `our-way-is-safe` shows that it does.
Not here: what follows from it (storage/qualify.py).
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import md5, sha256
from pathlib import Path
from time import sleep

from minio.commonconfig import ENABLED, GOVERNANCE
from minio.datatypes import Part
from minio.deleteobjects import DeleteObject
from minio.helpers import genheaders
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.asking import asking
from storage.bucket import Bucket
from storage.errors import Locked, Missing, StorageError
from storage.parts import PART
from storage.s3 import S3Vault
from storage.vault import Lock, Promise

SOON = timedelta(seconds=6)  # a date that comes while the probes run
LATER = timedelta(minutes=10)
MOST_SKEW = timedelta(seconds=60)
_UNTIL_NOTES = {"probe": "1"}


Words = dict[str, str | list[str] | tuple[str]]  # as the SDK declares them


class Broken(Exception):
    """The server does not keep this promise; the text says what it did instead."""


class Room:
    """The probe bucket, and ways to put things into it and to see whether they are still there."""

    def __init__(self, bucket: Bucket, now: Callable[[], datetime]) -> None:
        self.bucket, self.now = bucket, now
        self.client, self.name = bucket.client, bucket.name

    def put(self, until: datetime | None, hold: bool = False) -> tuple[str, str]:
        """Put a small object; return its key and version."""
        key = f"probe/{secrets.token_hex(8)}"
        self.bucket.put(key, b"probe", until, hold, _UNTIL_NOTES)
        return key, self.version(key)

    def version(self, key: str) -> str:
        found = [one.id for one in self.bucket.versions(key) if not one.is_marker]
        if not found:
            raise Broken("what was put is not listed")
        return found[-1]

    def must_stay(self, key: str, version: str, act: Callable[[], object]) -> str:
        """Try an act that must be refused, and see that the version is still there, unchanged and locked."""
        before = self.bucket.head(key, version)
        said = refusal(act)
        try:
            after = self.bucket.head(key, version)
        except Missing:
            raise Broken(f"the locked version is gone ({said})") from None
        if after != before:
            raise Broken(f"the lock was changed ({said})")
        if said is None:
            raise Broken("answered with success, though nothing was changed")
        return said


def _md5(body: bytes) -> str:
    return base64.b64encode(md5(body, usedforsecurity=False).digest()).decode("ascii")


def refusal(act: Callable[[], object]) -> str | None:
    """Do something that should be refused; return the server's word for it, None where it succeeded."""
    try:
        with asking():
            act()
    except StorageError as fault:
        return str(fault.fields.get("reason", fault.code))
    return None


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
    if not head.is_kept_until(until) or not head.is_held:
        raise Broken("the lock of a PUT was dropped")


def _delete(room: Room) -> str:
    key, version = room.put(room.now() + LATER)
    return room.must_stay(key, version, lambda: room.bucket.delete(key, version))


def _delete_with_bypass(room: Room) -> str:
    key, version = room.put(room.now() + LATER)
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
    key, version = room.put(room.now() + LATER)
    return room.must_stay(key, version, lambda: room.bucket.retain(key, version, room.now() + SOON))


def _downgrade(room: Room) -> str:
    key, version = room.put(room.now() + LATER)
    weaker = Retention(GOVERNANCE, room.now() + LATER + LATER)
    return room.must_stay(
        key,
        version,
        lambda: room.client.set_object_retention(
            bucket_name=room.name, object_name=key, config=weaker, version_id=version
        ),
    )


def _remove_lock(room: Room) -> str:
    key, version = room.put(room.now() + LATER)
    body = b'<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></Retention>'
    headers: Words = {"Content-MD5": _md5(body), "x-amz-bypass-governance-retention": "true"}
    query: Words = {"retention": "", "versionId": version}
    return room.must_stay(
        key,
        version,
        lambda: room.client._execute("PUT", room.name, key, body=body, headers=headers, query_params=query),
    )


def _extend(room: Room) -> None:
    key, version = room.put(room.now() + SOON)
    room.bucket.retain(key, version, room.now() + LATER)
    if not room.bucket.head(key, version).is_kept_until(room.now() + LATER - timedelta(seconds=30)):
        raise Broken("an extension was accepted and not kept")


def _hold_alone(room: Room) -> str:
    """A hold binds after the date has come; both over, the version can go."""
    key, version = room.put(room.now() + SOON, hold=True)
    sleep((SOON + timedelta(seconds=1)).total_seconds())
    said = room.must_stay(key, version, lambda: room.bucket.delete(key, version))
    room.bucket.hold(key, version, False)
    if (refused := refusal(lambda: room.bucket.delete(key, version))) is not None:
        raise Broken(f"cannot be disposed of after date and hold: {refused}")
    return said


def _overwrite(room: Room) -> None:
    key, version = room.put(room.now() + LATER)
    room.bucket.put(key, b"other", None, False, {})
    room.client.remove_object(bucket_name=room.name, object_name=key)
    answer = room.bucket.get(key, version)
    with answer:
        if answer.read() != b"probe":
            raise Broken("the first version reads otherwise after an overwrite")


def _default_covers_parts(room: Room) -> None:
    key = _in_parts(room, {})
    if room.bucket.head(key, room.version(key)).retain_until is None:
        raise Broken("an object sent in parts has no lock, though the bucket's default is on")


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
    """What we do with a long original, on this very server: locked, held, one version, read back."""
    body = os.urandom(1 << 20) * (PART >> 20) + b"the last part"
    lock = Lock(room.now() + LATER, frozenset({"probe"}))
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        vault = S3Vault(room.bucket)
        promise = Promise(len(body), sha256(body).hexdigest())
        sealed = vault.seal_file("probe-long/data", Path(file.name), promise, lock)
    if sealed.lock.holds != lock.holds or sealed.lock.retain_until < lock.retain_until or sealed.alarms:
        raise Broken(f"stands there as {sealed}")
    return room.must_stay(sealed.key, sealed.version, lambda: room.bucket.delete(sealed.key, sealed.version))


def _explicit_on_parts(room: Room) -> None:
    until = room.now() + LATER
    headers = genheaders({}, None, None, Retention("COMPLIANCE", until.replace(microsecond=0)), True)
    key = _in_parts(room, headers)
    head = room.bucket.head(key, room.version(key))
    if not head.is_held:
        raise Broken("the lock that a sending in parts asks for is dropped without a word")


def _in_parts(room: Room, headers: Words) -> str:
    key = f"probe/{secrets.token_hex(8)}"
    with asking():
        upload = room.client._create_multipart_upload(room.name, key, headers)
        tag = room.client._upload_part(room.name, key, b"one part", None, upload, 1)
        room.client._complete_multipart_upload(room.name, key, upload, [Part(1, tag)])
    return key


def _once(room: Room) -> str:
    """If-None-Match: of eight writers of one key at once exactly one may win."""
    key = f"probe/{secrets.token_hex(8)}"

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
