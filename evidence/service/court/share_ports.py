"""What the use cases about shares need from machines, as Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from evidence.domain.shares import Share


class Shares(Protocol):
    """Links to what was approved to go out; none is ever removed."""

    def add(self, new: Share) -> None:
        """Add one."""

    def put(self, changed: Share) -> None:
        """Put a share's row in the place of the one before."""

    def get(self, share_id: str) -> Share | None:
        """Return one."""

    def by_token(self, token_sha256: str) -> Share | None:
        """Return the one of a link."""

    def by_session(self, session_sha256: str) -> Share | None:
        """Return the one that somebody has opened."""

    def of(self, export_id: str) -> Sequence[Share]:
        """Return those of an export, oldest first."""
