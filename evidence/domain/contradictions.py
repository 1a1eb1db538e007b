"""What speaks against a statement that nothing was recorded (Dazhe 2020 art. 6): footage of that very time.

By the corrected clock: what a recording shows of the time; where its span is not certain, or only a card's
list names the file, that it ended within. A picture is of one moment. What nobody can place in time speaks
against nothing. What it means a person decides: somebody may have begun late, or stopped too early.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.domain.spans import Span


@dataclass(frozen=True, slots=True)
class Against:
    """Footage of a time that a statement says was not recorded. recording_id: None of a file that a card's
    list names and nobody has stored; device, file: None for whoever may not know of it. span: what of the
    time it shows, None where only its end is known.
    """

    recording_id: str | None
    device: str | None
    file: str | None
    span: Span | None
    ended_at: datetime


def part_within(stated: Span, span: Span | None, ended_at: datetime | None) -> tuple[bool, Span | None]:
    """Tell whether something was recorded within a time; and from when to when, where that is known."""
    if span is None:
        return ended_at is not None and stated.start < ended_at <= stated.end, None
    if span.start == span.end:
        return stated.start <= span.start < stated.end, span
    start, end = max(span.start, stated.start), min(span.end, stated.end)
    return start < end, Span(start, end) if start < end else None
