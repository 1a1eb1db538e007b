"""Units in SQL. A path is made once and never changes: what was sealed below it stays there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.people_tables import unit
from evidence.adapters.db.repositories.one_row import OneRow
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.domain.instants import to_text
from evidence.domain.people import Unit
from evidence.errors import Conflict

_ALL = OneRow(select(unit))


class SqlUnits:
    """See service.people_ports.Units."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Unit, at: datetime) -> None:
        """Add a unit. Raises: Conflict("name-taken") where its parent has one of that name."""
        taken = unit.c.parent_id.is_(None) if new.parent_id is None else unit.c.parent_id == new.parent_id
        same = select(unit.c.id).where(taken, unit.c.name == new.name, unit.c.closed_at.is_(None))
        if self._db.execute(same).first() is not None:
            raise Conflict("name-taken", name=new.name)
        row = {"id": new.id, "parent_id": new.parent_id, "name": new.name, "path": new.path}
        self._db.execute(insert(unit).values(**row, created_at=to_text(at)))

    def get(self, unit_id: str) -> Unit | None:
        """Return one unit."""
        row = self._db.execute(select(unit).where(unit.c.id == unit_id)).first()
        return None if row is None else _unit(row)

    def all(self) -> Sequence[Unit]:
        """Return all units, closed ones too; a parent before its units."""
        return sorted((_unit(row) for row in _ALL.of(self._db)), key=lambda one: one.path)

    def rename(self, unit_id: str, name: str) -> None:
        """Give a unit another name."""
        self._db.execute(update(unit).where(unit.c.id == unit_id).values(name=name))

    def close(self, unit_id: str, at: datetime) -> None:
        """Close a unit; what it answers for stays with it."""
        self._db.execute(update(unit).where(unit.c.id == unit_id).values(closed_at=to_text(at)))


def _unit(row: Any) -> Unit:
    return Unit(row.id, row.name, row.path, row.parent_id, time_or_none(row.closed_at))
