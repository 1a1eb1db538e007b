"""Codes by the clock as a second factor (RFC 6238), and how their secrets are kept.

A secret must be readable to check a code, so it stands in the database sealed with AES-256-GCM for its
person, under a key in the folder of keys: a stolen database alone makes no codes.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from evidence.errors import Unavailable

FILE = "factors.key"
STEP_S = 30
_DIGITS, _SECRET_BYTES, _KEY_BYTES, _NONCE_BYTES = 6, 20, 32, 12


class FolderTimeCodes:
    """See service.sign_in_ports.TimeCodes. folder: of the site's keys; the key is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def prepare(self) -> None:
        """Make sure that secrets can be sealed. Raises: Unavailable("factor-key-missing")."""
        self._key(make=True)

    def new_secret(self) -> bytes:
        """Return a fresh secret of 160 bits (RFC 4226, R6)."""
        return secrets.token_bytes(_SECRET_BYTES)

    def address(self, secret: bytes, login: str, issuer: str) -> str:
        """Return the otpauth:// address that an authenticator reads."""
        return _totp(secret).get_provisioning_uri(login, issuer)

    def picture(self, address: str) -> str:
        """Return an address as a QR code, an SVG element."""
        code = segno.make(address, error="m", micro=False)
        return str(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=False))

    def seal(self, secret: bytes, person_id: str) -> bytes:
        """Return a secret as it may be stored, for one person."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key(make=True)).encrypt(nonce, secret, person_id.encode())

    def step(self, sealed: bytes | None, person_id: str, code: str, at: datetime) -> int | None:
        """Return the time step that a code is right for, one step around now; None for none."""
        try:
            secret = self._open(sealed, person_id) if sealed else b"\0" * _SECRET_BYTES
        except (InvalidTag, Unavailable):
            secret, sealed = b"\0" * _SECRET_BYTES, None
        now = int(at.timestamp()) // STEP_S
        given = "".join(code.split()).encode("utf-8", "surrogatepass")
        totp = _totp(secret)
        fitting = [
            step
            for step in (now - 1, now, now + 1)
            if hmac.compare_digest(totp.generate(step * STEP_S), given)
        ]
        return max(fitting) if fitting and sealed else None

    def _open(self, sealed: bytes, person_id: str) -> bytes:
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return AESGCM(self._key(make=False)).decrypt(nonce, body, person_id.encode())

    def _key(self, make: bool) -> bytes:
        """Return the key. Raises: Unavailable("factor-key-missing") where it must be there and is not."""
        try:
            if make and not self._file.exists():
                with suppress(FileExistsError):
                    make_key(self._file)
            key = self._file.read_bytes()
        except OSError:  # not there, or a folder that may only be read
            raise Unavailable("factor-key-missing", file=str(self._file)) from None
        if len(key) != _KEY_BYTES:
            raise Unavailable("factor-key-missing", file=str(self._file))
        return key


def make_key(file: Path) -> None:
    """Write a fresh key, whole and durable or not at all. Raises: FileExistsError."""
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(secrets.token_bytes(_KEY_BYTES))
            written.flush()
            os.fsync(written.fileno())
        os.link(new, file)  # fails where another process was first
    finally:
        new.unlink()
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), STEP_S)  # noqa: S303 (HMAC-SHA-1: what authenticators know)
