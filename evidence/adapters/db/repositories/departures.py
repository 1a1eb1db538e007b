"""What else there is about somebody who leaves, in SQL: account and sessions, what is not offloaded, what the
log's commitments stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from evidence.adapters.db.log_tables import audit_about, audit_payload
from evidence.adapters.db.people_tables import emergency
from evidence.adapters.db.sign_in_tables import session, sign_in
from evidence.adapters.db.tables import announced, upload
from evidence.domain.instants import to_text
from evidence.domain.uploads import UploadState

_UNDER_WAY = (UploadState.RECEIVING.value, UploadState.COMPLETE.value)


class SqlDepartures:
    """See service.people_ports.Departures."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def close_account(self, person_id: str, at: datetime) -> int:
        """Put somebody's account off and end their sessions; return how many of these were open."""
        mine = and_(sign_in.c.person_id == person_id, sign_in.c.disabled_at.is_(None))
        self._db.execute(update(sign_in).where(mine).values(disabled_at=to_text(at)))
        running = and_(session.c.person_id == person_id, session.c.ended_at.is_(None))
        ended = update(session).where(running).values(ended_at=to_text(at), ended_why="leaving")
        return int(self._db.execute(ended).rowcount)

    def sessions(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the sessions of somebody that are open, by id."""
        running = and_(
            session.c.person_id == person_id, session.c.ended_at.is_(None), session.c.ends_at > to_text(at)
        )
        return list(self._db.execute(select(session.c.id).where(running)).scalars())

    def emergencies(self, person_id: str, at: datetime) -> Sequence[str]:
        """Return the emergencies of somebody that are asked for or open, by id."""
        is_asked = emergency.c.decided_at.is_(None)
        is_open = and_(emergency.c.is_granted.is_(True), emergency.c.until > to_text(at))
        mine = and_(
            emergency.c.person_id == person_id, emergency.c.ended_at.is_(None), or_(is_asked, is_open)
        )
        return list(self._db.execute(select(emergency.c.id).where(mine)).scalars())

    def not_offloaded(self, wearer: str) -> Sequence[str]:
        """Return the files announced under a number that are not sealed, by id."""
        mine = and_(announced.c.wearer == wearer, announced.c.recording_id.is_(None))
        return list(self._db.execute(select(announced.c.id).where(mine)).scalars())

    def unfinished(self, wearer: str) -> Sequence[str]:
        """Return the uploads under a number that are neither sealed nor ended, by id."""
        mine = and_(upload.c.wearer == wearer, upload.c.state.in_(_UNDER_WAY))
        return list(self._db.execute(select(upload.c.id).where(mine)).scalars())

    def erase_payload(self, person_id: str, at: datetime) -> Sequence[tuple[str, int, str]]:
        """Erase what commitments of the log about somebody stand for; return log, index and field of each.

        The entries stay as they are, and so do all proofs: without its salt a commitment tells nothing.
        """
        about = select(audit_about.c.log, audit_about.c.idx).where(audit_about.c.object_id == person_id)
        erased = []
        for place in self._db.execute(about).all():
            mine = and_(
                audit_payload.c.log == place.log,
                audit_payload.c.idx == place.idx,
                audit_payload.c.erased_at.is_(None),
            )
            fields = self._db.execute(select(audit_payload.c.field).where(mine)).scalars().all()
            gone = update(audit_payload).where(mine)
            self._db.execute(gone.values(salt=None, value=None, erased_at=to_text(at)))
            erased += [(str(place.log), int(place.idx), str(field)) for field in fields]
        return erased
