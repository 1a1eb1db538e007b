"""What the use cases need of the table of accounts, as a Protocol; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.access import Caller


class Accounts(Protocol):
    """Accounts; a token is stored only as its SHA-256."""

    def add(
        self, caller: Caller, token_sha256: str, at: datetime, expires_at: datetime | None = None
    ) -> None:
        """Add an account. Raises: Conflict when the name is taken."""

    def by_token(self, token_sha256: str, at: datetime) -> Caller | None:
        """Return the account of a token that is in force at a moment."""

    def revoke(self, account_id: str, at: datetime) -> bool:
        """Make an account's token worthless from now on; False when there is no such account in force."""

    def is_in_force(self, account_id: str, at: datetime) -> bool:
        """Tell whether an account is in force at a moment."""

    def bind(self, account_id: str, devices: Collection[str] | None) -> None:
        """Let a dock send for these recorders only; None: for any."""

    def knows(self, account_id: str) -> bool:
        """Tell whether there is such an account, revoked or not."""

    def all(self) -> Sequence[Caller]:
        """Return the accounts in force, oldest first."""
