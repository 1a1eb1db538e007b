"""The one place that asks the machine for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The server's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present time, aware, UTC."""
        return datetime.now(UTC)


class Throttle:
    """Sleeps so that reading back stays below a rate (bytes per second)."""

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def __call__(self, size: int) -> None:
        """Sleep as long as so many bytes may take."""
        time.sleep(size / self._rate)
