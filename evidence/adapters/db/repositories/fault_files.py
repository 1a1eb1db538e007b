"""Fault files in SQL. Nothing of one is ever removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, insert, or_, select, update

from evidence.adapters.db.fault_tables import fault_entry, fault_file, fault_link, fault_person, fault_view
from evidence.adapters.db.repositories.rows import time_or_none
from evidence.domain.fault_files import FaultFile, Link, LinkKind, Named, Part, Verdict, View
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text


class SqlFaultFiles:
    """See service.fault_ports.FaultFiles."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: FaultFile) -> None:
        """Add a file with all that it has."""
        self._db.execute(
            insert(fault_file).values(
                id=new.id,
                gap=new.gap,
                explanation_id=new.explanation_id,
                finding_id=new.finding_id,
                kind=new.kind,
                reason=new.reason,
                decided_by=new.opened_by,
                decided_at=to_text(new.opened_at),
                basis=new.basis,
            )
        )
        self.extend(new.id, new.people, new.links, new.entries)

    def extend(
        self,
        file_id: str,
        people: Collection[Named],
        links: Collection[Link],
        entries: Collection[tuple[str, int]],
    ) -> None:
        """Add people, links and entries to a file."""
        for table, rows in (
            (
                fault_person,
                [
                    {"person_id": o.person_id, "unit_id": o.unit_id, "part": o.part, "named_by": o.named_by}
                    for o in people
                ],
            ),
            (fault_link, [{"kind": one.kind.value, "object_id": one.object_id} for one in links]),
            (fault_entry, [{"log": log, "idx": index} for log, index in entries]),
        ):
            if rows:
                whole = [{"id": new_id(), "file_id": file_id, **row} for row in rows]
                self._db.execute(insert(table), whole)

    def get(self, file_id: str) -> FaultFile | None:
        """Return one."""
        return next(iter(self._some(fault_file.c.id == file_id)), None)

    def all(self, *, is_open: bool = False) -> Sequence[FaultFile]:
        """Return all, newest first; is_open: those that wait for a decision about somebody."""
        return self._some(is_waiting()) if is_open else self._some()

    def open_of(self, person_id: str) -> Sequence[str]:
        """Return the ids of files that wait for a decision about somebody."""
        named = exists().where(
            fault_person.c.file_id == fault_file.c.id,
            fault_person.c.person_id == person_id,
            fault_person.c.decided_at.is_(None),
        )
        query = select(fault_file.c.id).where(named).order_by(fault_file.c.decided_at, fault_file.c.id)
        return list(self._db.execute(query).scalars())

    def add_view(self, file_id: str, new: View) -> None:
        """Add what somebody says."""
        row = {"id": new_id(), "file_id": file_id, "person_id": new.person_id, "text": new.text}
        self._db.execute(insert(fault_view).values(**row, at=to_text(new.at)))

    def decide(self, file_id: str, decided: Named) -> bool:
        """Note a decision about somebody; False where there is one already."""
        mine = (
            fault_person.c.file_id == file_id,
            fault_person.c.person_id == decided.person_id,
            fault_person.c.decided_at.is_(None),
        )
        said = {
            "verdict": None if decided.verdict is None else decided.verdict.value,
            "outcome": decided.outcome,
            "reason": decided.reason,
            "decided_by": decided.decided_by,
            "decided_at": None if decided.decided_at is None else to_text(decided.decided_at),
        }
        return self._db.execute(update(fault_person).where(*mine).values(**said)).rowcount == 1

    def _some(self, *which: ColumnElement[bool]) -> Sequence[FaultFile]:
        ordered = select(fault_file).where(*which).order_by(fault_file.c.decided_at.desc(), fault_file.c.id)
        people, links = self._parts(fault_person, *which), self._parts(fault_link, *which)
        entries, views = self._parts(fault_entry, *which), self._parts(fault_view, *which)
        return [
            FaultFile(
                id=row.id,
                kind=row.kind,
                reason=row.reason,
                opened_by=row.decided_by,
                opened_at=from_text(row.decided_at),
                gap=row.gap,
                explanation_id=row.explanation_id,
                finding_id=row.finding_id,
                people=tuple(sorted(map(_named, people.get(row.id, ())), key=lambda one: one.person_id)),
                links=tuple(sorted(map(_link, links.get(row.id, ())), key=_order)),
                views=tuple(sorted(map(_view, views.get(row.id, ())), key=lambda one: one.at)),
                entries=tuple(sorted((one.log, one.idx) for one in entries.get(row.id, ()))),
                basis=row.basis,
            )
            for row in self._db.execute(ordered).all()
        ]

    def _parts(self, table: Table, *which: ColumnElement[bool]) -> Mapping[str, list[Any]]:
        """Return the rows of a table that belong to some files, by file."""
        found: dict[str, list[Any]] = {}
        query = select(table).join(fault_file, fault_file.c.id == table.c.file_id).where(*which)
        for row in self._db.execute(query):
            found.setdefault(row.file_id, []).append(row)
        return found


def is_waiting() -> ColumnElement[bool]:
    """A fault file about somebody of which nobody has decided, or that names nobody yet."""
    named = fault_person.alias("named")
    mine = named.c.file_id == fault_file.c.id
    return or_(exists().where(mine, named.c.decided_at.is_(None)), ~exists().where(mine))


def _named(row: Any) -> Named:
    return Named(
        person_id=row.person_id,
        unit_id=row.unit_id,
        part=Part(row.part),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        outcome=row.outcome,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=time_or_none(row.decided_at),
        named_by=row.named_by,
    )


def _link(row: Any) -> Link:
    return Link(LinkKind(row.kind), row.object_id)


def _order(one: Link) -> tuple[str, str]:
    return one.kind.value, one.object_id


def _view(row: Any) -> View:
    return View(row.person_id, row.text, from_text(row.at))
