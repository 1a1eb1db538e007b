"""What the use cases about check-points need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from evidence.domain.hearing import Detector, Speech, Transcript
from evidence.domain.markers import Marker


class Markers(Protocol):
    """Check-points and proposals; none is ever removed."""

    def add(self, new: Marker) -> None:
        """Add one."""

    def get(self, marker_id: str) -> Marker | None:
        """Return one."""

    def of(self, recording_ids: Collection[str]) -> Mapping[str, Sequence[Marker]]:
        """Return all of these recordings, in the order of time; none for one that has none."""

    def confirm(self, marker_id: str, by: str, at: datetime) -> bool:
        """Note that a person confirmed a proposal; False where somebody has decided already."""

    def end(self, marker_id: str, by: str, at: datetime, reason: str, *, is_pinned: bool) -> bool:
        """Note an end: of one that is pinned, or of a proposal; False where it is not in that state."""


class MarkerRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def markers(self) -> Markers:
        """Check-points and proposals."""


class Listener(Protocol):
    """Listens to seconds of a media file, in the sandbox."""

    @property
    def voice(self) -> Detector:
        """What tells speech from other sound."""

    @property
    def engine(self) -> Detector | None:
        """The speech-to-text engine; None where the operator has set up none."""

    def first_speech(self, path: Path, from_ms: int, within: timedelta) -> Speech:
        """Return the first speech after a place. Never raises for bad media."""

    def understand(self, path: Path, from_ms: int, within: timedelta) -> Transcript:
        """Return what the engine understood. Never raises for bad media, or for what the engine does."""
