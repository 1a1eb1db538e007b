"""Enforcement documents held against footage: when it began and ended, and whether who signs was there.
Pure rules.

Compared is footage of the case that was made while the document says something was done; of several
recorders those of its signers, if they had any. What footage says of a time is its first start and its last
end, by the corrected clock. A signer was there who wore one of these recorders, whom a label of one names as
officer, or whom a step of the case at that time does. Where both ends agree and less of the time between them
was recorded than the pack asks of an activity, that does not agree either. A reason that was given closes
what did not agree as it was then: when it differs by more than the margin later on, it is open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.domain.spans import Span
from evidence.domain.steps import Footage, covered_by, is_enough


class MismatchKind(StrEnum):
    """What does not agree."""

    TIMES = "times"  # begins or ends at another time than its footage
    NO_FOOTAGE = "no-footage"  # nothing was recorded meanwhile
    PARTLY = "partly"  # both ends agree, and too little between them was recorded
    SIGNER = "signer"  # no trace that who signed was there


@dataclass(frozen=True, slots=True)
class ActDocument:
    """An enforcement document. span: when it says that something was done. signers: ids of people."""

    id: str
    case_id: str
    number: str
    type: str
    span: Span
    signers: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MediaTimes:
    """When the footage of a document began and ended, and which recordings say so. Differences are those
    of the footage from the document: later is positive. covered: how much of the document's time (owed) was
    recorded; None where nobody can measure it.
    """

    first: Footage
    last: Footage
    span: Span
    start_off: timedelta
    end_off: timedelta
    covered: timedelta | None
    owed: timedelta

    def differs(self, tolerance: timedelta) -> bool:
        """Tell whether an end differs by more than a margin."""
        return max(abs(self.start_off), abs(self.end_off)) > tolerance


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What does not agree about a document. person_id: of the signer."""

    kind: MismatchKind
    person_id: str | None = None
    media: MediaTimes | None = None

    @property
    def measured_ms(self) -> tuple[int, int] | None:
        """What is measured, in milliseconds: by how much the ends differ, or how much was recorded of how
        much; None where there is nothing to measure.
        """
        if self.media is None:
            return None
        pair = self.media.start_off, self.media.end_off
        if self.kind is MismatchKind.PARTLY:
            pair = self.media.covered or timedelta(), self.media.owed
        first, second = (round(one / timedelta(milliseconds=1)) for one in pair)
        return first, second


@dataclass(frozen=True, slots=True)
class DocumentReason:
    """Why something did not agree, as somebody said. start_ms, end_ms: what was measured then
    (Mismatch.measured_ms). reason is None after a rebuild.
    """

    id: str
    document_id: str
    kind: MismatchKind
    person_id: str | None
    start_ms: int | None
    end_ms: int | None
    reason: str | None
    by: str
    at: datetime

    def closes(self, one: Mismatch, tolerance: timedelta) -> bool:
        """Tell whether it is about what does not agree now."""
        if (self.kind, self.person_id) != (one.kind, one.person_id):
            return False
        now = one.measured_ms
        if now is None:
            return True
        then = (self.start_ms or 0, self.end_ms or 0)
        return all(
            abs(a - b) <= tolerance / timedelta(milliseconds=1) for a, b in zip(now, then, strict=True)
        )


def media_times(
    document: ActDocument, footage: Iterable[Footage], numbers: Mapping[str, str]
) -> MediaTimes | None:
    """Return when a document's footage began and ended; None where nothing was recorded meanwhile.
    footage: of its case. numbers: of its signers, by id.
    """
    meanwhile = [one for one in footage if one.span is not None and one.is_during(document.span)]
    signers = {*document.signers}, {numbers.get(one) for one in document.signers}
    theirs = [one for one in meanwhile if one.wearer_id in signers[0] or signers[1] & {*one.officers}]
    timed = [(one.span, one) for one in theirs or meanwhile if one.span is not None]
    if not timed:
        return None
    first, last = min(timed, key=lambda one: one[0].start), max(timed, key=lambda one: one[0].end)
    span = Span(first[0].start, last[0].end)
    differences = span.start - document.span.start, span.end - document.span.end
    covered = covered_by(document.span, [one for _, one in timed])
    return MediaTimes(first[1], last[1], span, *differences, covered, document.span.length)


def mismatches(
    document: ActDocument,
    footage: Sequence[Footage],
    present: Iterable[str],
    numbers: Mapping[str, str],
    tolerance: timedelta,
    *,
    is_exempt: bool,
    least_percent: int,
) -> Sequence[Mismatch]:
    """Return what does not agree about a document. present: ids of people whom a step names at that time.
    is_exempt: nothing had to be recorded. least_percent: how much of its time is to be.
    """
    found = []
    media = media_times(document, footage, numbers)
    if media is None and not is_exempt:
        found.append(Mismatch(MismatchKind.NO_FOOTAGE))
    if media is not None and media.differs(tolerance):
        found.append(Mismatch(MismatchKind.TIMES, media=media))
    elif media is not None and not is_exempt and not is_enough(document.span, media.covered, least_percent):
        found.append(Mismatch(MismatchKind.PARTLY, media=media))
    there = {*present}
    for one in footage:
        if one.is_during(document.span):
            there |= {
                one.wearer_id or "",
                *(id_ for id_ in document.signers if numbers.get(id_) in one.officers),
            }
    found += [Mismatch(MismatchKind.SIGNER, one) for one in document.signers if one not in there]
    return found
