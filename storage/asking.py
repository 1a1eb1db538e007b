"""What an S3 server's refusals and silences mean: each fault of a request in the errors of this package.

Two kinds matter most: what passes by itself (StoreUnavailable), and what somebody must correct first
(Misconfigured). Not here: the requests (storage/bucket.py).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from storage.errors import (
    BucketAbsent,
    Locked,
    Missing,
    StorageError,
    StoreFull,
    StoreUnavailable,
    StoreUntrusted,
    UserRefused,
)

# MethodNotAllowed: the newest version is a delete marker.
_GONE = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "MethodNotAllowed"}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
_FULL = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge"}


@contextmanager
def asking(*, may_be_locked: bool = False, **facts: object) -> Iterator[None]:
    """Say everything that can go wrong with a request in the errors of this package.

    may_be_locked: the server's "access denied" can be the lock's answer here, and is not for want of a right.
    """
    try:
        yield
    except S3Error as fault:
        if may_be_locked and fault.code == "AccessDenied":
            raise Locked(reason="store-refuses", **facts) from fault
        raise _translated(fault, facts) from fault
    except (MinioException, HTTPError, OSError, ParseError, ValueError) as fault:  # the last: odd XML
        if (doubt := _doubt(fault)) is not None:
            raise StoreUntrusted(reason=doubt.verify_message, **facts) from fault
        raise StoreUnavailable(reason=type(fault).__name__, **facts) from fault


def _translated(fault: S3Error, facts: Mapping[str, object]) -> StorageError:
    code = fault.code or "unknown"
    if fault.response.status == 501:  # a gateway's; the SDK calls it MethodNotAllowed, as a marker's 405
        return StoreUnavailable(reason="not-implemented", **facts)
    if code in _GONE:
        return Missing(**facts)
    if code in _REFUSED:
        return UserRefused(reason=code, **facts)
    if code == "NoSuchBucket":
        return BucketAbsent(bucket=fault.bucket_name, **{k: v for k, v in facts.items() if k != "bucket"})
    if code in _FULL:
        return StoreFull(reason=code, **facts)
    return StoreUnavailable(reason=code, **facts)


def _doubt(fault: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the doubt about the server's certificate that a fault goes back to, if any."""
    while fault is not None and not isinstance(fault, ssl.SSLCertVerificationError):
        arguments = [one for one in fault.args if isinstance(one, BaseException)]
        fault = fault.__cause__ or fault.__context__ or next(iter(arguments), None)
    return fault
