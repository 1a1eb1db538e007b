"""Derivatives: objects made from an original, each with its parent, its operation and its parameters.

An original is never touched (Dazhe 2020 art. 15): what is cut, hidden or marked is always a new object, and
who asked for it, what was done and what came out stand in the log. A proxy is what a browser plays where it
cannot play the original; all others are made because somebody asked. Nothing here decodes or encodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from evidence.domain.digests import Digests

SERVICE = "service"


class Operation(StrEnum):
    """What is done to a copy."""

    PROXY = "proxy"  # H.264 and AAC in MP4, for the player
    CLIP = "clip"  # some seconds
    STILL = "still"  # one picture
    REDACTION = "redaction"  # with parts of picture and sound hidden
    WATERMARK = "watermark"  # with the recipient's name and the time burned in


_AVC = frozenset({"avc1", "avc3", "h264", "V_MPEG4/ISO/AVC"})
_HEVC = frozenset({"hvc1", "hev1", "hevc", "V_MPEGH/ISO/HEVC"})


def picture_units(codec: str) -> str | None:
    """Return the kinds of units that are pictures, or needed to decode them: what a clip that is not encoded
    anew may keep. What recorders write between them (places, serial numbers: SEI, filler, units of their own)
    is none. None: of this codec nobody knows how to take it out.
    """
    if codec in _AVC:
        return "1-5|7-11|13"
    return "0-9|16-21|32-37" if codec in _HEVC else None


class State(StrEnum):
    """How far a derivative is."""

    ASKED = "asked"
    MADE = "made"
    FAILED = "failed"  # nothing was kept
    GONE = "gone"  # destroyed with its parent


@dataclass(frozen=True, slots=True)
class Output:
    """What came out and where it lies in the vault. made_with: the tool with its version, and its call."""

    key: str
    size_bytes: int
    digests: Digests
    length_ms: int | None
    made_with: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Derivative:
    """One derivative of one recording. parameters: of the operation, without a word about anybody. words: its
    title and reasons, which may be about somebody. percent: how far the making is; None where it is not being
    made.
    """

    id: str
    recording_id: str
    operation: Operation
    parameters: Mapping[str, object]
    asked_by: str
    asked_at: datetime
    words: Mapping[str, object] = field(default_factory=dict)
    output: Output | None = None
    made_at: datetime | None = None
    problem: str | None = None
    failed_at: datetime | None = None
    gone_at: datetime | None = None
    percent: int | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        if self.gone_at is not None:
            return State.GONE
        if self.failed_at is not None:
            return State.FAILED
        return State.ASKED if self.made_at is None else State.MADE

    @property
    def media_type(self) -> str:
        """What a browser may be told that it is."""
        return "image/png" if self.operation is Operation.STILL else "video/mp4"
