"""The private keys of the logs: one Ed25519 key in a file of its own, which only the signer's user may read.

The name of a key is the origin of its log (docs/formats/checkpoint.md). Which key signs until when stands in
the signer's state; a key file is never changed or removed.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from evidence.errors import Unavailable
from evidence.ledger import notes
from evidence.ledger.keys import VerifierKey


class KeyFolder:
    """Keys in the files of a folder, `<key id>.pem`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def make(self, origin: str) -> VerifierKey:
        """Make a key for a log, durably; return its public half."""
        private = Ed25519PrivateKey.generate()
        key = VerifierKey(origin, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        body = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        place = os.open(self._file(key), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(place, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return key

    def sign(self, key: VerifierKey, text: bytes) -> notes.NoteSignature:
        """Sign the text of a note. Raises: Unavailable("signing-key-missing", "key-file-open-to-others")."""
        file = self._file(key)
        private = _read(file)
        if private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != key.public:
            raise Unavailable("signing-key-missing", file=str(file))
        return notes.sign(text, key, private.sign)

    def of(self, origin: str) -> list[VerifierKey]:
        """Return the keys of a log of which the private half is here: the key id says of which log one is.

        Raises: Unavailable("signing-key-missing", "key-file-open-to-others").
        """
        found = []
        for file in sorted(self._folder.glob("*.pem")):
            private = _read(file)
            key = VerifierKey(origin, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
            if key.key_id == file.stem:
                found.append(key)
        return found

    def _file(self, key: VerifierKey) -> Path:
        return self._folder / f"{key.key_id}.pem"


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        if file.stat().st_mode & 0o077:
            raise Unavailable("key-file-open-to-others", file=str(file))
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as problem:
        raise Unavailable("signing-key-missing", file=str(file)) from problem
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable("signing-key-missing", file=str(file))
    return private
