"""Findings: what examination says about a recording. A finding is a measured fact, never a verdict.

The codes are stable and documented one by one in docs/formats/findings.md, with what each does and does not
prove. Nothing here or anywhere else calls footage "untampered".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding asks of people."""

    INFO = "info"  # a fact, or a habit of the device
    ATTENTION = "attention"  # somebody must explain
    BREACH = "breach"  # a rule is broken


class Code(StrEnum):
    """The stable codes. New ones are added at the end and documented in docs/formats/findings.md."""

    GAP_IN_FILE = "gap-in-file"
    GAP_BETWEEN_FILES = "gap-between-files"
    OVERLAP = "overlap"
    MISSING_SEQUENCE_NUMBER = "missing-sequence-number"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    CORRUPT_DATA = "corrupt-data"
    DATA_AFTER_END = "data-after-end"
    TYPE_DIFFERS = "type-differs"
    AUDIO_GAP = "audio-gap"
    AUDIO_STARTS_LATE = "audio-starts-late"
    AUDIO_VIDEO_LENGTH_DIFFERS = "audio-video-length-differs"
    TIMESTAMPS_GO_BACKWARDS = "timestamps-go-backwards"
    EDIT_LIST = "edit-list"
    EDITED_BY_SOFTWARE = "edited-by-software"
    PARAMETERS_CHANGE = "parameters-change"
    REPEATED_CONTENT = "repeated-content"
    DUPLICATE_FILE = "duplicate-file"
    FOREIGN_DEVICE = "foreign-device"
    ORDER_DIFFERS = "order-differs"
    METADATA_CONTRADICTS = "metadata-contradicts"
    CLOCK_IMPLAUSIBLE = "clock-implausible"
    CLOCK_DISAGREES = "clock-disagrees"
    CLOCK_JUMP = "clock-jump"
    NAME_TIME_DIFFERS = "name-time-differs"
    BLACK_PICTURE = "black-picture"
    FROZEN_PICTURE = "frozen-picture"
    SILENCE = "silence"
    LATE = "late"
    OVERDUE = "overdue"
    # added here
    DUE_SOON = "due-soon"  # announced by a card's list, not sealed, due within two hours
    NAME_REUSED = "name-reused"  # same device and name, other bytes: refused, both kept traceable
    EMPTY_FILE = "empty-file"  # 0 bytes: sealed as the fact that the card held an empty file
    COUNTER_RESET = "counter-reset"  # a device's sequence number starts anew or wraps
    NOT_EXAMINED = "not-examined"  # a parser could not run or was stopped; says so, never "passed"
    FIXITY_FAULT = "fixity-fault"  # original, manifest or row do not agree with what was sealed
    CARD_INCOMPLETE = "card-incomplete"  # the card was pulled out or a file could not be read to its end
    END_UNKNOWN = "end-unknown"  # the end of recording is unknown or cannot be true: nobody can say "on time"
    PAST_FIXITY_FAULT = "past-fixity-fault"  # an earlier pass found a fault that the last one does not
    CLOCK_OFFSET = "clock-offset"  # given at the dock: beyond the pack's limit, or it decides the deadline
    ACTING_ALONE = "acting-alone"  # worn by an auxiliary, and no officer named or recording there
    AUXILIARY_TOOK_EVIDENCE = "auxiliary-took-evidence"  # where a document bars that altogether
    NO_SPEECH_AFTER_RESTART = "no-speech-after-restart"  # a detector heard none where recording began anew


FAULTS = frozenset({Code.FIXITY_FAULT, Code.PAST_FIXITY_FAULT})
"""That something is not what was sealed: a matter of the site, of which nobody owes an explanation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured fact about one file (or about the joint after it).

    start_s, end_s: seconds on the presentation time line of `file` (edit lists applied), None where the fact
    has no place in time. measured, limit: a number in the unit that `detail["unit"]` names (seconds unless
    said otherwise), or a short text. cites: articles or standards, as Citation.id strings of the pack in
    force.
    detail: further facts, JSON values only; never prose (texts stand in evidence/locale).
    """

    code: Code
    severity: Severity
    file: str
    start_s: float | None = None
    end_s: float | None = None
    measured: float | str | None = None
    limit: float | str | None = None
    cites: tuple[str, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the finding as JSON values, in the order of docs/formats/findings.md."""
        return {
            "code": self.code.value,
            "severity": self.severity.value,
            "file": self.file,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "measured": self.measured,
            "limit": self.limit,
            "cites": list(self.cites),
            "detail": dict(self.detail),
        }
