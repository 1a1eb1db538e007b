"""Explanations of what is missing, interrupted or late; what closes them (Dazhe 2020 art. 6, 9, 12, 16).

Whoever was there says why; a head, who is neither author nor wearer, accepts it, sends it back, or says
that it was a fault. The last opens a fault file: until somebody else has decided it, nobody was found at
fault; after that the line stands as the wearer was found, by the same file. The state is read from this
history, and stands nowhere else. An exemption statement that covers the time closes an interruption too,
once a head has received and agreed; it never undoes what a person decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from evidence.domain.fault_files import Judged, Verdict
from evidence.domain.findings import Code
from evidence.domain.spans import Span
from evidence.domain.subjects import Place, Subject

_stated = attrgetter("person_id", "ground", "basis", "span", "device_state")
_IN_FILE = frozenset({Code.GAP_IN_FILE.value, Code.AUDIO_GAP.value})  # recording went on in the same file


class GapState(StrEnum):
    """How far something is that must be explained; in the order in which a supervisor reads."""

    OPEN = "open"
    SENT_BACK = "sent-back"
    EXPLAINED = "explained"  # and nobody has decided yet
    FAULT_OPEN = "fault-open"  # a fault file was opened, and nobody has decided it yet
    FAULT = "fault"  # the file found that it was one
    NO_FAULT = "no-fault"  # and this, that it was none
    ACCEPTED = "accepted"
    EXEMPT = "exempt"


TO_DO = frozenset({GapState.OPEN, GapState.SENT_BACK})
"""The states in which an explanation is owed."""


class Outcome(StrEnum):
    """What a head decides about an explanation. FAULT: a fault file is opened, which another one decides."""

    ACCEPTED = "accepted"
    SENT_BACK = "sent-back"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of which an explanation was given, as it was found then. part: of the gap report. wearer: a
    number, None where no recording or list says it.
    """

    subject: Subject
    part: str
    code: str
    device: str
    file: str
    recording_id: str | None
    wearer: str | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where the cause was spoken: a recording, from and to in milliseconds of it. marker_id: the check-point
    that this is, where it is one.
    """

    recording_id: str
    from_ms: int
    to_ms: int
    marker_id: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What somebody said about a gap, and what became of it. gap: its name. text: the report, or the reason.
    finding_id: as it was found then, None for files that are late or missing. outcome None: not decided.
    reviewed_by: whoever reviewed it; of a fault, who opened its file. verdicts: what that file found about
    each person whom it names, and who judged.
    """

    id: str
    gap: str
    finding_id: str | None
    cause: str | None
    text: str | None
    spoken: Spoken | None
    author: str
    at: datetime
    outcome: Outcome | None = None
    reason: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    verdicts: tuple[Judged, ...] = ()

    def verdicts_for(self, number: str) -> Sequence[Judged]:
        """Return the verdicts as somebody is told of them: whom the file names, their own."""
        return [one for one in self.verdicts if one.number == number] or self.verdicts


class ExemptionState(StrEnum):
    """How far a statement is that nothing was recorded."""

    PENDING = "pending"  # no head has received it
    RECEIPTED = "receipted"  # a head agreed
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # whoever made it took it back before


@dataclass(frozen=True, slots=True)
class Exemption:
    """A statement that, and on which ground, somebody did not record for a time. basis: in law.
    agrees None: no head has received it yet. withdrawn_at: whoever made it took it back, and none will.
    """

    id: str
    person_id: str
    ground: str
    basis: str
    span: Span
    device_state: str
    author: str
    at: datetime
    agrees: bool | None = None
    view: str | None = None
    received_by: str | None = None
    received_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal: str | None = None

    @property
    def state(self) -> ExemptionState:
        """How far it is."""
        if self.withdrawn_at is not None:
            return ExemptionState.WITHDRAWN
        if self.agrees is None:
            return ExemptionState.PENDING
        return ExemptionState.RECEIPTED if self.agrees else ExemptionState.REFUSED

    def repeats(self, other: Exemption) -> bool:
        """Tell whether it says word for word what another one says that is not over."""
        over = (ExemptionState.REFUSED, ExemptionState.WITHDRAWN)
        return other.state not in over and _stated(self) == _stated(other)

    def covers(self, person_id: str | None, span: Span | None) -> bool:
        """Tell whether it closes what somebody's recorder lacks for a time."""
        if not self.agrees or span is None or person_id != self.person_id:
            return False
        return self.span.start <= span.start and span.end <= self.span.end

    def overlaps(self, person_id: str, span: Span) -> bool:
        """Tell whether it is about any of what somebody did in a time, and a head has agreed."""
        if not self.agrees or person_id != self.person_id:
            return False
        return self.span.start < span.end and span.start < self.span.end


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a recording: whose it is, its end (corrected), its length."""

    id: str
    device: str
    wearer: str
    name: str
    ended_at: datetime | None
    length_ms: int | None


def state_of(history: Sequence[Explanation], is_exempt: bool, wearer: str | None = None) -> GapState:
    """Return the state of a gap. history: of its explanations, oldest first. wearer: whose line it is, by
    number."""
    outcome = history[-1].outcome if history else None
    if outcome is Outcome.ACCEPTED:
        return GapState.ACCEPTED
    if outcome is Outcome.FAULT:
        return _found(history[-1].verdicts, wearer)
    if is_exempt:
        return GapState.EXEMPT
    if not history:
        return GapState.OPEN
    return GapState.EXPLAINED if outcome is None else GapState.SENT_BACK


def _found(verdicts: Sequence[Judged], wearer: str | None) -> GapState:
    """Return how a fault file stands for a wearer; for one whom it does not name, as a whole."""
    told = [one.verdict for one in verdicts if one.number == wearer] or [one.verdict for one in verdicts]
    if not told or None in told:
        return GapState.FAULT_OPEN
    return GapState.FAULT if Verdict.FAULT in told else GapState.NO_FAULT


def spoken_fault(
    spoken: Spoken, heard: Heard, code: str, place: Place, before: Heard, after: str | None
) -> str | None:
    """Tell in a word why a spoken explanation is none of this interruption; None where it is.

    heard: the recording it stands in; before: the one that was interrupted; after: the name of the one with
    which recording began anew, where that is known. The cause is spoken when recording begins anew (art. 9).
    """
    if not 0 <= spoken.from_ms < spoken.to_ms:
        return "spoken-place"
    if heard.length_ms is not None and spoken.to_ms > heard.length_ms:
        return "spoken-place"
    if heard.device != before.device and heard.wearer != before.wearer:
        return "spoken-elsewhere"
    if heard.id == before.id:
        is_after = code in _IN_FILE and place.end_ms is not None and spoken.from_ms >= place.end_ms
    elif heard.device == before.device and heard.name == after:
        is_after = True
    else:
        ends = heard.ended_at, before.ended_at
        is_after = None not in ends and ends[0] > ends[1]  # type: ignore[operator]
    return None if is_after else "spoken-not-after"
