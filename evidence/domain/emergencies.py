"""Emergencies (break-glass): one recording, opened to one person for hours, because a second one says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST = timedelta(hours=4)


class EmergencyState(StrEnum):
    """How far an emergency has come."""

    ASKED = "asked"
    REFUSED = "refused"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Emergency:
    """A wish to have a recording opened, and what became of it. recording_id: as it was asked for; whether
    there is one of that id is not said to the asker.
    """

    id: str
    person_id: str
    recording_id: str
    reason: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    is_granted: bool | None = None
    until: datetime | None = None
    ended_at: datetime | None = None

    def state(self, now: datetime) -> EmergencyState:
        """Return how far it has come at a moment; it ends by itself."""
        if self.is_granted is None:
            return EmergencyState.ASKED
        if not self.is_granted:
            return EmergencyState.REFUSED
        is_over = self.ended_at is not None or self.until is None or self.until <= now
        return EmergencyState.OVER if is_over else EmergencyState.OPEN
