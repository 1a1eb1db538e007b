"""What passkeys need from machines, as Protocols, and the row that is kept of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """A passkey of somebody. credential: its id, as the authenticator chose it.

    doubted_at: it counted backwards, so that somebody has a copy of it; it opens nothing any more.
    """

    id: str
    person_id: str
    credential: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None = None
    doubted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator said of a passkey that it has just made."""

    credential: bytes
    public_key: bytes
    sign_count: int


class Passkeys(Protocol):
    """Passkeys of people."""

    def add(self, new: StoredPasskey) -> None:
        """Add a passkey. Raises: Conflict("passkey-known")."""

    def of(self, person_id: str) -> Sequence[StoredPasskey]:
        """Return somebody's passkeys, oldest first."""

    def by_credential(self, credential: bytes) -> StoredPasskey | None:
        """Return the passkey of a credential."""

    def rename(self, passkey_id: str, name: str) -> None:
        """Give a passkey another name."""

    def remove(self, passkey_id: str) -> None:
        """Forget a passkey."""

    def use(self, passkey_id: str, before: int, count: int, at: datetime) -> bool:
        """Note a use; False when the count is not `before` any more: somebody else was faster."""

    def doubt(self, passkey_id: str, at: datetime) -> None:
        """Note that a passkey was copied."""


class PasskeyChecks(Protocol):
    """Asks authenticators and checks their answers (WebAuthn Level 2), for one origin."""

    def ask_new(self, challenge: bytes, person_id: str, login: str, known: Sequence[bytes]) -> str:
        """Return the options of a browser to make a passkey, as JSON."""

    def read_new(self, answer: str, challenge: bytes) -> NewPasskey:
        """Check what a browser answered. Raises: Refused("passkey-refused")."""

    def ask(self, challenge: bytes, allowed: Sequence[bytes], verifies_user: bool) -> str:
        """Return the options of a browser to use a passkey, as JSON. None allowed: any that it has."""

    def credential_of(self, answer: str) -> bytes:
        """Return which credential an answer is of, unchecked. Raises: Refused("passkey-refused")."""

    def read(self, answer: str, challenge: bytes, key: StoredPasskey, verifies_user: bool) -> int:
        """Check what a browser answered and return the count. Raises: Refused("passkey-refused")."""


class IdentityRows(Protocol):
    """Identities at providers of single sign-on; a subject stands there as its SHA-256."""

    def link(self, identity_id: str, person_id: str, issuer: str, subject_sha256: str, at: datetime) -> None:
        """Link an identity to a person."""

    def person(self, issuer: str, subject_sha256: str) -> str | None:
        """Return whose identity it is."""

    def issuers(self, person_id: str) -> Sequence[str]:
        """Return the issuers of somebody's identities, oldest first."""

    def unlink(self, person_id: str) -> None:
        """Take all of somebody's identities away."""
