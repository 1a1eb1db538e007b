"""Holds: a recording is kept beyond every date until somebody lifts the hold (Dazhe 2020 art. 13).

A hold has a ground from the policy pack. Lifting it takes two: one asks, another decides. While any hold
stands, nothing is disposed of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. settled: the vault has been told of it as it stands now, placed or lifted."""

    id: str
    recording_id: str
    ground: str
    reason: str
    placed_by: str
    placed_at: datetime
    asked_by: str | None = None  # who asked to lift it
    asked_at: datetime | None = None
    ask_reason: str | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    settled: bool = False

    @property
    def stands(self) -> bool:
        """Whether it keeps the recording."""
        return self.released_at is None
