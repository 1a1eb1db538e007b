"""Case files in SQL. Nothing is deleted: what ends gets the time of its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Connection, and_, insert, select, true, update

from evidence.adapters.db.case_tables import case_archive, case_document, case_end
from evidence.domain.case_files import ActEnd, Archived, CaseDocument, OpenMatters
from evidence.domain.instants import from_text, to_text
from evidence.errors import Conflict


class SqlCaseFiles:
    """See service.case_ports.CaseFiles."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def end(self, new: ActEnd) -> None:
        """Note when an act ended, in the place of what stood."""
        stands = and_(case_end.c.case_id == new.case_id, case_end.c.replaced_at.is_(None))
        self._db.execute(update(case_end).where(stands).values(replaced_at=to_text(new.at)))
        row = {**asdict(new), "ended_on": new.ended_on.isoformat(), "at": to_text(new.at)}
        self._db.execute(insert(case_end).values(**row))

    def ends(self, case_id: str | None = None) -> Mapping[str, ActEnd]:
        """Return when the acts of one case or of all ended, by case, as it stands."""
        whose = true() if case_id is None else case_end.c.case_id == case_id
        query = select(case_end).where(case_end.c.replaced_at.is_(None), whose)
        return {
            row.case_id: ActEnd(
                row.id, row.case_id, date.fromisoformat(row.ended_on), row.by, from_text(row.at)
            )
            for row in self._db.execute(query)
        }

    def add_document(self, new: CaseDocument) -> None:
        """Add a document."""
        row = {**asdict(new), "dated": new.dated.isoformat(), "at": to_text(new.at)}
        self._db.execute(insert(case_document).values(**row))

    def take_out(self, case_id: str, document_id: str, at: datetime) -> bool:
        """Take a document out of a case file; False when it is not there."""
        mine = and_(case_document.c.id == document_id, case_document.c.case_id == case_id)
        there = and_(mine, case_document.c.ended_at.is_(None))
        done = self._db.execute(update(case_document).where(there).values(ended_at=to_text(at)))
        return done.rowcount == 1

    def documents(self, case_id: str) -> Sequence[CaseDocument]:
        """Return the documents of a case file, by their day."""
        mine = and_(case_document.c.case_id == case_id, case_document.c.ended_at.is_(None))
        ordered = select(case_document).where(mine).order_by(case_document.c.dated, case_document.c.id)
        return [
            CaseDocument(
                row.id,
                row.case_id,
                row.title,
                row.pages,
                date.fromisoformat(row.dated),
                row.by,
                from_text(row.at),
            )
            for row in self._db.execute(ordered)
        ]

    def archive(self, new: Archived) -> None:
        """Note the hand-over. Raises: Conflict("archive-number-taken")."""
        same = select(case_archive.c.id).where(case_archive.c.number == new.number)
        if self._db.execute(same).first() is not None:
            raise Conflict("archive-number-taken", number=new.number)
        row = {**asdict(new), "at": to_text(new.at), "on": new.on.isoformat()}
        row["open"] = None if new.open is None else json.dumps(asdict(new.open))
        self._db.execute(insert(case_archive).values(**row))

    def archived(self, case_id: str | None = None) -> Mapping[str, Archived]:
        """Return what was archived of one case or of all, by case."""
        whose = true() if case_id is None else case_archive.c.case_id == case_id
        found = {}
        for row in self._db.execute(select(case_archive).where(whose)).mappings():
            times = {"at": from_text(row["at"]), "on": date.fromisoformat(row["on"])}
            open_ = None if row["open"] is None else _open(row["open"])
            found[row["case_id"]] = Archived(**{**row, **times, "open": open_})
        return found


def _open(noted: str) -> OpenMatters:
    """Return what was open then; fault files were not counted at first."""
    return OpenMatters(**{"fault_files": None, **json.loads(noted)})
