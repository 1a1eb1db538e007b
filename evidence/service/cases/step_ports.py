"""What the use cases about steps and enforcement documents need from machines, as Protocols; the rest is in
ports.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.domain.steps import Footage, Step
from evidence.service.people.people_ports import StoredCase


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases are asked for: those of units with these paths and below, and those of which such a
    unit owes a step; of them all, or one. since ≤ end < until: only those of which a step ends then.
    """

    paths: frozenset[str]
    case_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Steps(Protocol):
    """Steps of cases, and what shows them; none is ever removed. Each question is one of SQL, not one for
    each case.
    """

    def add(self, new: Step) -> None:
        """Add a step."""

    def end(self, case_id: str, step_id: str, by: str, at: datetime) -> bool:
        """Note that there was no such step; False where it is not there."""

    def get(self, step_id: str) -> Step | None:
        """Return a step, also one that was taken back."""

    def cases(self, scope: Scope) -> Sequence[StoredCase]:
        """Return the cases, oldest first."""

    def of(self, scope: Scope) -> Mapping[str, Sequence[Step]]:
        """Return the steps of the cases that have any, by case, in order of time."""

    def footage(self, scope: Scope) -> Mapping[str, Sequence[Footage]]:
        """Return the recordings of the cases, by case: those that are linked to it, and those that are
        labelled with its number. Without case_id only of cases with a step or a document.
        """

    def worn(self, people: Collection[str], since: datetime, until: datetime) -> Sequence[Footage]:
        """Return what these people wore a recorder for that ended since then and until then, of any case or
        none, in order of its end.
        """


class LegalUnits(Protocol):
    """Which units are the legal ones (法制机构)."""

    def name(self, unit_id: str, by: str, at: datetime) -> bool:
        """Note that a unit is one; False where it is."""

    def end(self, unit_id: str, by: str, at: datetime) -> bool:
        """Note that it is none any more; False where it is none."""

    def serving(self, path: str) -> str | None:
        """Return the legal unit of a unit with a path: the nearest that lies beside it or above; None: nobody
        has named one.
        """


class StepRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def steps(self) -> Steps:
        """Steps of cases."""

    @property
    def legal_units(self) -> LegalUnits:
        """Legal units."""
