"""Sessions and failed tries to sign in, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from evidence.adapters.db.people_tables import role_grant
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.adapters.db.sign_in_tables import failure, session
from evidence.domain.instants import from_text, to_text
from evidence.service.sign_in.sign_in_ports import StoredFailure, StoredSession

# Made once: every request of a person asks these.
_BY_TOKEN = select(session).where(session.c.token_sha256 == bindparam("token"))
_CHANGED = (
    select(role_grant.c.id)
    .where(
        role_grant.c.person_id == bindparam("person"),
        or_(
            *(
                and_(time > bindparam("since"), time <= bindparam("at"))
                for time in (role_grant.c.granted_at, role_grant.c.revoked_at, role_grant.c.until)
            )
        ),
    )
    .limit(1)
)


class SqlSessions:
    """See service.sign_in_ports.SessionRows."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: StoredSession) -> None:
        """Add a session."""
        self._db.execute(
            insert(session).values(
                token_sha256=new.token_sha256,
                id=new.id,
                person_id=new.person_id,
                factors=" ".join(new.factors),
                csrf=new.csrf_sha256,
                network=new.network,
                opened_at=to_text(new.opened_at),
                seen_at=to_text(new.seen_at),
                ends_at=to_text(new.ends_at),
            )
        )

    def by_token(self, token_sha256: str) -> StoredSession | None:
        """Return the session of a token, ended or not."""
        row = self._db.execute(_BY_TOKEN, {"token": token_sha256}).first()
        return None if row is None else _session(row)

    def open_of(self, person_id: str) -> Sequence[StoredSession]:
        """Return somebody's sessions that nobody ended, oldest first."""
        theirs = (session.c.person_id == person_id) & session.c.ended_at.is_(None)
        query = select(session).where(theirs).order_by(session.c.opened_at, session.c.id)
        return [_session(row) for row in self._db.execute(query)]

    def see(self, session_id: str, at: datetime) -> None:
        """Note that a session is used."""
        self._db.execute(update(session).where(session.c.id == session_id).values(seen_at=to_text(at)))

    def end(self, session_id: str, why: str, at: datetime) -> bool:
        """End a session; False when it has ended before."""
        mine = (session.c.id == session_id) & session.c.ended_at.is_(None)
        ended = update(session).where(mine).values(ended_at=to_text(at), ended_why=why)
        return self._db.execute(ended).rowcount == 1

    def has_other_rights(self, person_id: str, since: datetime, at: datetime) -> bool:
        """Tell whether a role was given to somebody, taken or has run out in (since, at]."""
        asked = {"person": person_id, "since": to_text(since), "at": to_text(at)}
        return self._db.execute(_CHANGED, asked).first() is not None


class SqlFailures:
    """See service.sign_in_ports.Failures."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, login_sha256: str, network: str) -> StoredFailure | None:
        """Return what failed for a login from a network."""
        row = self._db.execute(select(failure).where(_of(login_sha256, network))).first()
        return None if row is None else _failure(row)

    def put(self, one: StoredFailure) -> None:
        """Put a count in the place of the one before."""
        values = {
            "count": one.count,
            "first_at": to_text(one.first_at),
            "locked_at": text_or_none(one.locked_at),
            "locked_until": text_or_none(one.locked_until),
        }
        where = _of(one.login_sha256, one.network)
        if self._db.execute(update(failure).where(where).values(**values)).rowcount == 0:
            key = {"login_sha256": one.login_sha256, "network": one.network}
            self._db.execute(insert(failure).values(**key, **values))

    def clear(self, login_sha256: str, network: str | None = None) -> int:
        """Forget what failed for a login, from one network or all; return how many were locked."""
        where = _of(login_sha256, network)
        locked = select(func.count()).select_from(failure).where(where, failure.c.locked_at.is_not(None))
        count = int(self._db.execute(locked).scalar_one())
        self._db.execute(delete(failure).where(where))
        return count

    def locked(self, at: datetime) -> Sequence[StoredFailure]:
        """Return what is locked."""
        still = or_(failure.c.locked_until.is_(None), failure.c.locked_until > to_text(at))
        query = select(failure).where(failure.c.locked_at.is_not(None), still)
        return [_failure(row) for row in self._db.execute(query.order_by(failure.c.locked_at))]

    def forget(self, before: datetime, at: datetime) -> None:
        """Drop what began before and is not locked any more."""
        over = or_(failure.c.locked_at.is_(None), failure.c.locked_until <= to_text(at))
        self._db.execute(delete(failure).where(failure.c.first_at < to_text(before), over))


def _of(login_sha256: str, network: str | None) -> Any:
    mine = failure.c.login_sha256 == login_sha256
    return mine if network is None else mine & (failure.c.network == network)


def _session(row: Any) -> StoredSession:
    return StoredSession(
        id=row.id,
        token_sha256=row.token_sha256,
        person_id=row.person_id,
        factors=tuple(row.factors.split()),
        csrf_sha256=row.csrf,
        network=row.network,
        opened_at=from_text(row.opened_at),
        seen_at=from_text(row.seen_at),
        ends_at=from_text(row.ends_at),
        ended_at=time_or_none(row.ended_at),
        ended_why=row.ended_why,
    )


def _failure(row: Any) -> StoredFailure:
    return StoredFailure(
        login_sha256=row.login_sha256,
        network=row.network,
        count=int(row.count),
        first_at=from_text(row.first_at),
        locked_at=time_or_none(row.locked_at),
        locked_until=time_or_none(row.locked_until),
    )
