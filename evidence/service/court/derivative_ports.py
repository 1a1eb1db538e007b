"""What the use cases about derivatives need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from evidence.domain.derivatives import Derivative, Output
from evidence.domain.media import MediaFacts
from evidence.domain.orders import Box


@dataclass(frozen=True, slots=True)
class Question:
    """What a detector is asked: where, in this part of a recording, is what stands in these boxes at their
    moments; without a box, what it was set up to look for."""

    from_ms: int
    to_ms: int
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a detector proposes: of each region its boxes, and until when it is there. fault: why it said
    nothing that can be read, "" where it did."""

    regions: tuple[tuple[tuple[Box, ...], int], ...] = ()
    fault: str = ""


class Tracker(Protocol):
    """A detector that the operator has set up."""

    @property
    def name(self) -> str:
        """Name and version."""

    def track(self, film: Path, asked: Question) -> Proposals:
        """Return what it proposes. Never raises for bad media, or for what the detector does."""


class Derivatives(Protocol):
    """Derivatives; none is ever removed from the table."""

    def add(self, new: Derivative) -> None:
        """Add one that was asked for."""

    def get(self, derivative_id: str) -> Derivative | None:
        """Return one."""

    def of(self, recording_id: str) -> Sequence[Derivative]:
        """Return all of a recording, oldest first."""

    def with_proxy(self, recording_ids: Collection[str]) -> frozenset[str]:
        """Return those of these recordings of which a proxy lies ready to be played."""

    def waiting(self) -> Sequence[str]:
        """Return those that are asked for and have not ended, oldest first."""

    def lying(self) -> Iterator[Derivative]:
        """Yield those of which the vault holds something, or is about to."""

    def note_output(self, derivative_id: str, output: Output) -> bool:
        """Note what is about to be sealed; False where it has ended meanwhile."""

    def note_made(self, derivative_id: str, at: datetime) -> bool:
        """Note that it lies in the vault; False where it has ended meanwhile, or that was noted."""

    def note_failed(self, derivative_id: str, problem: str, at: datetime) -> bool:
        """Note that nothing came of it; False where it has ended already."""

    def note_gone(self, derivative_id: str, at: datetime) -> bool:
        """Note that it was destroyed; False where that was noted."""

    def note_percent(self, derivative_id: str, percent: int) -> None:
        """Note how far its job is: in no piece of rows, and of no weight."""


class DerivativeRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def derivatives(self) -> Derivatives:
        """Derivatives."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a maker has finished, or why there is none. fault: "" where there is one."""

    made_with: Mapping[str, object]
    fault: str = ""


class Maker(Protocol):
    """Makes derivatives, in the sandbox."""

    def room(self) -> AbstractContextManager[Path]:
        """Return an empty file to write to, gone with the context."""

    def make(
        self, original: Path, facts: MediaFacts, wanted: Derivative, into: Path, tell: Callable[[int], object]
    ) -> Made:
        """Write a derivative of the original into a file. tell: is told the percent that are done. What is
        burned in says when it was asked for, in the zone of `wanted.asked_at`. Never raises for bad media.
        Raises: Unavailable where the machine cannot.
        """
