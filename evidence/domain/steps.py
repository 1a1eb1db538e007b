"""Steps of a case that must be recorded, and what shows them: footage, an exemption, or nothing. Pure rules.

A step is an activity of one of the kinds of the law, or a matter of the annex (policy packs). A recording of
the case shows a matter when it is labelled so, an activity when it was made meanwhile. Times are those of the
corrected clock; where nobody knows when a labelled recording was made, its label is believed. What must be
recorded as a whole is shown only by recordings that follow upon each other from its beginning to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.domain.spans import Span


class StepState(StrEnum):
    """How a step stands; in the order in which a supervisor reads."""

    RED = "red"  # nothing shows it, and the time to store its recording is over
    DUE = "due"  # that time runs
    PARTLY = "partly"  # less of it is shown than the pack asks for
    EXEMPT = "exempt"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class Matter:
    """A line of the annex, in the instrument's own words."""

    category: str
    stage: str
    matter: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done in a case, or is planned. what: a kind of activity, or a line of the annex.
    owner_id: of the unit that owes its recording. officers: ids of people. place is None after a rebuild.
    """

    id: str
    case_id: str
    what: str | Matter
    span: Span
    place: str | None
    owner_id: str
    officers: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Footage:
    """A recording of a case. officers: numbers that its label names. span: when it was made, by the corrected
    clock, None where that is not certain; ended_at: its end alone. shift_s: by how much its clock was wrong.
    """

    recording_id: str
    wearer_id: str | None
    officers: tuple[str, ...]
    category: str | None
    stage: str | None
    matter: str | None
    span: Span | None
    ended_at: datetime | None
    shift_s: float = 0.0

    def is_during(self, other: Span) -> bool | None:
        """Tell whether it was made meanwhile: any of it, else its end; None where nobody knows when."""
        if self.span is not None:
            return self.span.start < other.end and other.start < self.span.end
        return None if self.ended_at is None else other.start <= self.ended_at <= other.end

    def is_of(self, matter: Matter) -> bool:
        """Tell whether it is labelled as of a matter; the kind of enforcement may be left out."""
        return (
            self.stage == matter.stage
            and self.matter == matter.matter
            and self.category in (None, matter.category)
        )


@dataclass(frozen=True, slots=True)
class Margins:
    """How far apart recordings of a whole may be: at its ends, and between each other."""

    ends: timedelta
    between: timedelta


def shown_by(step: Step, footage: Iterable[Footage]) -> Sequence[Footage]:
    """Return what shows a step, or a part of it."""
    if isinstance(step.what, Matter):
        matter = step.what
        return [one for one in footage if one.is_of(matter) and one.is_during(step.span) is not False]
    return [one for one in footage if one.is_during(step.span)]


def is_whole(span: Span, footage: Iterable[Footage], margins: Margins) -> bool:
    """Tell whether recordings that were made meanwhile show all of a time."""
    reached: datetime | None = None
    for one in sorted(one.span for one in footage if one.span is not None):
        if one.start > (span.start + margins.ends if reached is None else reached + margins.between):
            return False
        reached = one.end if reached is None else max(reached, one.end)
    return reached is not None and reached >= span.end - margins.ends


def covered_by(span: Span, footage: Iterable[Footage]) -> timedelta | None:
    """Return how much of a time recordings show, each moment once; None where one of them is of an unknown
    time, or a picture that has no length.
    """
    shown, reached = timedelta(), span.start
    for one in sorted(one.span or Span(span.start, span.start) for one in footage):
        if one.start == one.end:
            return None
        start, reached = max(one.start, reached), max(reached, min(one.end, span.end))
        shown += max(reached - start, timedelta())
    return shown


def is_enough(span: Span, covered: timedelta | None, least_percent: int) -> bool:
    """Tell whether a step is shown for the share that is asked for; what nobody can measure is."""
    return covered is None or covered * 100 >= span.length * least_percent


def state_of(
    is_shown: bool, is_exempt: bool, due: datetime, now: datetime, *, enough: bool = True
) -> StepState:
    """Return how a step stands. due: until when its recording is to be stored. enough: as much of it is shown
    as the pack asks for.
    """
    if is_shown and enough:
        return StepState.COVERED
    if is_exempt:
        return StepState.EXEMPT
    if is_shown:
        return StepState.PARTLY
    return StepState.DUE if now <= due else StepState.RED
