"""What searching needs from machines, as Protocols, and what is asked and found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from evidence.domain.access import Reach
from evidence.domain.findings import Code
from evidence.domain.instants import from_text
from evidence.domain.standing import Classification
from evidence.service.gaps.trend_ports import TrendRows


class State(StrEnum):
    """What a recording is, as far as a search asks."""

    UNLABELLED = "unlabelled"  # no case number that is not to follow by a later day, or no inspected party
    HELD = "held"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Sought:
    """What recordings are searched by. case, party: how the label begins that stands. since ≤ end of
    recording (its seal where nobody knows the end) < until. unit_ids: any of them; None: any at all."""

    unit_ids: frozenset[str] | None = None
    device: str | None = None
    wearer: str | None = None
    case: str | None = None
    party: str | None = None
    code: Code | None = None
    classification: Classification | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    oldest_first: bool = False


class Hit(NamedTuple):
    """A recording that a search found, with what is counted of it, as the engine tells it: a thousand are
    counted for each page, and fifty of them read."""

    recording_id: str
    moment: str  # by which the list is in order
    unit_id: str | None
    device: str
    wearer: str
    kind: str
    is_unlabelled: bool
    is_held: bool
    is_gone: bool
    finds: str  # " late gap-in-file "

    @property
    def at(self) -> datetime:
        """By which the list is in order."""
        return from_text(self.moment)

    @property
    def classification(self) -> Classification:
        """Its class."""
        return Classification(self.kind)

    @property
    def states(self) -> frozenset[State]:
        """What it is, of what a search asks."""
        told = zip(State, (self.is_unlabelled, self.is_held, self.is_gone), strict=True)
        return frozenset(state for state, is_so in told if is_so)

    @property
    def codes(self) -> tuple[str, ...]:
        """Of its findings."""
        return tuple(self.finds.split())

    @property
    def key(self) -> str:
        """Its place in the list."""
        return f"{self.at.isoformat()}~{self.recording_id}"


@dataclass(frozen=True, slots=True)
class Place:
    """After which the list goes on."""

    at: datetime
    recording_id: str


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """What somebody wants to ask again. asked: the query of the page's address."""

    id: str
    person_id: str
    name: str
    asked: str
    saved_at: datetime


class Searches(Protocol):
    """Recordings by what is known of them; what people have saved to ask again."""

    def hits(
        self, sought: Sought, reach: Reach, at: datetime, today: date, after: Place | None, most: int
    ) -> Sequence[Hit]:
        """Return the first recordings after a place within reach at a moment, newest first unless the oldest
        are asked for. today: the day on which case numbers that were to follow are missing.

        Raises: ValueError for a reach of an act that is kept from the involved: none of these is a search.
        """

    def saved(self, person_id: str) -> Sequence[SavedSearch]:
        """Return what somebody has saved, by name."""

    def save(self, new: SavedSearch) -> None:
        """Add one."""

    def forget(self, person_id: str, search_ids: Collection[str]) -> int:
        """Remove some of one's own; return how many there were."""


class SearchRows(TrendRows, Protocol):
    """The part of a unit of work that these are."""

    @property
    def searches(self) -> Searches:
        """Recordings by what is known of them."""
