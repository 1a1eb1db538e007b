"""Notices: what the head of a unit and the security administrator must hear of. Ids only, no names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What happened."""

    EMERGENCY_OPENED = "emergency-opened"  # somebody sees what they otherwise may not
    STATE_SECRET = "state-secret"  # noqa: S105 - somebody said that a recording shows one
    SERIOUS_EVENT = "serious-event"  # a recording is kept from those who took part


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. unit_id: of the recording, None where nobody knows. about_id: the emergency or event."""

    id: str
    at: datetime
    kind: NoticeKind
    recording_id: str
    unit_id: str | None = None
    person_id: str | None = None
    about_id: str | None = None
