"""The upload deadline (24 hours from the end of recording): on time, late by how much, or still missing.

Dazhe 2020 art. 12: recordings are stored within 24 hours; the clock starts at the end of recording,
corrected by the offset measured at the dock. Exactly at the deadline is on time, any later moment is
late. A device's clock is a claim, not a fact: an end of recording that is unknown or cannot be true is
never judged "on time". Then only what is certain is said: the file existed at `certain_from` (when it was
announced or stored), so it had ended by then, and it is late for certain once `within` has passed since
that moment.

Where the end of recording comes from is not here (domain/clocks.py), nor the list and the sweep
(service/gaps/deadlines.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from evidence.domain.findings import Code, Finding, Severity
from evidence.policy.rules import UploadDeadline, cite_ids

# Before this no recorder of this kind was in use: a clock that says so was never set.
EARLIEST_PLAUSIBLE = datetime(2002, 1, 1, tzinfo=UTC)
# How far an end may lie after the moment the file was seen: the error of the offset measured at the dock.
CLOCK_ERROR = timedelta(minutes=5)


class DeadlineKind(StrEnum):
    """How a file stands to the deadline."""

    ON_TIME = "on-time"
    LATE = "late"
    PENDING = "pending"  # not stored, more than the warning time left
    DUE_SOON = "due-soon"  # not stored, within the warning time
    OVERDUE = "overdue"  # not stored, the deadline has passed
    END_UNKNOWN = "end-unknown"  # nobody can tell: the end of recording is unknown or cannot be true


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """The judgement on one file. due_at: the deadline (UTC), or where end_certain is False the moment after
    which it has passed for certain. late_by: > 0 for late and overdue, else None; where end_certain is
    False it is "at least". cites: Citation ids of the rule."""

    kind: DeadlineKind
    due_at: datetime
    late_by: timedelta | None
    cites: tuple[str, ...]
    counted_from: datetime  # where the clock starts: the end of recording, or the certain moment
    end_certain: bool
    judged_at: datetime  # when it was stored, or the moment of the question
    within: timedelta


def corrected(ended_at: datetime, clock_offset_s: float) -> datetime:
    """Return the true end of recording: the device's time plus the seconds its clock is behind (may be <
    0)."""
    return ended_at + timedelta(seconds=clock_offset_s)


def is_plausible_end(ended_at: datetime, seen_at: datetime) -> bool:
    """Tell whether a recording seen at seen_at (server time) can have ended at ended_at (corrected)."""
    return EARLIEST_PLAUSIBLE <= ended_at <= seen_at + CLOCK_ERROR


def certain_end(
    ended_at: datetime | None, earliest: datetime | None, stored_at: datetime, rule: UploadDeadline
) -> datetime | None:
    """Return the end by which a stored file may be judged: none where it was in time by one plausible clock
    of the file and late by another (earliest: what the earliest of them tells)."""
    if ended_at is None or earliest is None or ended_at - earliest <= CLOCK_ERROR:
        return ended_at
    in_time = (stored_at <= one + rule.within for one in (earliest, ended_at))
    return ended_at if len(set(in_time)) == 1 else None


def start_of(ended_at: datetime | None, seen_at: datetime) -> tuple[datetime, bool]:
    """Return where the clock of a file starts that the server knows since seen_at: at its end of recording
    where that can be true, which is told beside; else at what is certain."""
    if ended_at is not None and is_plausible_end(ended_at, seen_at):
        return ended_at, True
    return seen_at, False


def time_taken(
    ended_at: datetime | None, stored_at: datetime, seen_at: datetime
) -> tuple[datetime, timedelta | None]:
    """Return where the clock of a stored file starts, and how long it took from there until it was stored;
    None where that start is not its end: then nobody can tell that it was in time."""
    start, is_certain = start_of(ended_at, min(stored_at, seen_at))
    return start, stored_at - start if is_certain else None


def judge_deadline(
    ended_at: datetime | None,
    stored_at: datetime | None,
    now: datetime,
    rule: UploadDeadline,
    *,
    certain_from: datetime | None = None,
) -> DeadlineState:
    """Judge one file. All times are aware; ended_at is corrected by the clock offset, None when unknown;
    stored_at is None while the file is missing; certain_from is when the server first heard of the file (give
    it for missing files: without it the clock of an unknown end starts anew at every question).

    Raises: ValueError for a naive time.
    """
    for moment in (ended_at, stored_at, now, certain_from):
        if moment is not None and moment.tzinfo is None:
            raise ValueError("deadlines need aware times")
    judged_at = stored_at if stored_at is not None else now
    seen_at = min(judged_at, certain_from) if certain_from is not None else judged_at
    start, certain = start_of(ended_at, seen_at)
    due_at = start + rule.within
    kind = _kind(due_at, judged_at, stored_at is not None, certain, rule.warn_before)
    late = kind in (DeadlineKind.LATE, DeadlineKind.OVERDUE)
    return DeadlineState(
        kind=kind,
        due_at=due_at.astimezone(UTC),
        late_by=judged_at - due_at if late else None,
        cites=cite_ids(rule.cites),
        counted_from=start.astimezone(UTC),
        end_certain=certain,
        judged_at=judged_at.astimezone(UTC),
        within=rule.within,
    )


def _kind(
    due_at: datetime, judged_at: datetime, stored: bool, certain: bool, warn_before: timedelta
) -> DeadlineKind:
    if judged_at > due_at:  # Dazhe 2020 art. 12: 24小时内, so the last instant is still within
        return DeadlineKind.LATE if stored else DeadlineKind.OVERDUE
    if not stored and due_at - judged_at <= warn_before:
        return DeadlineKind.DUE_SOON
    if not certain:
        return DeadlineKind.END_UNKNOWN
    return DeadlineKind.ON_TIME if stored else DeadlineKind.PENDING


def offset_findings(
    state: DeadlineState, without: DeadlineState, offset: timedelta, rule: UploadDeadline, file: str
) -> tuple[Finding, ...]:
    """Return the finding that a clock offset calls for: none, or one. state is the judgement with the offset,
    without the same one on the device's own word.

    measured: the offset given at the dock; limit: the largest one that needs no explanation.
    """
    decides = state.kind is not without.kind
    if abs(offset) <= rule.largest_offset and not decides:
        return ()
    return (
        Finding(
            Code.CLOCK_OFFSET,
            Severity.ATTENTION,
            file,
            measured=offset.total_seconds(),
            limit=rule.largest_offset.total_seconds(),
            cites=cite_ids(rule.cites),
            detail={
                "unit": "s",
                "decides": decides,
                "deadline": state.kind.value,
                "deadline_without": without.kind.value,
            },
        ),
    )


_FINDINGS = {
    DeadlineKind.LATE: (Code.LATE, Severity.BREACH),
    DeadlineKind.OVERDUE: (Code.OVERDUE, Severity.BREACH),
    DeadlineKind.DUE_SOON: (Code.DUE_SOON, Severity.ATTENTION),
    DeadlineKind.END_UNKNOWN: (Code.END_UNKNOWN, Severity.ATTENTION),
}


def findings_for(state: DeadlineState, file: str) -> tuple[Finding, ...]:
    """Return the finding of a judgement: none for on time and pending, else exactly one.

    measured: seconds from the start of the clock to the judgement; limit: seconds allowed.
    """
    if state.kind not in _FINDINGS:
        return ()
    code, severity = _FINDINGS[state.kind]
    late_by_s = None if state.late_by is None else state.late_by.total_seconds()
    return (
        Finding(
            code,
            severity,
            file,
            measured=(state.judged_at - state.counted_from).total_seconds(),
            limit=state.within.total_seconds(),
            cites=state.cites,
            detail={
                "unit": "s",
                "counted_from": state.counted_from.isoformat(),
                "due_at": state.due_at.isoformat(),
                "judged_at": state.judged_at.isoformat(),
                "late_by_s": late_by_s,
                "end_certain": state.end_certain,
            },
        ),
    )
