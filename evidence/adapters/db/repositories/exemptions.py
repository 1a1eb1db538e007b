"""Exemption statements in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.gap_tables import exemption
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.domain.explanations import Exemption
from evidence.domain.instants import from_text, to_text
from evidence.domain.spans import Span

_WAITS = exemption.c.received_at.is_(None) & exemption.c.withdrawn_at.is_(None)


class SqlExemptions:
    """See service.gap_ports.Exemptions."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Exemption) -> None:
        """Add a statement."""
        self._db.execute(
            insert(exemption).values(
                id=new.id,
                person_id=new.person_id,
                ground=new.ground,
                basis=new.basis,
                since=to_text(new.span.start),
                until=to_text(new.span.end),
                device_state=new.device_state,
                author=new.author,
                at=to_text(new.at),
            )
        )

    def get(self, exemption_id: str) -> Exemption | None:
        """Return one."""
        row = self._db.execute(select(exemption).where(exemption.c.id == exemption_id)).first()
        return None if row is None else _exemption(row)

    def all(self) -> Sequence[Exemption]:
        """Return all, newest first."""
        ordered = select(exemption).order_by(exemption.c.at.desc(), exemption.c.id)
        return [_exemption(row) for row in self._db.execute(ordered)]

    def about(self, person_id: str) -> Sequence[Exemption]:
        """Return all about somebody, newest first."""
        mine = select(exemption).where(exemption.c.person_id == person_id)
        ordered = mine.order_by(exemption.c.at.desc(), exemption.c.id)
        return [_exemption(row) for row in self._db.execute(ordered)]

    def waiting(self) -> Sequence[Exemption]:
        """Return those that no head has received and nobody took back, oldest first."""
        ordered = select(exemption).where(_WAITS).order_by(exemption.c.at, exemption.c.id)
        return [_exemption(row) for row in self._db.execute(ordered)]

    def receive(self, exemption_id: str, by: str, at: datetime, *, agrees: bool, view: str) -> bool:
        """Note a head's receipt; False where it does not wait for one."""
        values = {"agrees": agrees, "view": view, "received_by": by, "received_at": to_text(at)}
        return self._end(exemption_id, values)

    def withdraw(self, exemption_id: str, at: datetime, reason: str) -> bool:
        """Note that its author took it back; False where it does not wait for a receipt."""
        return self._end(exemption_id, {"withdrawn_at": to_text(at), "withdrawal": reason})

    def _end(self, exemption_id: str, values: Mapping[str, object]) -> bool:
        mine = update(exemption).where(exemption.c.id == exemption_id, _WAITS)
        return self._db.execute(mine.values(**values)).rowcount == 1


def _exemption(row: Any) -> Exemption:
    return Exemption(
        id=row.id,
        person_id=row.person_id,
        ground=row.ground,
        basis=row.basis,
        span=Span(from_text(row.since), from_text(row.until)),
        device_state=row.device_state,
        author=row.author,
        at=from_text(row.at),
        agrees=None if row.agrees is None else bool(row.agrees),
        view=row.view,
        received_by=row.received_by,
        received_at=time_or_none(row.received_at),
        withdrawn_at=time_or_none(row.withdrawn_at),
        withdrawal=row.withdrawal,
    )
