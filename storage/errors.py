"""Errors of the storage package: its own root, because storage knows nothing of evidence.

StorageError
├── BadKey          the key or upload id is not one the store can hold (a fault of the caller)
├── UnknownAddress  no backend answers to this address
│   ├── BucketNameWrong  S3 allows no bucket of this name
│   └── OnlyForFolders   what the address asks for, only folders can do
├── Exists          the key is taken; nothing was written, and what is there is durable
├── Missing         no object under this key
├── Locked          retention or a hold forbids this
├── Mismatch        the bytes are not what the caller promised (length, digest); nothing was stored
├── Damaged         a stored object or lock record contradicts itself
├── StagingBusy     somebody else is writing this upload
├── StagingSealed   these staged bytes are an object of the vault now and change no more
└── StoreUnavailable  the machine cannot now (I/O error, time-out); retryable
    ├── StoreFull   no space left; nothing was stored
    ├── VaultAbsent  no vault is where it should be: its disc may not be mounted
    ├── Withheld    the store lists an object and does not give it: it is lost, or the store is ill
    └── Misconfigured  no wait mends it: somebody must correct a setting, or the store
        ├── UserRefused  BucketAbsent  BucketUnlocked  BucketLockedOtherwise
        └── StoreUntrusted  AuthorityUnreadable
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of the storage errors: a stable code and facts."""

    code = "storage-error"

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(self.code, fields)

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{k}={v!r}" for k, v in self.fields.items())])


class BadKey(StorageError):
    """The key or upload id is not one the store can hold."""

    code = "key-invalid"


class UnknownAddress(StorageError):
    """No backend answers to this address."""

    code = "vault-address-unknown"


class BucketNameWrong(UnknownAddress):
    """S3 allows no bucket of this name."""

    code = "bucket-name-wrong"


class OnlyForFolders(UnknownAddress):
    """`chattr +i` is for folders."""

    code = "immutable-only-for-folders"


class Exists(StorageError):
    """The key is taken."""

    code = "object-exists"


class Missing(StorageError):
    """There is no object under this key."""

    code = "object-missing"


class Locked(StorageError):
    """Retention or a hold forbids this."""

    code = "object-locked"


class Mismatch(StorageError):
    """The bytes are not what the caller promised."""

    code = "bytes-mismatch"


class Damaged(StorageError):
    """A stored object or its lock record contradicts itself."""

    code = "object-damaged"


class StagingBusy(StorageError):
    """Somebody else is writing this upload."""

    code = "staging-busy"


class StagingSealed(StorageError):
    """These staged bytes are an object of the vault now and change no more."""

    code = "staging-sealed"


class StoreUnavailable(StorageError):
    """The store cannot now."""

    code = "store-unavailable"


class StoreFull(StoreUnavailable):
    """No space is left."""

    code = "store-full"


class VaultAbsent(StoreUnavailable):
    """No vault is where it should be. Nothing is known of its objects, and nothing is stored in its place."""

    code = "vault-not-there"


class Withheld(StoreUnavailable):
    """The store lists the object and does not give it. Whether its bytes are lost, nobody can say: whoever
    must act on it tries again; whoever only looks says what was seen."""


class Misconfigured(StoreUnavailable):
    """No wait mends it: somebody must correct a setting, or the store. Nothing is known of the objects, so
    whoever must act on one goes on trying, as with every store that cannot now."""

    code = "store-misconfigured"


class UserRefused(Misconfigured):
    """The store does not know this user, or does not let him do this."""

    code = "store-refuses-user"


class BucketAbsent(Misconfigured):
    """The store has no such bucket."""

    code = "bucket-not-there"


class BucketUnlocked(Misconfigured):
    """The bucket has no Object Lock, and can never get it."""

    code = "bucket-without-lock"


class BucketLockedOtherwise(Misconfigured):
    """The bucket has Object Lock, and another default lock than ours, or none."""

    code = "bucket-locks-otherwise"


class StoreUntrusted(Misconfigured):
    """Nobody whom we know vouches for the store's certificate."""

    code = "store-not-trusted"


class AuthorityUnreadable(Misconfigured):
    """The file with the certificate of the store's authority is missing, or is none."""

    code = "ca-file-unreadable"
