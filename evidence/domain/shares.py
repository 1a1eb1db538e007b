"""Shares: what was approved to go out is opened to one person by a link, for a while. Values only.

A link is opened once, with a code that came on another way; what it opens is bound to whoever opened it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_FAILURES = 5  # wrong codes; then it is worthless


class ShareState(StrEnum):
    """How far a share is."""

    WAITING = "waiting"  # nobody has opened it
    OPEN = "open"
    OVER = "over"  # its time
    REVOKED = "revoked"
    LOCKED = "locked"  # after wrong codes


@dataclass(frozen=True, slots=True)
class Share:
    """One link. code: as argon2id. session_sha256: of what whoever opened it comes with."""

    id: str
    export_id: str
    token_sha256: str
    code: str
    may_download: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    failures: int = 0
    opened_at: datetime | None = None
    session_sha256: str | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> ShareState:
        """How far it is at a moment."""
        if self.revoked_at is not None:
            return ShareState.REVOKED
        if self.failures >= MOST_FAILURES:
            return ShareState.LOCKED
        if now >= self.expires_at:
            return ShareState.OVER
        return ShareState.WAITING if self.opened_at is None else ShareState.OPEN
