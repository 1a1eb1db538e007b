"""Check-points on a recording's time line (Dazhe 2020 art. 7, 8, 9): pinned by people, proposed by detectors.

A detector proposes and never decides: a proposal becomes a check-point when a person confirms it, and is
dismissed with a reason else. What a person pinned is withdrawn with a reason, never deleted. The state is
read from who did what when, and stands nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.domain.spans import Span
from evidence.policy.check_points import MarkerKind


class MarkerState(StrEnum):
    """How far a check-point is."""

    PROPOSED = "proposed"  # by a detector; nobody has decided
    PINNED = "pinned"  # by a person, or confirmed by one
    DISMISSED = "dismissed"  # a proposal that is none
    WITHDRAWN = "withdrawn"  # pinned, and taken back


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a detector said. detector: name and version; with the parameters its work can be done again.
    confidence: percent, None where it gives none. words: what it understood, None where it understands none.
    """

    detector: str
    parameters: Mapping[str, object]
    at: datetime
    confidence: int | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """One check-point: from and to in milliseconds of a recording. policy: pack and version in force at
    capture, in which the standard phrase stands.
    """

    id: str
    recording_id: str
    kind: MarkerKind
    from_ms: int
    to_ms: int
    policy: str
    proposal: Proposal | None = None
    pinned_by: str | None = None
    pinned_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None  # of its end

    @property
    def state(self) -> MarkerState:
        """How far it is."""
        if self.pinned_at is None:
            return MarkerState.PROPOSED if self.ended_at is None else MarkerState.DISMISSED
        return MarkerState.PINNED if self.ended_at is None else MarkerState.WITHDRAWN

    def is_after(self, at_ms: int, before_ms: int | None) -> bool:
        """Tell whether it begins at or after a place, and before another one."""
        return at_ms <= self.from_ms and (before_ms is None or self.from_ms < before_ms)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a recording for its activity. span: None where no clock says when it was."""

    recording_id: str
    device: str
    wearer: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Restart:
    """A place at which recording began anew: milliseconds of a recording, and the interruption before it."""

    recording_id: str
    at_ms: int
    finding_id: str


class Need(StrEnum):
    """How a check-point that must be there stands."""

    MISSING = "missing"
    PROPOSED = "proposed"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Activity:
    """Recordings that belong to one activity, in the order of time."""

    shown: tuple[Shown, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(one.recording_id for one in self.shown)


def is_inside(from_ms: int, to_ms: int, length_ms: int) -> bool:
    """Tell whether seconds are some of a recording's."""
    return 0 <= from_ms < to_ms <= length_ms


def need_of(kind: MarkerKind, markers: Iterable[Marker]) -> Need:
    """Tell how a kind of check-point stands among those of an activity."""
    states = {one.state for one in markers if one.kind is kind}
    if MarkerState.PINNED in states:
        return Need.PINNED
    return Need.PROPOSED if MarkerState.PROPOSED in states else Need.MISSING


def activities(shown: Sequence[Shown], same_activity: timedelta) -> Sequence[Activity]:
    """Put recordings of one recorder and wearer together that are less than `same_activity` apart. One whose
    time nobody knows stands alone.
    """
    found = [Activity((one,)) for one in shown if one.span is None]
    rows: dict[tuple[str, str], list[tuple[Span, Shown]]] = {}
    for one in shown:
        if one.span is not None:
            rows.setdefault((one.device, one.wearer), []).append((one.span, one))
    for row in rows.values():
        row.sort(key=lambda pair: (pair[0].start, pair[0].end, pair[1].recording_id))
        together: list[Shown] = []
        until = row[0][0].end
        for span, one in row:
            if together and span.start - until >= same_activity:
                found.append(Activity(tuple(together)))
                together = []
            until = max(until, span.end) if together else span.end
            together.append(one)
        found.append(Activity(tuple(together)))
    return found
