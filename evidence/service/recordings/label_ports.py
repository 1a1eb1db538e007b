"""What the use cases about labels need from machines, as Protocols; the rest is in ports.py.

What was said of a recording is read with the recording (StoredRecording.given).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.labels import Given
from evidence.service.recordings.search_ports import SearchRows


class Labels(Protocol):
    """What was said of labels since docking; none is ever removed."""

    def add(self, new: Sequence[tuple[str, Given]]) -> None:
        """Add what was said, each with the id of its recording. Its serial is the next of its history."""

    def end(self, given_ids: Sequence[str], by: str, at: datetime) -> None:
        """Note that something is no longer so."""

    def is_case(self, number: str) -> bool:
        """Return whether a case of that number is registered, however it is written, open or closed."""


class LabelRows(SearchRows, Protocol):
    """The part of a unit of work that these are."""

    @property
    def labels(self) -> Labels:
        """What was said of labels since docking."""
