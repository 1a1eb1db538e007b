"""The key of a witness: an Ed25519 key that makes nothing but cosignatures (type 0x04).

`key.pem`: the private half, which only the witness's user may read. `vkey`: the public half with the name of
the witness, to be handed to whoever trusts it. Neither is ever changed.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from evidence.errors import IntegrityFault, Invalid, Unavailable
from evidence.ledger import cosignatures
from evidence.ledger.keys import COSIGNATURE_ED25519, VerifierKey
from evidence.ledger.notes import NoteSignature

PRIVATE, PUBLIC = "key.pem", "vkey"


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature (RFC 8032). Raises: IntegrityFault("signature-wrong")."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as problem:
        raise IntegrityFault("signature-wrong") from problem


def verify_ml_dsa_44(public: bytes, signature: bytes, message: bytes) -> None:
    """Check an ML-DSA-44 signature (FIPS 204). Raises: IntegrityFault."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as problem:
        raise IntegrityFault("signature-wrong") from problem


CHECKS = cosignatures.checks(verify_ed25519, verify_ml_dsa_44)


class WitnessKey:
    """The key in a folder. key: its public half."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises: Unavailable("witness-key-missing", "key-file-open-to-others")."""
        file = folder / PRIVATE
        try:
            if file.stat().st_mode & 0o077:
                raise Unavailable("key-file-open-to-others", file=str(file))
            private = load_pem_private_key(file.read_bytes(), password=None)
            self.key = VerifierKey.parse((folder / PUBLIC).read_text("ascii"), (COSIGNATURE_ED25519,))
        except (OSError, ValueError, Invalid) as problem:
            raise Unavailable("witness-key-missing", folder=str(folder), reason=str(problem)) from problem
        if not isinstance(private, Ed25519PrivateKey):
            raise Unavailable("witness-key-missing", folder=str(folder), reason="another kind")
        if private.public_key().public_bytes_raw() != self.key.public:
            raise Unavailable("witness-key-missing", folder=str(folder), reason="the halves differ")
        self._private = private

    def cosign(self, text: bytes, time: int) -> NoteSignature:
        """Cosign the text of a checkpoint that was found consistent and is stored as such."""
        return cosignatures.cosign(text, self.key, time, self._private.sign)


def make_key(folder: Path, name: str) -> VerifierKey:
    """Make the key of a new witness, durably; return its public half.

    Raises: Invalid("key-malformed") for a name with spaces or "+"; FileExistsError where there is a key.
    """
    private = Ed25519PrivateKey.generate()
    key = VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE_ED25519)
    body = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(folder / PRIVATE, body, 0o600)
    write_new(folder / PUBLIC, f"{key.text()}\n".encode("ascii"), 0o644)
    return key


def write_new(path: Path, body: bytes, mode: int) -> None:
    """Write a new file and make it durable, its name too. Raises: FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
