"""What the use cases about fault files need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from evidence.domain.fault_files import FaultFile, Link, Named, View


class FaultFiles(Protocol):
    """Fault files; nothing of one is ever removed."""

    def add(self, new: FaultFile) -> None:
        """Add a file with all that it has."""

    def extend(
        self,
        file_id: str,
        people: Collection[Named],
        links: Collection[Link],
        entries: Collection[tuple[str, int]],
    ) -> None:
        """Add people, links and entries to a file."""

    def get(self, file_id: str) -> FaultFile | None:
        """Return one."""

    def all(self, *, is_open: bool = False) -> Sequence[FaultFile]:
        """Return all, newest first; is_open: those that wait for a decision about somebody."""

    def open_of(self, person_id: str) -> Sequence[str]:
        """Return the ids of files that wait for a decision about somebody."""

    def add_view(self, file_id: str, new: View) -> None:
        """Add what somebody says."""

    def decide(self, file_id: str, decided: Named) -> bool:
        """Note a decision about somebody; False where there is one already."""
