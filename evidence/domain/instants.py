"""Instants as text: RFC 3339, UTC, six digits, "Z"; fixed width, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo


def to_text(instant: datetime) -> str:
    """Write an aware time as `2026-11-21T05:00:00.667178Z`. Raises: ValueError for a naive time."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def from_text(text: str) -> datetime:
    """Read an instant in any RFC 3339 form. Raises: ValueError for other text or one without a zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return instant.astimezone(UTC)


def day_in(zone: tzinfo, instant: datetime) -> date:
    """Return the day of an instant in a zone; at the ends of the calendar the last day that there is."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return date.max if instant.year > 1 else date.min


def later(instant: datetime, length: timedelta) -> datetime:
    """Return an instant so much later; at the end of the calendar the last of which every zone has a day."""
    try:
        return instant + length
    except OverflowError:
        return datetime(9999, 12, 30, tzinfo=UTC)
