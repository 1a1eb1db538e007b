"""What trends need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from evidence.domain.access import Reach
from evidence.domain.spans import Span
from evidence.service.catalogue import NotedRecording


class Plain(NamedTuple):
    """Recordings of a unit; None: nobody knows it. is_plain: stored in time for certain, and nothing in the
    gap report."""

    unit_id: str | None
    is_plain: bool


class Punctuality(Protocol):
    """How many recordings were stored in time. within_: how long all rules allow. unit_ids: where they were
    placed; None: anywhere. Spans are of the moments from which their clocks count."""

    def counts(
        self,
        reach: Reach,
        at: datetime,
        unit_ids: Collection[str] | None,
        spans: Sequence[Span],
        within_: timedelta,
        most: int,
    ) -> Sequence[Mapping[Plain, int]]:
        """Return how many recordings within reach at a moment there are of each span, of each sort: of the
        first spans that hold so many together."""

    def others(
        self, reach: Reach, at: datetime, unit_ids: Collection[str] | None, span: Span, within_: timedelta
    ) -> Sequence[NotedRecording]:
        """Return those of them that are not plain."""


class TrendRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def punctuality(self) -> Punctuality:
        """How many recordings were stored in time."""
