"""Records of activities, as another system writes them: who was out from when to when, and which labels that
gives to what they recorded meanwhile. Pure; the table: domain/sheets.py, an import:
service/cases/activities.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from evidence.domain.sheets import Fault, Holds, Reason, Value
from evidence.domain.spans import Span
from evidence.policy.rules import Label

LABELS: Mapping[str, Label] = {
    "case_number": Label.CASE_NUMBER,
    "inspected_party": Label.INSPECTED_PARTY,
    "officer": Label.OFFICER,
    "place": Label.PLACE,
    "category": Label.CATEGORY,
    "stage": Label.STAGE,
    "matter": Label.MATTER,
}
ACTIVITIES: Mapping[str, Holds] = dict.fromkeys(("activity", "wearer", "from", "to", *LABELS), Holds.TEXT)


_TIME = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d\d\S*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Activity:
    """One row. name: the activity's, else its case number, else empty. span: both ends belong to it."""

    row: int
    name: str
    wearer: str
    span: Span
    labels: Mapping[str, str]

    def shows(self, span: Span | None, ended_at: datetime) -> bool:
        """Tell whether a recording of the wearer was made meanwhile: any of it by its span, else its end."""
        if span is not None:
            return span.start < self.span.end and self.span.start < span.end
        return self.span.start <= ended_at <= self.span.end


def read_activity(row: int, said: Mapping[str, Value], zone: ZoneInfo) -> Activity | Fault:
    """Return what a row says, or its first fault. zone: of times that name none."""
    for column in ("wearer", "from", "to"):
        if column not in said:
            return Fault(row, column, Reason.MISSING)
    span = read_times(row, said, zone)
    if isinstance(span, Fault):
        return span
    labels = {label.value: str(said[column]) for column, label in LABELS.items() if column in said}
    if not labels:
        return Fault(row, "case_number", Reason.MISSING)
    name = str(said.get("activity", said.get("case_number", "")))
    return Activity(row, name, str(said["wearer"]), span, labels)


def read_times(row: int, said: Mapping[str, Value], zone: ZoneInfo) -> Span | Fault:
    """Return from when to when a row says that something was done, or the fault. Both cells must be there."""
    times = {column: _time(str(said[column]), zone) for column in ("from", "to")}
    for column, time in times.items():
        if time is None:
            return Fault(row, column, Reason.NO_TIME, str(said[column])[:100])
    start, end = times["from"], times["to"]
    if start is None or end is None or end <= start:
        return Fault(row, "to", Reason.ENDS_BEFORE_START, str(said["to"])[:100])
    return Span(start, end)


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    """Read 2026-03-02 09:00, 2026/3/2 9:00:30, or a time with its own zone; None for anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, rest = found.groups()
    try:
        time = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{rest}")
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
