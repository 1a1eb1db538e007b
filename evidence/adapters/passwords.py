"""Passwords as argon2id (RFC 9106), written in PHC form; the same work where there is none."""

from __future__ import annotations

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from evidence.domain.sign_in import SignInRules

_AT_ONCE = threading.BoundedSemaphore(2)  # a flood of tries must not take all memory and processors


class ArgonPasswords:
    """See service.sign_in_ports.Passwords."""

    def __init__(self, rules: SignInRules) -> None:
        self._hasher = PasswordHasher(
            time_cost=rules.passes, memory_cost=rules.memory_kib, parallelism=rules.lanes
        )
        self._nobody: str | None = None

    def write(self, password: str) -> str:
        """Return a password as argon2id in PHC form."""
        with _AT_ONCE:
            return self._hasher.hash(_bytes(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is the stored one; the same work where none is stored."""
        if self._nobody is None:
            self._nobody = self.write(secrets.token_urlsafe(32))
        with _AT_ONCE:
            try:
                self._hasher.verify(stored or self._nobody, _bytes(password))
            except (VerifyMismatchError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether it was written with other parameters than these."""
        return self._hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    """Return what is hashed: the same for every way to type the same letters (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
