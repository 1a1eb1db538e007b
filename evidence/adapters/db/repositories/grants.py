"""Grants of roles in SQL, and the caller that they make of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, update

from evidence.adapters.db.people_tables import emergency, person, role_grant, unit
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.adapters.db.sign_in_tables import sign_in
from evidence.domain.access import Caller, Grant
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import Kind, Role
from evidence.service.people.people_ports import StoredGrant


def _in_force(at: datetime | None = None) -> ColumnElement[bool]:
    """None: at the moment `at` that a question is asked with."""
    moment = bindparam("at") if at is None else to_text(at)
    not_over = or_(role_grant.c.until.is_(None), role_grant.c.until > moment)
    return and_(role_grant.c.revoked_at.is_(None), not_over)


# Made once: every request of a person asks these.
_HERE = (
    select(person.c.number, person.c.type, unit.c.path)
    .join(unit, unit.c.id == person.c.unit_id)
    .where(
        person.c.id == bindparam("person"),
        or_(person.c.left_at.is_(None), person.c.left_at > bindparam("at")),
    )
)
_GRANTED = (
    select(role_grant.c.role, role_grant.c.unit_id, unit.c.path)
    .join(unit, unit.c.id == role_grant.c.unit_id, isouter=True)
    .where(role_grant.c.person_id == bindparam("person"), _in_force())
    .order_by(role_grant.c.id)
)
_OPENED = select(emergency.c.recording_id).where(
    emergency.c.person_id == bindparam("person"),
    emergency.c.is_granted.is_(True),
    emergency.c.decided_by != emergency.c.person_id,  # nobody approves their own
    emergency.c.until > bindparam("at"),
    emergency.c.ended_at.is_(None),
)


class SqlGrants:
    """See service.people_ports.Grants."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredGrant) -> None:
        """Add a grant."""
        self._db.execute(
            insert(role_grant).values(
                id=new.id,
                person_id=new.person_id,
                role=new.role.value,
                unit_id=new.unit_id,
                reason=new.reason,
                granted_by=new.granted_by,
                granted_at=to_text(new.granted_at),
                until=text_or_none(new.until),
            )
        )

    def revoke(self, grant_id: str, by: str, at: datetime) -> bool:
        """Revoke a grant; False when there is none of that id in force."""
        mine = and_(role_grant.c.id == grant_id, role_grant.c.revoked_at.is_(None))
        done = self._db.execute(update(role_grant).where(mine).values(revoked_at=to_text(at), revoked_by=by))
        return done.rowcount == 1

    def get(self, grant_id: str) -> StoredGrant | None:
        """Return one grant, revoked or not."""
        row = self._db.execute(select(role_grant).where(role_grant.c.id == grant_id)).first()
        return None if row is None else _grant(row)

    def in_force(self, at: datetime, person_id: str | None = None) -> Sequence[StoredGrant]:
        """Return the grants in force, of one person or of all, oldest first."""
        query = select(role_grant).where(_in_force(at))
        if person_id is not None:
            query = query.where(role_grant.c.person_id == person_id)
        ordered = query.order_by(role_grant.c.granted_at, role_grant.c.id)
        return [_grant(row) for row in self._db.execute(ordered)]

    def caller(self, person_id: str, at: datetime) -> Caller | None:
        """Return a person as a caller, with what is in force for them; None where there is none such."""
        asked = {"person": person_id, "at": to_text(at)}
        row = self._db.execute(_HERE, asked).first()
        if row is None:
            return None
        known = set(Role)
        grants = tuple(
            Grant(Role(one.role), one.path or WHOLE)
            for one in self._db.execute(_GRANTED, asked)
            if one.role in known and (one.unit_id is None or one.path is not None)
        )
        return Caller(
            id=person_id,
            kind=Kind.PERSON,
            name=row.number,
            grants=grants,
            person_type=PersonType(row.type),
            path=row.path,
            emergencies=frozenset(self._db.execute(_OPENED, asked).scalars()),
        )

    def is_disabled(self, person_id: str) -> bool:
        """Tell whether a person's account was disabled; who has none has nothing to disable."""
        query = select(sign_in.c.disabled_at).where(sign_in.c.person_id == person_id)
        return self._db.execute(query).scalar() is not None


def _grant(row: Any) -> StoredGrant:
    return StoredGrant(
        id=row.id,
        person_id=row.person_id,
        role=Role(row.role),
        unit_id=row.unit_id,
        reason=row.reason,
        granted_by=row.granted_by,
        granted_at=from_text(row.granted_at),
        until=time_or_none(row.until),
        revoked_at=time_or_none(row.revoked_at),
    )
