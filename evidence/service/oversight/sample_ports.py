"""What the use cases about samples need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.samples import Drawn, Sample, SampleItem, SampleOutcome


class Samples(Protocol):
    """Samples and what was drawn; none is ever removed."""

    def add(self, new: Sample, seed: bytes) -> None:
        """Add a sample, with the seed that nobody is to see yet."""

    def get(self, sample_id: str) -> Sample | None:
        """Return one."""

    def all(self) -> Sequence[Sample]:
        """Return all, newest first."""

    def seed(self, sample_id: str) -> bytes | None:
        """Return the seed of a sample that is not drawn; None where a rebuild lost it."""

    def draw(self, sample_id: str, drawn: Drawn, recordings: Sequence[str]) -> None:
        """Note a draw."""

    def population(self, path: str, since: datetime, until: datetime) -> Mapping[str, str | None]:
        """Return the recordings below a unit that were sealed in [since, until), and who wore each."""

    def items(self, sample_id: str) -> Sequence[SampleItem]:
        """Return what was drawn, in order."""

    def reviewed(self) -> Mapping[str, int]:
        """Return how many recordings of each sample are reviewed."""

    def review(
        self, sample_id: str, recording_id: str, by: str, at: datetime, outcome: SampleOutcome, note: str
    ) -> bool:
        """Note a review; False where there is one already."""


class SampleRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def samples(self) -> Samples:
        """Samples for review."""
