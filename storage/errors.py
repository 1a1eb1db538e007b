"""Errors of the storage package: its own root, because storage knows nothing of evidence.

StorageError
├── BadKey          the key or upload id is not one the store can hold (a fault of the caller)
├── UnknownAddress  no backend answers to this address
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
    └── Withheld    the store lists an object and does not give it: it is lost, or the store is ill
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
