"""Half-open spans of time, [start, end), in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span of time [start, end). Both ends are aware; start <= end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs aware times")
        if self.end < self.start:
            raise ValueError("a span cannot end before it starts")

    @property
    def length(self) -> timedelta:
        """The length of the span, >= 0."""
        return self.end - self.start

    def gap_to(self, later: Span) -> timedelta:
        """Return the time from the end of this span to the start of the later one; negative = overlap."""
        return later.start - self.end
