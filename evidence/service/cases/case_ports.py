"""What the use cases about case files need from machines, as Protocols; the rest is in ports.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.case_files import ActEnd, Archived, CaseDocument
from evidence.service.cases.document_ports import DocumentRows
from evidence.service.cases.step_ports import StepRows


class CaseFiles(Protocol):
    """When acts ended, written documents, and what was archived; nothing is ever removed."""

    def end(self, new: ActEnd) -> None:
        """Note when an act ended, in the place of what stood."""

    def ends(self, case_id: str | None = None) -> Mapping[str, ActEnd]:
        """Return when the acts of one case or of all ended, by case, as it stands."""

    def add_document(self, new: CaseDocument) -> None:
        """Add a document."""

    def take_out(self, case_id: str, document_id: str, at: datetime) -> bool:
        """Take a document out of a case file; False when it is not there."""

    def documents(self, case_id: str) -> Sequence[CaseDocument]:
        """Return the documents of a case file, by their day."""

    def archive(self, new: Archived) -> None:
        """Note the hand-over. Raises: Conflict("archive-number-taken")."""

    def archived(self, case_id: str | None = None) -> Mapping[str, Archived]:
        """Return what was archived of one case or of all, by case."""


class CaseFileRows(StepRows, DocumentRows, Protocol):
    """The part of a unit of work that these are, with the steps and enforcement documents of cases."""

    @property
    def case_files(self) -> CaseFiles:
        """Case files."""
