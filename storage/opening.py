"""From an address to a vault; anything else is an error.

file:///var/lib/evidence/vault                                       a folder
s3://ACCESS-KEY:SECRET@host:port/bucket?region=…&ca_file=/…/ca.crt   a bucket with Object Lock, over https
memory:                                                              nothing that lasts: tests
Buckets' modules are imported for buckets only: the SDK is a quarter of what a process loads at its start.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from storage.address import Address
from storage.errors import BucketNameWrong, OnlyForFolders, UnknownAddress
from storage.local import LocalVault
from storage.memory import MemoryVault
from storage.vault import Vault

_OPTIONS = {"region", "ca_file"}
# What S3 allows as a bucket's name, and what it does not allow all the same.
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_NO_NAME = re.compile(r"\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$", re.ASCII)


def open_vault(url: str, *, immutable: bool = False) -> Vault:
    """Open the vault at this address. immutable: the operator asks for `chattr +i` (folders only).

    Raises: UnknownAddress, VaultAbsent, Misconfigured, StoreUnavailable.
    """
    parts = urlsplit(url)
    if (folder := _folder(parts)) is not None:
        return LocalVault(folder, immutable)
    if immutable and (parts.scheme == "s3" or url == "memory:"):
        raise OnlyForFolders(scheme=parts.scheme)
    if parts.scheme == "s3":
        from storage.bucket import Bucket
        from storage.s3 import S3Vault

        return S3Vault(Bucket(bucket_address(url)))
    if url == "memory:":
        return MemoryVault()
    raise UnknownAddress(scheme=parts.scheme)


def prepare_vault(url: str) -> None:
    """Make what an address names where it can be made: a bucket that does not exist yet, with its locks; a
    folder, with the sign of a vault. For a new site or a move only: elsewhere an empty folder is a disc that
    is away.

    Raises: UnknownAddress, Exists, StoreUnavailable.
    """
    parts = urlsplit(url)
    if (folder := _folder(parts)) is not None:
        LocalVault.make(folder)
    elif parts.scheme == "s3":
        from storage.bucket import Bucket

        Bucket(bucket_address(url)).make()
    elif url != "memory:":
        raise UnknownAddress(scheme=parts.scheme)


def _folder(parts: SplitResult) -> Path | None:
    """Return the folder that an address names, or None."""
    plain = not (parts.query or parts.fragment or parts.netloc)
    is_folder = parts.scheme == "file" and plain and parts.path.startswith("/")
    return Path(unquote(parts.path)) if is_folder else None


def bucket_address(url: str) -> Address:
    """Read the address of a bucket. Raises: UnknownAddress, naming the part and never the secret."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    if parts.scheme != "s3" or parts.fragment or len(dict(options)) != len(options):
        raise UnknownAddress(scheme=parts.scheme)
    _verify_parts(parts)
    known = dict(options)
    if unknown := sorted(known.keys() - _OPTIONS):
        raise UnknownAddress(scheme="s3", unknown=unknown)
    return Address(
        host=parts.netloc.rpartition("@")[2],
        bucket=parts.path.strip("/"),
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
        region=known.get("region", "us-east-1"),
        ca_file=Path(known["ca_file"]) if "ca_file" in known else None,
    )


def _verify_parts(parts: SplitResult) -> None:
    bucket = parts.path.strip("/")
    given = {"host": parts.hostname, "bucket": bucket, "access-key": parts.username, "secret": parts.password}
    missing = [name for name, value in given.items() if not value]
    if missing or "/" in bucket:
        raise UnknownAddress(scheme="s3", missing=missing, bucket=bucket)
    if not _NAME.fullmatch(bucket) or _NO_NAME.search(bucket):
        raise BucketNameWrong(bucket=bucket)
