"""Sending a body in parts: hashed while it is read, and never completed unless it is what was promised.

Every body goes this way, short and empty ones too. A full store lets a write wait without end, and does it
when there is room again: a PUT whose sender gave up long ago would then be one more locked version. The last
request of a sending in parts names its upload, and stores nothing once that was ended (`abort_all`).

The SDK's own `put_object` cannot be stopped before its last request without leaking its threads, and hides
whether that request worked (docs/decisions/0012). Its single requests do what they say, so
they are called one by one here; their names begin with an underscore, which is why the SDK is pinned and
tests/storage/test_s3.py sends through every one of them. Memory: PARALLEL + 2 parts.
Source: S3 API, CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256

from minio.commonconfig import COMPLIANCE
from minio.datatypes import Part
from minio.helpers import genheaders
from minio.retention import Retention

from storage import marks
from storage.asking import asking
from storage.bucket import Bucket, whole_second
from storage.crashpoints import crashpoint
from storage.durable import storing
from storage.errors import Mismatch, Missing, StorageError
from storage.vault import Lock, Promise

PART = 16 << 20
PARALLEL = 3
_MOST_PARTS = 10_000


def pieces_of(fd: int, size: int) -> Iterator[bytes]:
    """Yield a whole file in its parts: of 16 MiB, more only where 10,000 of them would not reach; of an empty
    file one that is empty. Raises: StoreUnavailable."""
    length = max(PART, -(-size // _MOST_PARTS))
    for offset in range(0, max(size, 1), length):
        yield _read_part(fd, offset, length)


def _read_part(fd: int, offset: int, size: int) -> bytes:
    """Read size bytes at an offset, fewer only at the file's end. Raises: StoreUnavailable."""
    pieces, missing = [], size
    with storing():
        while missing and (piece := os.pread(fd, missing, offset + size - missing)):
            pieces.append(piece)
            missing -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def send(bucket: Bucket, key: str, pieces: Iterable[bytes], promise: Promise, lock: Lock) -> None:
    """Send a body in parts, at least one. Nothing is stored unless length and SHA-256 are as promised.

    Raises: ValueError (marks.notes), Mismatch, StoreFull, StoreUnavailable (also where the last answer was
    lost: then look first).
    """
    retention = Retention(COMPLIANCE, whole_second(lock.retain_until))
    headers = genheaders(dict(marks.notes(promise, lock)), None, None, retention, bool(lock.holds))
    with asking(key=key):
        upload = bucket.client._create_multipart_upload(bucket.name, key, headers)
    try:
        tags = _send_parts(bucket, key, upload, pieces, promise)
        crashpoint("after-parts")
    except BaseException:
        with suppress(StorageError):  # what it leaves is found by the next attempt, and hides no error here
            _abort(bucket, key, upload)
        raise
    with asking(key=key):
        parts = [Part(number, tag) for number, tag in enumerate(tags, 1)]
        bucket.client._complete_multipart_upload(bucket.name, key, upload, parts)
    crashpoint("after-complete")


def abort_all(bucket: Bucket, key: str) -> None:
    """End every unfinished sending of a key, so that none of them can complete behind our back."""
    with asking(key=key):
        found = bucket.client._list_multipart_uploads(bucket.name, prefix=key)
        ours = [one.upload_id for one in found.uploads if one.object_name == key and one.upload_id]
    for upload in ours:
        with suppress(Missing):  # it has just completed: the caller looks at the versions next
            _abort(bucket, key, upload)


def _abort(bucket: Bucket, key: str, upload: str) -> None:
    with asking(key=key):
        bucket.client._abort_multipart_upload(bucket.name, key, upload)


def _send_parts(
    bucket: Bucket, key: str, upload: str, pieces: Iterable[bytes], promise: Promise
) -> list[str]:
    """Take and hash in order, send a few at once; return the parts' tags in order."""
    digest, size = sha256(), 0
    waiting: deque[Future[str]] = deque()
    tags: list[str] = []

    def one(number: int, body: bytes) -> str:
        with asking(key=key, part=number):
            return bucket.client._upload_part(bucket.name, key, body, None, upload, number)

    with ThreadPoolExecutor(PARALLEL, "part") as pool:
        try:
            for body in pieces:
                size += len(body)
                waiting.append(pool.submit(one, len(tags) + len(waiting) + 1, body))
                digest.update(body)
                if len(waiting) > PARALLEL:
                    tags.append(waiting.popleft().result())
            if (size, digest.hexdigest()) != (promise.size_bytes, promise.sha256):
                raise Mismatch(promised_sha256=promise.sha256, found_bytes=size)
            tags += [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return tags
