"""Recordings as they are filed: by inspected party, by officer, by time of use (Dazhe 2020 art. 12).

Counted and chosen is only what the caller is told of each recording (answers.recording_out): who lacks the
labels of others' recordings cannot find out by asking for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from evidence.answers.recordings import recording_out
from evidence.domain.access import Caller
from evidence.domain.instants import from_text
from evidence.policy.rules import Label
from evidence.service.catalogue import StoredRecording


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: one party, one officer (by number), the days from since to until, both in."""

    party: str | None = None
    officer: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class _Filed:
    row: dict[str, Any]
    party: str | None
    officers: tuple[str, ...]
    day: date

    def is_asked(self, asked: Asked) -> bool:
        return (
            asked.party in (None, self.party)
            and (asked.officer is None or asked.officer in self.officers)
            and (asked.since is None or asked.since <= self.day)
            and (asked.until is None or self.day <= asked.until)
        )


def filed_out(
    recordings: Iterable[StoredRecording], caller: Caller, asked: Asked, zone: str
) -> dict[str, Any]:
    """The recordings that are asked for, and how many of them each party, officer and day has; value null: of
    those of which nobody has said it. zone: the law's own, in which a day begins."""
    found = [_filed(recording_out(one, caller), ZoneInfo(zone)) for one in recordings]
    chosen = [one for one in found if one.is_asked(asked)]
    return {
        "recordings": [one.row for one in chosen],
        "by_party": _counts(one.party for one in chosen),
        "by_officer": _counts(officer for one in chosen for officer in one.officers or (None,)),
        "by_day": _counts(one.day.isoformat() for one in chosen),
    }


def _filed(row: dict[str, Any], zone: ZoneInfo) -> _Filed:
    """Who wore the recorder is its officer unless others are named; without a time of use that was said, the
    day is that of the recording's end, or where nobody knows it of its seal."""
    labels = row.get("labels", {})
    named, wearer = labels.get(Label.OFFICER), row.get("wearer")
    officers = tuple(named.split()) if named else () if wearer is None else (wearer,)
    start = _start(labels.get(Label.TIME, ""), zone)
    start = start or from_text(row["ended"] or row["sealed"]).astimezone(zone)
    return _Filed(row, labels.get(Label.INSPECTED_PARTY), officers, start.date())


def _start(time: str, zone: ZoneInfo) -> datetime | None:
    """Return when a time of use begins; None where there is none, or somebody wrote what no clock shows."""
    try:
        return from_text(time.partition("/")[0]).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _counts(values: Iterable[str | None]) -> list[dict[str, Any]]:
    ordered = sorted(Counter(values).items(), key=lambda one: (one[0] is None, one[0] or ""))
    return [{"value": value, "count": count} for value, count in ordered]
