"""Legal units in SQL, and those that provide footage to courts. Nothing is deleted: what ends gets the time
of its end.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Table, and_, insert, select, update

from evidence.adapters.db.activity_tables import legal_unit
from evidence.adapters.db.people_tables import unit
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import is_below


class SqlLegalUnits:
    """See service.step_ports.LegalUnits. table: of which units."""

    def __init__(self, connection: Connection, table: Table = legal_unit) -> None:
        self._db, self._table = connection, table

    def name(self, unit_id: str, by: str, at: datetime) -> bool:
        """Note that a unit is one; False where it is."""
        stands = and_(self._table.c.unit_id == unit_id, self._table.c.ended_at.is_(None))
        if self._db.execute(select(self._table.c.id).where(stands)).first() is not None:
            return False
        row = {"id": new_id(), "unit_id": unit_id, "named_by": by, "named_at": to_text(at)}
        self._db.execute(insert(self._table).values(**row))
        return True

    def end(self, unit_id: str, by: str, at: datetime) -> bool:
        """Note that it is none any more; False where it is none."""
        stands = and_(self._table.c.unit_id == unit_id, self._table.c.ended_at.is_(None))
        over = {"ended_by": by, "ended_at": to_text(at)}
        return self._db.execute(update(self._table).where(stands).values(**over)).rowcount > 0

    def serving(self, path: str) -> str | None:
        """Return the legal unit of a unit with a path."""
        above = unit.alias("above")
        query = (
            select(unit.c.id, unit.c.path, above.c.path.label("above"))
            .join(self._table, self._table.c.unit_id == unit.c.id)
            .join(above, above.c.id == unit.c.parent_id, isouter=True)
            .where(self._table.c.ended_at.is_(None))
        )
        found = [
            (len(serves), row.id)
            for row in self._db.execute(query.order_by(unit.c.id))
            if is_below(path, serves := row.above or row.path)
        ]
        return max(found)[1] if found else None
