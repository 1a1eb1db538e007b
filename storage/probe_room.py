"""The room that probes have: a bucket of our own, ways to put things into it as the product does, and to see
whether they are still there.

Not here: the single promises (storage/probes.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from minio.datatypes import Part

from storage.asking import asking
from storage.bucket import DEFAULT_LOCK_DAYS, Bucket, Head, whole_second
from storage.errors import Missing, StorageError
from storage.firm import make_date_firm, make_hold_firm
from storage.parts import send
from storage.vault import Lock, Promise

SOON = timedelta(seconds=6)  # a date that comes while the probes run
LATER = timedelta(minutes=10)
BODY = b"probe"

Words = dict[str, str | list[str] | tuple[str]]  # as the SDK declares them


class Broken(Exception):
    """The server does not keep this promise; the text says what it did instead."""


class Room:
    """The probe bucket."""

    def __init__(self, bucket: Bucket, now: Callable[[], datetime]) -> None:
        self.bucket, self.now = bucket, now
        self.client, self.name = bucket.client, bucket.name

    @contextmanager
    def without_default(self) -> Iterator[Room]:
        """Yield a room whose bucket has no default lock, for dates that come; gone once it is empty again."""
        bare = Bucket(replace(self.bucket.address, bucket=f"{self.name}-bare"))
        with asking(bucket=bare.name):
            bare.client.make_bucket(bucket_name=bare.name, object_lock=True)
        yield Room(bare, self.now)
        refusal(lambda: bare.client.remove_bucket(bucket_name=bare.name))

    @property
    def beyond_default(self) -> datetime:
        """A date that the bucket's default lock does not reach, as all of ours: it must be set and bind."""
        return self.now() + timedelta(days=DEFAULT_LOCK_DAYS) + LATER

    def new_key(self) -> str:
        return f"probe/{secrets.token_hex(8)}"

    def put(self, until: datetime | None, hold: bool = False) -> tuple[str, str]:
        """Put a small object in one request, as marks; return its key and version."""
        key = self.new_key()
        self.bucket.put(key, BODY, until, hold, {})
        return key, self.version(key)

    def send(self, until: datetime, *grounds: str) -> tuple[str, str]:
        """Send a small object in parts, as every original and manifest; look at its lock as they are looked
        at, and whether it is the one that was asked for. Return its key and version."""
        key, lock = self.new_key(), Lock(until, frozenset(grounds))
        send(self.bucket, key, [BODY], Promise(len(BODY), sha256(BODY).hexdigest()), lock)
        version = self.version(key)
        verify_date(make_date_firm(self.bucket, key, version, until), until)
        if grounds:
            make_hold_firm(self.bucket, key, version)
        return key, version

    def in_parts(self, headers: Words) -> str:
        """Send a small object in parts with these headers and nothing more; return its key."""
        key = self.new_key()
        with asking():
            upload = self.client._create_multipart_upload(self.name, key, headers)
            tag = self.client._upload_part(self.name, key, BODY, None, upload, 1)
            self.client._complete_multipart_upload(self.name, key, upload, [Part(1, tag)])
        return key

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


def verify_date(head: Head, until: datetime) -> None:
    """Raises: Broken, unless a version is kept until the very date that was asked for."""
    if head.retain_until != whole_second(until):
        raise Broken(f"keeps it until {head.retain_until}, though {whole_second(until)} was asked for")


def refusal(act: Callable[[], object]) -> str | None:
    """Do something that should be refused; return the server's word for it, None where it succeeded."""
    try:
        with asking():
            act()
    except StorageError as fault:
        return str(fault.fields.get("reason", fault.code))
    return None
