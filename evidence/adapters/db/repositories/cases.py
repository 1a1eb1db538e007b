"""Cases in SQL, their recordings and members. Nothing is deleted: what ends gets the time of its end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, insert, or_, select, true, update

from evidence.adapters.db.numbers import case_numbered
from evidence.adapters.db.people_tables import case_file, case_member, case_recording, person, unit
from evidence.adapters.db.repositories.belonging import belonging
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none, turned
from evidence.adapters.db.repositories.standing_rows import gives
from evidence.domain.case_numbers import normal_form
from evidence.domain.ids import new_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import WHOLE
from evidence.domain.rights import Action
from evidence.errors import Conflict
from evidence.service.listing import Listing
from evidence.service.people.people_ports import Membership, StoredCase


class SqlCases:
    """See service.people_ports.Cases."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredCase) -> None:
        """Add a case. Raises: Conflict("case-number-taken")."""
        if self.numbered(new.number) is not None:
            raise Conflict("case-number-taken", number=new.number)
        row = {"id": new.id, "number": new.number, "unit_id": new.unit_id}
        self._db.execute(insert(case_file).values(**row, opened_at=to_text(new.opened_at)))

    def get(self, case_id: str) -> StoredCase | None:
        """Return one case, closed or not."""
        row = self._db.execute(cases_with_path().where(case_file.c.id == case_id)).first()
        return None if row is None else case_of(row)

    def numbered(self, number: str) -> str | None:
        """Return the id of the case of a number, however it is written; closed or not."""
        same = select(case_numbered.c.case_id).where(case_numbered.c.normal == normal_form(number))
        found: str | None = self._db.execute(same).scalar()
        return found

    def within(self, paths: Collection[str]) -> Sequence[StoredCase]:
        """Return the cases of these units and below, closed ones too, oldest first."""
        query = (
            cases_with_path().where(below(unit.c.path, paths)).order_by(case_file.c.opened_at, case_file.c.id)
        )
        return [case_of(row) for row in self._db.execute(query)]

    def close(self, case_id: str, at: datetime) -> bool:
        """Close a case: from now on it gives nobody anything. False when it is closed."""
        mine = and_(case_file.c.id == case_id, case_file.c.closed_at.is_(None))
        done = self._db.execute(update(case_file).where(mine).values(closed_at=to_text(at)))
        return done.rowcount == 1

    def link(self, case_id: str, recording_id: str, by: str, at: datetime) -> bool:
        """Link a recording; False when it is linked."""
        if self._db.execute(select(case_recording.c.id).where(_link(case_id, recording_id))).first():
            return False
        row = {"id": new_id(), "case_id": case_id, "recording_id": recording_id, "linked_by": by}
        self._db.execute(insert(case_recording).values(**row, linked_at=to_text(at)))
        return True

    def unlink(self, case_id: str, recording_id: str, at: datetime) -> bool:
        """End a recording's link; False when there is none."""
        ended = update(case_recording).where(_link(case_id, recording_id)).values(ended_at=to_text(at))
        return self._db.execute(ended).rowcount > 0

    def page(
        self,
        paths: Collection[str],
        begins: str,
        after: str,
        most: int,
        listing: Listing = Listing(),  # noqa: B008 (frozen)
    ) -> Sequence[StoredCase]:
        """Return the first cases of units in an order, of those whose number begins so, after a number."""
        number = case_file.c.number
        query = cases_with_path().where(below(unit.c.path, paths))
        if begins:
            query = query.where(number >= begins, number < begins + "\U0010ffff")
        by = {"opened": case_file.c.opened_at, "closed": func.coalesce(case_file.c.closed_at, "")}
        query = turned(query, by.get(listing.key, number), number, listing, after)
        return [case_of(row) for row in self._db.execute(query.limit(most))]

    def of_recording(self, recording_id: str) -> Sequence[StoredCase]:
        """Return the cases that a recording is linked to, oldest first."""
        linked = select(case_recording.c.case_id).where(
            case_recording.c.recording_id == recording_id, case_recording.c.ended_at.is_(None)
        )
        query = cases_with_path().where(case_file.c.id.in_(linked))
        return [case_of(row) for row in self._db.execute(query.order_by(case_file.c.opened_at))]

    def linked(self, case_id: str) -> Sequence[str]:
        """Return the ids of the recordings that are linked now, oldest link first."""
        mine = and_(case_recording.c.case_id == case_id, case_recording.c.ended_at.is_(None))
        query = select(case_recording.c.recording_id).where(mine)
        ordered = query.order_by(case_recording.c.linked_at, case_recording.c.id)
        return list(self._db.execute(ordered).scalars())

    def belonging(self, case_id: str) -> Sequence[str]:
        """Return the ids of the recordings that belong to a case: those that are linked, oldest link first,
        then those that bear its number."""
        linked = self.linked(case_id)
        told = belonging(select(case_file.c.id).where(case_file.c.id == case_id)).subquery()
        every = set(self._db.execute(select(told.c.recording_id)).scalars())
        return [*linked, *sorted(every - set(linked))]

    def name(self, case_id: str, one: Membership, by: str, at: datetime) -> None:
        """Give a person these actions in a case, in the place of what they had there."""
        self.dismiss(case_id, one.person_id, at)
        row: dict[str, Any] = {"case_id": case_id, "person_id": one.person_id, "named_by": by}
        row |= {"since": to_text(at), "until": text_or_none(one.until)}
        rows = [{**row, "id": new_id(), "action": action.value} for action in sorted(one.actions)]
        self._db.execute(insert(case_member), rows)

    def dismiss(self, case_id: str, person_id: str, at: datetime) -> bool:
        """End all that a person has in a case; False when that is nothing."""
        mine = and_(case_member.c.case_id == case_id, case_member.c.person_id == person_id)
        ended = update(case_member).where(mine, _runs(at)).values(ended_at=to_text(at))
        return self._db.execute(ended).rowcount > 0

    def members(self, case_id: str, at: datetime) -> Sequence[Membership]:
        """Return the members at a moment, by number."""
        query = select(case_member, person.c.number).join(person, person.c.id == case_member.c.person_id)
        query = query.where(case_member.c.case_id == case_id, _runs(at))
        known = {action.value: action for action in Action}
        found: dict[str, tuple[str, str | None, set[Action]]] = {}
        for row in self._db.execute(query.order_by(person.c.number, case_member.c.id)):
            _, _, actions = found.setdefault(row.person_id, (row.number, row.until, set()))
            actions |= {known[row.action]} if row.action in known else set()
        return [
            Membership(person_id, number, frozenset(actions), time_or_none(until))
            for person_id, (number, until, actions) in found.items()
        ]

    def of_member(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the ids of the open cases of which somebody is a member at a moment."""
        query = select(case_file.c.id).join(case_member, case_member.c.case_id == case_file.c.id).distinct()
        query = query.where(case_member.c.person_id == person_id, _runs(at), gives())
        return [row.id for row in self._db.execute(query)]


def below(path: ColumnElement[str], paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a path of a unit is one of these or below."""
    if WHOLE in paths:
        return true()
    return or_(false(), *(path.like(f"{one}%") for one in sorted(paths)))


def cases_with_path() -> Select[Any]:
    """Return the question for cases with the path of their unit."""
    return select(case_file, unit.c.path).join(unit, unit.c.id == case_file.c.unit_id)


def case_of(row: Any) -> StoredCase:
    """Read a row of `cases_with_path`."""
    opened_at, closed_at = from_text(row.opened_at), time_or_none(row.closed_at)
    return StoredCase(row.id, row.number, row.unit_id, row.path, opened_at, closed_at)


def _link(case_id: str, recording_id: str) -> Any:
    here = case_recording.c.case_id == case_id
    return and_(here, case_recording.c.recording_id == recording_id, case_recording.c.ended_at.is_(None))


def _runs(at: datetime) -> Any:
    not_over = or_(case_member.c.until.is_(None), case_member.c.until > to_text(at))
    return and_(not_over, case_member.c.ended_at.is_(None))
