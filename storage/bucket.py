"""One bucket of an S3 server, spoken to by the minio SDK and never believed without a look.

Rules (docs/decisions/0012): https only; no blind retries, because a lost answer of a PUT would leave a second
locked version; time-outs everywhere, because a full server hangs; one client per process, never shared over a
fork; objects are always named with their version; locks are read from HEAD, the only place where servers
agree.
Not here: what a refusal means (storage/asking.py), what objects mean (storage/s3.py), cutting bodies into
parts (storage/parts.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO

from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.datatypes import parse_list_objects
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.retention import Retention
from urllib3.response import BaseHTTPResponse

from storage.address import Address
from storage.asking import asking
from storage.connections import new_pool
from storage.errors import (
    BucketLockedOtherwise,
    BucketUnlocked,
    Missing,
    StoreUnavailable,
    Withheld,
)
from storage.listing import Pages

# The default lock covers the moment until the real one is confirmed. A server that drops the lock of parts
# keeps each object that long at least: so it is short.
DEFAULT_LOCK_DAYS = 1
_DEFAULT_LOCK = ObjectLockConfig(COMPLIANCE, DEFAULT_LOCK_DAYS, DAYS)
_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})", re.ASCII)
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")  # Ceph writes nine digits


@dataclass(frozen=True, slots=True)
class Version:
    """A line of the bucket's list: one version of a key, or a delete marker. tag: the server's own digest of
    what was put in one request; nothing is decided by it but whether two versions say the same."""

    key: str
    id: str
    is_marker: bool
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What HEAD says of one version. retain_until is None where no COMPLIANCE date is in force."""

    size_bytes: int
    retain_until: datetime | None
    is_held: bool
    notes: Mapping[str, str]  # user metadata, names in lower case without "x-amz-meta-"

    def is_kept_until(self, moment: datetime) -> bool:
        """Whether the date in force reaches this moment."""
        return self.retain_until is not None and self.retain_until >= whole_second(moment)


class Bucket:
    """See the module. Every method raises StoreUnavailable; those that name a version raise Missing."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._pid, self._made = os.getpid(), _client(address)

    @property
    def client(self) -> Minio:
        """The client of this process: one that was opened before a fork would read another's answers."""
        if self._pid != os.getpid():
            self._pid, self._made = os.getpid(), _client(self.address)
        return self._made

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.address.bucket

    def verify_locks(self) -> None:
        """Refuse a bucket with another default lock than ours: with none, what has just been stored can be
        deleted; with a longer one, a server that drops the lock of parts keeps everything as long.

        Raises: BucketUnlocked, BucketLockedOtherwise, StoreUnavailable.
        """
        found = self._default_lock()
        if found is None:
            raise BucketUnlocked(bucket=self.name)
        if found != _DEFAULT_LOCK:
            lock = f"{found.mode} {found.duration} {found.duration_unit}" if found.mode else "none"
            raise BucketLockedOtherwise(bucket=self.name, found=lock)

    def make(self) -> None:
        """Make the bucket with Object Lock and a default lock, unless it is there already; give the lock to
        an empty one that has none: its making broke off."""
        with asking(bucket=self.name):
            if not self.client.bucket_exists(bucket_name=self.name):
                self.client.make_bucket(bucket_name=self.name, object_lock=True)
            found = self._default_lock()
            if found is None or found.mode or next(self.versions(""), None) is not None:
                return
            self.client.set_object_lock_config(bucket_name=self.name, config=_DEFAULT_LOCK)

    def _default_lock(self) -> ObjectLockConfig | None:
        """Return the bucket's default lock, with mode None where it has none; None without Object Lock."""
        with asking(bucket=self.name):
            try:
                return self.client.get_object_lock_config(bucket_name=self.name)
            except S3Error as fault:
                if fault.code != "ObjectLockConfigurationNotFoundError":
                    raise
        return None

    def put(
        self, key: str, body: bytes, until: datetime | None, hold: bool, notes: Mapping[str, str]
    ) -> None:
        """Put a small object in one request. What it became is for `head` to say, not for the answer.

        The SDK would send more than 5 MiB in parts of its own, unless told that one part holds it all.
        """
        with asking(key=key):
            self.client.put_object(
                bucket_name=self.name,
                object_name=key,
                data=BytesIO(body),
                length=len(body),
                part_size=max(len(body), 5 << 20),
                metadata=dict(notes),
                retention=Retention(COMPLIANCE, whole_second(until)) if until else None,
                legal_hold=hold,
            )

    def head(self, key: str, version: str | None) -> Head:
        """Return size, lock and notes of a version (None: the newest)."""
        with self._asking(key, version):
            found = self.client.stat_object(bucket_name=self.name, object_name=key, version_id=version)
        words = {name.lower(): value for name, value in (found.metadata or {}).items()}
        date = words.get("x-amz-object-lock-retain-until-date")
        is_firm = words.get("x-amz-object-lock-mode") == COMPLIANCE and date is not None
        return Head(
            size_bytes=found.size or 0,
            retain_until=_instant(date, key) if is_firm and date else None,
            is_held=words.get("x-amz-object-lock-legal-hold") == "ON",
            notes={
                name.removeprefix("x-amz-meta-"): value
                for name, value in words.items()
                if name.startswith("x-amz-meta-")
            },
        )

    def get(self, key: str, version: str, offset: int = 0) -> BaseHTTPResponse:
        """Open a version for reading from offset on; the caller gives the answer back with `give_back`."""
        with self._asking(key, version):
            answer = self.client.get_object(
                bucket_name=self.name, object_name=key, version_id=version, offset=offset
            )
        if offset and not _reaches_from(answer, offset):  # other bytes than were asked for
            give_back(answer)
            raise StoreUnavailable(reason="range-ignored", key=key)
        return answer

    def versions(self, prefix: str) -> Iterator[Version]:
        """Yield the versions whose key starts with prefix, in key order, each key's newest first; the delete
        markers of a page of 1000 come after its versions.

        The SDK's own paging goes wherever the server sends it, for ever too; so pages are asked for here.

        Raises: StoreUnavailable(reason="list-stands-still") where the next page would not be a later one.
        """
        pages, is_more = Pages(prefix), True
        while is_more:
            with asking(prefix=prefix):
                answer = self.client._execute("GET", self.name, query_params=pages.query)
                found, is_more, key, version = parse_list_objects(answer)
            if is_more:
                pages.go_on(key, version, (one.object_name or "" for one in found))
            for one in found:
                yield Version(
                    one.object_name or "", one.version_id or "", one.is_delete_marker, one.etag or ""
                )

    def retain(self, key: str, version: str, until: datetime) -> None:
        """Lock a version until a date; the server refuses an earlier one. Raises: Locked."""
        with self._asking(key, version, may_be_locked=True):
            self.client.set_object_retention(
                bucket_name=self.name,
                object_name=key,
                version_id=version,
                config=Retention(COMPLIANCE, whole_second(until)),
            )

    def hold(self, key: str, version: str, on: bool) -> None:
        """Set or lift the legal hold of a version."""
        act = self.client.enable_object_legal_hold if on else self.client.disable_object_legal_hold
        with self._asking(key, version):
            act(bucket_name=self.name, object_name=key, version_id=version)

    def delete(self, key: str, version: str) -> None:
        """Remove one version for good. Raises: Locked when the server refuses."""
        with self._asking(key, version, may_be_locked=True):
            self.client.remove_object(bucket_name=self.name, object_name=key, version_id=version)

    @contextmanager
    def _asking(self, key: str, version: str | None, may_be_locked: bool = False) -> Iterator[None]:
        """Ask about a version. That it is missing is final for the callers, so the list must say it too: a
        balancer with no server behind it answers 404 as well."""
        try:
            with asking(key=key, may_be_locked=may_be_locked):
                yield
        except Missing as fault:
            if version and any((one.key, one.id) == (key, version) for one in self.versions(key)):
                raise Withheld(reason="listed-but-not-found", key=key, version=version) from fault
            raise


def give_back(answer: BaseHTTPResponse) -> None:
    """Return a connection; one whose answer was not read to its end is closed, not used again."""
    answer.close()
    answer.release_conn()


def _reaches_from(answer: BaseHTTPResponse, offset: int) -> bool:
    """Whether an answer is what lies between an offset and the end."""
    said = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if answer.status != 206 or said is None:
        return False
    first, last, size = map(int, said.groups())
    return (first, last + 1) == (offset, size)


def whole_second(moment: datetime) -> datetime:
    """Return the next whole second: S3 keeps no fractions, and a lock must not end before its time."""
    utc = moment.astimezone(UTC)
    return utc if utc.microsecond == 0 else utc.replace(microsecond=0) + timedelta(seconds=1)


def _instant(text: str, key: str) -> datetime:
    try:
        found = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text))
    except ValueError as fault:
        raise StoreUnavailable(reason="lock-unreadable", key=key) from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _client(address: Address) -> Minio:
    return Minio(
        endpoint=address.host,
        access_key=address.access_key,
        secret_key=address.secret_key,
        region=address.region,  # known, so that nobody asks the server for it
        secure=True,
        http_client=new_pool(address.ca_file),
    )
