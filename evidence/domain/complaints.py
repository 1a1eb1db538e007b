"""Complaints about people, or about a unit where nobody knows who it was: what one is, how far it is, who
must not handle it. Values and pure rules.

The last day of the period still counts, as with case files; the day after is red. Whom a complaint is about
neither handles it nor learns who complained; who else must not, the policy pack says (policy/conduct.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from evidence.domain.people import is_below
from evidence.domain.spans import Span
from evidence.policy.conduct import Apart


class Channel(StrEnum):
    """How a complaint came."""

    PHONE = "phone"  # 来电
    LETTER = "letter"  # 来信
    VISIT = "visit"  # 来访
    ONLINE = "online"  # 网络
    REFERRED = "referred"  # 上级或者其他机关转办
    OTHER = "other"


class Result(StrEnum):
    """What became of a complaint."""

    FOUNDED = "founded"  # 属实
    PARTLY_FOUNDED = "partly-founded"  # 部分属实
    UNFOUNDED = "unfounded"  # 不属实
    WITHDRAWN = "withdrawn"  # 撤回
    REFERRED = "referred"  # 移送有权处理的机关


class ComplaintState(StrEnum):
    """How a complaint stands to its time."""

    OPEN = "open"
    OVERDUE = "overdue"  # red
    CLOSED = "closed"
    CLOSED_LATE = "closed-late"


_LONGEST = timedelta(hours=24)  # of one recording, where nobody knows when it began
MOST_LENGTH = timedelta(days=31)  # of one recording: what ended later does not show the hour


@dataclass(frozen=True, slots=True)
class Told:
    """What was said by whom. All of it is None after a rebuild: it may name somebody, and must be erasable.

    complainant is None too where nobody gave a name.
    """

    complainant: str | None
    matter: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whom a complaint is about. unit_id: theirs when it came."""

    person_id: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint. number: under which it was taken in. span: the hour that it is about. unit_id: the unit
    that it is about, where the people, or all of them, are not known.
    """

    id: str
    number: str
    received_on: date
    channel: Channel
    told: Told
    subjects: tuple[Subject, ...]
    span: Span
    taken_by: str
    taken_at: datetime
    handler: str | None = None
    result: Result | None = None
    reason: str | None = None
    closed_by: str | None = None
    closed_on: date | None = None
    closed_at: datetime | None = None
    unit_id: str | None = None

    def is_about(self, person_id: str) -> bool:
        """Tell whether it is about somebody."""
        return any(one.person_id == person_id for one in self.subjects)


@dataclass(frozen=True, slots=True)
class ComplaintClock:
    """due: the last day. days_over: how many days it has passed, or had when the complaint was closed."""

    state: ComplaintState
    due: date | None
    days_over: int = 0


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who may handle a complaint, or whom one is about. path: of their unit; heads: the units of
    which they are a head, themselves and below.
    """

    person_id: str
    path: str
    heads: tuple[str, ...] = ()


def clock_of(one: Complaint, today: date, within_days: int | None) -> ComplaintClock:
    """Judge a complaint. within_days None: no rule gives a time."""
    due = None if within_days is None else one.received_on + timedelta(days=within_days)
    over = 0 if due is None else max(0, ((one.closed_on or today) - due).days)
    if one.closed_on is None:
        return ComplaintClock(ComplaintState.OVERDUE if over else ComplaintState.OPEN, due, over)
    return ComplaintClock(ComplaintState.CLOSED_LATE if over else ComplaintState.CLOSED, due, over)


def too_near(handler: Hand, subject: Hand) -> Apart | None:
    """Tell in which way a handler is too near to whom a complaint is about; None where they are apart."""
    if any(is_below(handler.path, top) for top in subject.heads):
        return Apart.BELOW_SUBJECT
    if subject.path in handler.heads:
        return Apart.DIRECT_SUPERIOR
    return None


def may_show(span: Span, began_at: datetime | None, ended_at: datetime | None, sealed_at: datetime) -> bool:
    """Tell whether a recording may be of an hour. None: that is not known, and then it may. Nothing shows
    what was after it was sealed.
    """
    if sealed_at <= span.start or (ended_at is not None and ended_at <= span.start):
        return False
    if ended_at is None:
        return True
    return ended_at < span.end + MOST_LENGTH and (began_at or ended_at - _LONGEST) < span.end
