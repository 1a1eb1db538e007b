"""What the use cases about gaps need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.explanations import Exemption, Explanation, Gap, Outcome
from evidence.service.cases.marker_ports import MarkerRows
from evidence.service.gaps.fault_ports import FaultFiles


class Explanations(Protocol):
    """What was explained, and the explanations; none is ever removed."""

    def add(self, gap: Gap, new: Explanation) -> None:
        """Add an explanation; and what it is about, where that is new."""

    def keep(self, gap: Gap) -> None:
        """Add what must be explained, where it is new."""

    def gap(self, name: str) -> Gap | None:
        """Return what was explained under a name."""

    def of_kinds(self, kinds: Collection[str]) -> Sequence[Gap]:
        """Return what was explained of these kinds."""

    def get(self, explanation_id: str) -> Explanation | None:
        """Return one explanation."""

    def of(self, names: Collection[str]) -> Mapping[str, Sequence[Explanation]]:
        """Return the explanations of these gaps, oldest first; none for a gap that has none."""

    def review(self, explanation_id: str, by: str, at: datetime, outcome: Outcome, reason: str) -> bool:
        """Note a decision; False where there is one already."""

    def waiting_of(self, wearer: str) -> Sequence[str]:
        """Return the ids of explanations about what somebody wore that nobody has decided about."""


class Exemptions(Protocol):
    """Exemption statements; none is ever removed."""

    def add(self, new: Exemption) -> None:
        """Add a statement."""

    def get(self, exemption_id: str) -> Exemption | None:
        """Return one."""

    def all(self) -> Sequence[Exemption]:
        """Return all, newest first."""

    def about(self, person_id: str) -> Sequence[Exemption]:
        """Return all about somebody, newest first."""

    def waiting(self) -> Sequence[Exemption]:
        """Return those that no head has received and nobody took back, oldest first."""

    def receive(self, exemption_id: str, by: str, at: datetime, *, agrees: bool, view: str) -> bool:
        """Note a head's receipt; False where it does not wait for one."""

    def withdraw(self, exemption_id: str, at: datetime, reason: str) -> bool:
        """Note that its author took it back; False where it does not wait for a receipt."""


class GapRows(MarkerRows, Protocol):
    """The part of a unit of work that these are; with the check-points that tell where a cause was spoken."""

    @property
    def explanations(self) -> Explanations:
        """Explanations."""

    @property
    def fault_files(self) -> FaultFiles:
        """Fault files."""

    @property
    def exemptions(self) -> Exemptions:
        """Exemption statements."""
