"""What forms of the supervisor's desk send, read: times in the law's own zone, numbers of people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from evidence.bootstrap import Application
from evidence.errors import Invalid

_BETWEEN = re.compile(r"[\s,，、;；]+")


def instant_of(app: Application, text: str, field: str) -> datetime:
    """Return a time that was typed without a zone, as it is where the rules apply. Raises: Invalid."""
    try:
        typed = datetime.fromisoformat(text)
        return typed.replace(tzinfo=ZoneInfo(app.site.policies.latest.time_zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("invalid-time", field=field) from None


def day_of(text: str, field: str) -> date:
    """Return a day. Raises: Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("invalid-time", field=field) from None


def numbers_of(text: str) -> tuple[str, ...]:
    """Return numbers that were typed with something between them."""
    return tuple(one for one in _BETWEEN.split(text) if one)
