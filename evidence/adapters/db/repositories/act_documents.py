"""Enforcement documents in SQL. Nothing is deleted: what ends gets the time of its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, select, update

from evidence.adapters.db.activity_tables import act_document, document_reason, document_signer
from evidence.adapters.db.repositories.steps import ids_of
from evidence.domain.act_documents import ActDocument, DocumentReason, MismatchKind
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.spans import Span
from evidence.errors import Conflict
from evidence.service.cases.step_ports import Scope


class SqlActDocuments:
    """See service.document_ports.ActDocuments."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: ActDocument) -> None:
        """Add a document. Raises: Conflict("document-number-taken") where its case has one of that number."""
        same = and_(act_document.c.case_id == new.case_id, act_document.c.number == new.number)
        stands = select(act_document.c.id).where(same, act_document.c.ended_at.is_(None))
        if self._db.execute(stands).first() is not None:
            raise Conflict("document-number-taken", number=new.number)
        row = {"id": new.id, "case_id": new.case_id, "number": new.number, "type": new.type}
        row |= {"since": to_text(new.span.start), "until": to_text(new.span.end)}
        self._db.execute(insert(act_document).values(**row, by=new.by, at=to_text(new.at)))
        for serial, one in enumerate(new.signers, 1):
            signed = {"id": new_id(), "document_id": new.id, "person_id": one, "serial": serial}
            self._db.execute(insert(document_signer).values(**signed))

    def end(self, case_id: str, document_id: str, by: str, at: datetime) -> bool:
        """Note that a document was entered by mistake; False where it is not there."""
        mine = and_(act_document.c.id == document_id, act_document.c.case_id == case_id)
        over = {"ended_by": by, "ended_at": to_text(at)}
        ended = update(act_document).where(mine, act_document.c.ended_at.is_(None)).values(**over)
        return self._db.execute(ended).rowcount == 1

    def of(self, scope: Scope) -> Mapping[str, Sequence[ActDocument]]:
        """Return the documents of the cases that have any, by case, in order of time."""
        signed = select(document_signer.c.document_id, document_signer.c.person_id)
        signed = signed.where(document_signer.c.document_id.in_(_documents(scope)))
        signers: dict[str, list[str]] = {}
        for document_id, person_id in self._db.execute(signed.order_by(document_signer.c.serial)):
            signers.setdefault(document_id, []).append(person_id)
        found: dict[str, list[ActDocument]] = {}
        mine = select(act_document).where(act_document.c.id.in_(_documents(scope)))
        for row in self._db.execute(mine.order_by(act_document.c.since, act_document.c.id)):
            found.setdefault(row.case_id, []).append(_document(row, signers.get(row.id, ())))
        return found

    def explain(self, new: DocumentReason) -> None:
        """Add a reason."""
        self._db.execute(insert(document_reason).values(**{**asdict(new), "at": to_text(new.at)}))

    def reasons(self, scope: Scope) -> Mapping[str, Sequence[DocumentReason]]:
        """Return the reasons that were given about documents, by document, oldest first."""
        found: dict[str, list[DocumentReason]] = {}
        mine = select(document_reason).where(document_reason.c.document_id.in_(_documents(scope)))
        for row in self._db.execute(mine.order_by(document_reason.c.at, document_reason.c.id)).mappings():
            said = {**row, "kind": MismatchKind(row["kind"]), "at": from_text(row["at"])}
            found.setdefault(row["document_id"], []).append(DocumentReason(**said))
        return found


def _documents(scope: Scope) -> Select[Any]:
    """Return the question for the ids of the documents that stand."""
    mine = act_document.c.case_id.in_(ids_of(scope))
    return select(act_document.c.id).where(act_document.c.ended_at.is_(None), mine)


def _document(row: Any, signers: Sequence[str]) -> ActDocument:
    return ActDocument(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        type=row.type,
        span=Span(from_text(row.since), from_text(row.until)),
        signers=tuple(signers),
        by=row.by,
        at=from_text(row.at),
    )
