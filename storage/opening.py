"""From an address to a vault; anything else is an error.

file:///var/lib/evidence/vault                                       a folder
s3://ACCESS-KEY:SECRET@host:port/bucket?region=…&ca_file=/…/ca.crt   a bucket with Object Lock, over https
memory:                                                              nothing that lasts: tests
Buckets' modules are imported for buckets only: the SDK is a quarter of what a process loads at its start.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from storage.address import Address
from storage.errors import UnknownAddress
from storage.local import LocalVault
from storage.memory import MemoryVault
from storage.vault import Vault

_OPTIONS = {"region", "ca_file"}


def open_vault(url: str, *, immutable: bool = False) -> Vault:
    """Open the vault at this address. immutable: the operator asks for `chattr +i` (folders only).

    Raises: UnknownAddress, StoreUnavailable.
    """
    parts = urlsplit(url)
    plain = not (parts.query or parts.fragment or parts.netloc)
    if parts.scheme == "file" and plain and parts.path.startswith("/"):
        return LocalVault(Path(unquote(parts.path)), immutable)
    if parts.scheme == "s3" and not immutable:
        from storage.bucket import Bucket
        from storage.s3 import S3Vault

        return S3Vault(Bucket(bucket_address(url)))
    if url == "memory:" and not immutable:
        return MemoryVault()
    raise UnknownAddress(scheme=parts.scheme, immutable=immutable)


def prepare_vault(url: str) -> None:
    """Make what an address names where it can be made: a bucket that does not exist yet, with its locks.

    Raises: UnknownAddress, StoreUnavailable.
    """
    if urlsplit(url).scheme == "s3":
        from storage.bucket import Bucket

        Bucket(bucket_address(url)).make()


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
