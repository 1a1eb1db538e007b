"""What signing in needs from machines, as Protocols, and the rows it keeps; the rest is in ports.py.

Secrets stand in no row: tokens as their SHA-256, passwords as argon2id, a TOTP secret sealed under a key that
is not in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """How somebody signs in. password: argon2id in PHC form, None until the first link was used."""

    person_id: str
    login: str
    created_at: datetime
    password: str | None = None
    password_at: datetime | None = None
    totp_secret: bytes | None = None
    totp_step: int = 0
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session; id is what the log and its owner see of it."""

    id: str
    token_sha256: str
    person_id: str
    factors: tuple[str, ...]
    csrf_sha256: str
    network: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None


@dataclass(frozen=True, slots=True)
class StoredChallenge:
    """What was asked of somebody, once."""

    token_sha256: str
    kind: str
    person_id: str | None
    body: str
    made_by: str
    made_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFailure:
    """Failed tries for one login from one network. locked_until None while locked: until it is released."""

    login_sha256: str
    network: str
    count: int
    first_at: datetime
    locked_at: datetime | None = None
    locked_until: datetime | None = None


class SignIns(Protocol):
    """Who can sign in, and how."""

    def add(self, new: StoredSignIn) -> None:
        """Add an account. Raises: Conflict("login-taken")."""

    def get(self, person_id: str) -> StoredSignIn | None:
        """Return a person's account."""

    def by_login(self, login: str) -> StoredSignIn | None:
        """Return the account with a login."""

    def all(self) -> Sequence[StoredSignIn]:
        """Return all accounts, by login."""

    def set_password(self, person_id: str, password: str, at: datetime) -> None:
        """Set a password."""

    def set_totp(self, person_id: str, secret: bytes | None) -> None:
        """Set or take away the secret of the second factor."""

    def use_step(self, person_id: str, step: int) -> bool:
        """Note a time step as used; False when it, or a later one, was used before."""

    def disable(self, person_id: str, at: datetime | None) -> None:
        """Disable an account, or enable it (None)."""


class SessionRows(Protocol):
    """Sessions."""

    def add(self, new: StoredSession) -> None:
        """Add a session."""

    def by_token(self, token_sha256: str) -> StoredSession | None:
        """Return the session of a token, ended or not."""

    def open_of(self, person_id: str) -> Sequence[StoredSession]:
        """Return somebody's sessions that nobody ended, oldest first."""

    def see(self, session_id: str, at: datetime) -> None:
        """Note that a session is used."""

    def end(self, session_id: str, why: str, at: datetime) -> bool:
        """End a session; False when it has ended before."""

    def has_other_rights(self, person_id: str, since: datetime, at: datetime) -> bool:
        """Tell whether a role was given to somebody, taken or has run out in (since, at]."""


class Challenges(Protocol):
    """What is asked once: links, second factors."""

    def add(self, new: StoredChallenge) -> None:
        """Add a challenge."""

    def get(self, token_sha256: str, kind: str, at: datetime) -> StoredChallenge | None:
        """Return a challenge of a kind that can still be met."""

    def use(self, token_sha256: str, at: datetime) -> bool:
        """Use a challenge up; False when that was done before, by whomever."""

    def withdraw(self, person_id: str, kind: str, at: datetime) -> None:
        """Make somebody's open challenges of a kind worthless."""

    def forget(self, at: datetime) -> None:
        """Drop what has ended: strangers may begin to sign in as often as they like."""


class Failures(Protocol):
    """Failed tries."""

    def get(self, login_sha256: str, network: str) -> StoredFailure | None:
        """Return what failed for a login from a network."""

    def put(self, one: StoredFailure) -> None:
        """Put a count in the place of the one before."""

    def clear(self, login_sha256: str, network: str | None = None) -> int:
        """Forget what failed for a login, from one network or all; return how many were locked."""

    def locked(self, at: datetime) -> Sequence[StoredFailure]:
        """Return what is locked."""

    def forget(self, before: datetime, at: datetime) -> None:
        """Drop what began before and is not locked any more."""


class Passwords(Protocol):
    """Turns passwords into what may be stored."""

    def write(self, password: str) -> str:
        """Return a password as argon2id in PHC form."""

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is the stored one; the same work where none is stored."""

    def is_outdated(self, stored: str) -> bool:
        """Tell whether it was written with weaker parameters than these."""


class TimeCodes(Protocol):
    """One-time codes by the clock (RFC 6238)."""

    def prepare(self) -> None:
        """Make sure that secrets can be sealed. Raises: Unavailable("factor-key-missing")."""

    def new_secret(self) -> bytes:
        """Return a fresh secret."""

    def address(self, secret: bytes, login: str, issuer: str) -> str:
        """Return the otpauth:// address that an authenticator reads."""

    def picture(self, address: str) -> str:
        """Return an address as a QR code, an SVG element."""

    def seal(self, secret: bytes, person_id: str) -> bytes:
        """Return a secret as it may be stored, for one person."""

    def step(self, sealed: bytes | None, person_id: str, code: str, at: datetime) -> int | None:
        """Return the time step that a code is right for, one step around now; None for none."""
