"""Disposals: a recording that nothing keeps any more is destroyed, as one person asks and another decides.

What is asked, decided and begun stands in the log before a byte goes; what has gone is said by a signed
certificate. From `begun_at` on it counts as gone, for nobody can say any more that the bytes are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How far a disposal is."""

    ASKED = "asked"
    REFUSED = "refused"
    APPROVED = "approved"
    BEGUN = "begun"
    KEPT = "kept"  # approved, and something keeps it after all
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Disposal:
    """One disposal of one recording. kept_by: the rule that kept it after all. certificate: the document."""

    id: str
    recording_id: str
    reason: str
    asked_by: str
    asked_at: datetime
    is_approved: bool | None = None
    decision: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    kept_by: str | None = None
    certificate: bytes | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        if self.is_approved is None:
            return State.ASKED
        if not self.is_approved:
            return State.REFUSED
        if self.certificate is not None:
            return State.DESTROYED
        if self.ended_at is not None:
            return State.KEPT
        return State.APPROVED if self.begun_at is None else State.BEGUN
