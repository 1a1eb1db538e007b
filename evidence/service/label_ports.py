"""What the use cases about labels need from machines, as Protocols; the rest is in ports.py.

What was said of a recording is read with the recording (StoredRecording.given).
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from evidence.domain.labels import Given


class Labels(Protocol):
    """What was said of labels since docking; none is ever removed."""

    def add(self, recording_id: str, new: Given) -> None:
        """Add what was said at the end of a recording's history; its id and serial are given there."""

    def end(self, given_id: str, by: str, at: datetime) -> None:
        """Note that something is no longer so."""
