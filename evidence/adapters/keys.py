"""The signing key of a site: an Ed25519 key in a file only the service may read, made at `init`.

Old verifier keys stay in `keys/verifiers` so that what they signed verifies for ever. Not here: a change of
this key (there is no command for it yet), and the keys of the logs (evidence/signer).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from evidence.domain.signed import Signature, assemble, verify_document
from evidence.errors import IntegrityFault, Unavailable
from evidence.ledger.keys import VerifierKey

_PRIVATE = "signing.pem"
_VERIFIERS = "verifiers"


@lru_cache(maxsize=64)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature (RFC 8032). Raises: IntegrityFault."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError) as problem:
        raise IntegrityFault("signature-wrong") from problem


def verify_ml_dsa_44(public: bytes, signature: bytes, message: bytes) -> None:
    """Check an ML-DSA-44 signature (FIPS 204), as witnesses of others make. Raises: IntegrityFault."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as problem:
        raise IntegrityFault("signature-wrong") from problem


class FileSigner:
    """Signs with the key in a folder; reads documents that any of its verifier keys signed."""

    def __init__(self, folder: Path) -> None:
        """Read the key. Raises: Unavailable("key-file-missing", "key-file-open-to-others", …)."""
        private = folder / _PRIVATE
        for file in (private, folder / _VERIFIERS):
            if not file.is_file():
                raise Unavailable("key-file-missing", file=str(file))
        if private.stat().st_mode & 0o077:
            raise Unavailable("key-file-open-to-others", file=str(private))
        key = load_pem_private_key(private.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise Unavailable("key-of-other-kind", file=str(private))
        lines = (folder / _VERIFIERS).read_text(encoding="ascii").splitlines()
        self._key, self._verifiers = key, [VerifierKey.parse(line) for line in lines]
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        if not self._verifiers or self._verifiers[-1].public != public:
            raise Unavailable("key-without-verifier", file=str(private))

    def sign(self, body: bytes) -> bytes:
        """Return the whole signed document over a canonical body."""
        return assemble(body, [Signature(self._verifiers[-1].label, self._key.sign(body))])

    def verifier_key(self) -> str:
        """Return the public verifier key as text."""
        return self._verifiers[-1].text()

    def read(self, document: bytes, type_: str) -> Mapping[str, object]:
        """Return the body of a document that we signed. Raises: IntegrityFault."""
        return verify_document(document, self._verifiers, type_, verify_ed25519)


def make_key(folder: Path, name: str) -> str:
    """Make the signing key of a new site in an existing folder; return the verifier key.

    name: the site's name without spaces or "+". Raises: FileExistsError when there is a key.
    """
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    verifier = VerifierKey(name, public).text()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(folder / _VERIFIERS, (verifier + "\n").encode("ascii"), 0o644)
    _write_new(folder / _PRIVATE, pem, 0o600)
    return verifier


def _write_new(path: Path, body: bytes, mode: int) -> None:
    """Write a new file and make it durable: a key lost at a power cut would orphan what it signed."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
