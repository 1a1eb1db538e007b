"""What the use cases about enforcement documents need from machines, as Protocols; the rest is in
ports.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from evidence.domain.act_documents import ActDocument, DocumentReason
from evidence.service.cases.step_ports import Scope


class ActDocuments(Protocol):
    """Enforcement documents, and why they did not agree with footage; none is ever removed."""

    def add(self, new: ActDocument) -> None:
        """Add a document. Raises: Conflict("document-number-taken") where its case has one of that number."""

    def end(self, case_id: str, document_id: str, by: str, at: datetime) -> bool:
        """Note that a document was entered by mistake; False where it is not there."""

    def of(self, scope: Scope) -> Mapping[str, Sequence[ActDocument]]:
        """Return the documents of the cases that have any, by case, in order of time."""

    def explain(self, new: DocumentReason) -> None:
        """Add a reason."""

    def reasons(self, scope: Scope) -> Mapping[str, Sequence[DocumentReason]]:
        """Return the reasons that were given about documents, by document, oldest first."""


class DocumentRows(Protocol):
    """The part of a unit of work that these are."""

    @property
    def act_documents(self) -> ActDocuments:
        """Enforcement documents."""
