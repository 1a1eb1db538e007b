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
    EXPLANATION = "explanation"  # somebody said why something is missing, interrupted or late
    EXEMPTION = "exemption"  # somebody said why nothing was recorded
    DEVICE_UNCHECKED = "device-unchecked"  # a device went out without a check in time
    DEVICE_FROM_ANOTHER = "device-from-another"  # it came back from other hands than it went into


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. recording_id None: about something that has none. unit_id: of the recording or person, None
    where nobody knows. about_id: the emergency, event, explanation, exemption or issue.
    """

    id: str
    at: datetime
    kind: NoticeKind
    recording_id: str | None
    unit_id: str | None = None
    person_id: str | None = None
    about_id: str | None = None
