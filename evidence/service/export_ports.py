"""What the use cases about exports need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from evidence.domain.exports import Export
from evidence.service.step_ports import LegalUnits

if TYPE_CHECKING:
    from evidence.service.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Made:
    """A derivative: what was made from a recording, and where it lies. is_redacted: something is hidden."""

    id: str
    recording_id: str
    name: str
    size_bytes: int
    sha256: str
    sm3: str | None
    key: str
    version: str
    is_redacted: bool


class Derivatives(Protocol):
    """What was made from recordings."""

    def get(self, unit: UnitOfWork, derivative_id: str) -> Made | None:
        """Return one by its id."""


class NoDerivatives:
    """A site on which nothing was ever made from a recording."""

    def get(self, unit: UnitOfWork, derivative_id: str) -> Made | None:
        """Return nothing: there is none."""
        del unit, derivative_id
        return None


class Exports(Protocol):
    """Exports; none is ever removed."""

    def count(self, year: int) -> int:
        """Return how many were asked for in a year (UTC)."""

    def add(self, new: Export) -> None:
        """Add one with its items."""

    def put(self, changed: Export) -> None:
        """Put what became of one and of its items in the place of what stood; volumes are added."""

    def get(self, export_id: str) -> Export | None:
        """Return one."""

    def all(self) -> Sequence[Export]:
        """Return all, newest first."""

    def of(self, recording_id: str) -> Sequence[Export]:
        """Return those that a recording is asked for in, newest first."""


class ExportRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def exports(self) -> Exports:
        """Exports."""

    @property
    def transfer_units(self) -> LegalUnits:
        """Which units provide footage to procuratorates and courts."""
