"""Case files: what is in one, when it is to be archived, whether that day has passed. Values, pure rules.

The act ends on a day; the last day of the period still counts (自……之日起30日内: the day after the end is the
first). The index lists documents and media; its digest is over ids and digests and names nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from evidence.domain.recordings import Recording
from evidence.ledger.canonical import canonical


class FilingState(StrEnum):
    """How a case file stands to its time."""

    NOT_ENDED = "not-ended"  # the act goes on, or nobody said that it ended
    RUNNING = "running"
    OVERDUE = "overdue"  # red
    ARCHIVED = "archived"
    ARCHIVED_LATE = "archived-late"


@dataclass(frozen=True, slots=True)
class ActEnd:
    """The day on which the act of a case ended, as somebody noted it. A later note takes its place."""

    id: str
    case_id: str
    ended_on: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A written document of a case file. title is None after a rebuild: it may name somebody."""

    id: str
    case_id: str
    title: str | None
    pages: int
    dated: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """How much about a case is open. steps: red, due, or shown in part. explanations: owed, or not decided.
    labels: recordings that lack one they must carry. documents: what does not agree and has no reason.
    fault_files: that rest on its footage, undecided; None where an archive noted none yet.
    """

    steps: int = 0
    explanations: int = 0
    labels: int = 0
    documents: int = 0
    fault_files: int | None = 0

    @property
    def is_any(self) -> bool:
        """Whether anything is open."""
        return any((self.steps, self.explanations, self.labels, self.documents, self.fault_files))


@dataclass(frozen=True, slots=True)
class Archived:
    """The hand-over of a case file to the archive: its number there, who gave, who took, on which day.

    open: what was open about it then, None before that was noted; reason: why it went all the same, None
    where nothing was said, and after a rebuild.
    """

    id: str
    case_id: str
    number: str
    handed_by: str
    received_by: str
    by: str
    at: datetime
    on: date
    documents: int
    recordings: int
    index_sha256: str
    open: OpenMatters | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FilingClock:
    """due: the last day. days_over: how many days it has passed, or had when the file was archived."""

    state: FilingState
    due: date | None = None
    days_over: int = 0


def filing_clock(
    ended_on: date | None, archived_on: date | None, today: date, within_days: int | None
) -> FilingClock:
    """Judge a case file. within_days None: no rule gives a time."""
    if ended_on is None or within_days is None:
        return FilingClock(FilingState.NOT_ENDED if ended_on is None else FilingState.RUNNING)
    due = ended_on + timedelta(days=within_days)
    over = max(0, ((archived_on or today) - due).days)
    if archived_on is None:
        return FilingClock(FilingState.OVERDUE if over else FilingState.RUNNING, due, over)
    return FilingClock(FilingState.ARCHIVED_LATE if over else FilingState.ARCHIVED, due, over)


def index_digest(
    case_id: str, number: str, documents: Sequence[CaseDocument], recordings: Sequence[Recording]
) -> str:
    """Return the SHA-256 of an index: the case, its archive number, and each line in order.

    A line is a document (id, pages, day) or a recording (id, SHA-256, bytes), as canonical JSON.
    """
    lines: list[dict[str, object]] = [
        {"dated": one.dated.isoformat(), "document": one.id, "pages": one.pages} for one in documents
    ]
    lines += [
        {"bytes": one.origin.size_bytes, "recording": one.id, "sha256": one.digests.sha256}
        for one in recordings
    ]
    return hashlib.sha256(canonical({"archive": number, "case": case_id, "lines": lines})).hexdigest()
