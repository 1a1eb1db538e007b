"""Uploads in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from evidence.adapters.db.repositories.rows import (
    NAMES_AT_ONCE,
    digests_of,
    name_digest,
    origin_columns,
    origin_of,
    portions,
    time_or_none,
)
from evidence.adapters.db.repositories.standings import owed_within
from evidence.adapters.db.tables import upload
from evidence.domain.access import Reach
from evidence.domain.digests import Digests
from evidence.domain.instants import from_text, to_text
from evidence.domain.uploads import Upload, UploadState
from evidence.errors import Conflict

# Made once: every request and every seal asks these.
_ONE = select(upload).where(upload.c.id == bindparam("upload"))
_SOME = select(upload).where(upload.c.id.in_(bindparam("uploads", expanding=True)))
_RECEIVING = upload.c.state == UploadState.RECEIVING.value
_OPEN = (
    select(upload.c.account_id, func.count().label("count"), func.sum(upload.c.size - upload.c.offset))
    .where(_RECEIVING)
    .group_by(upload.c.account_id)
)
_ADD, _CHANGE = insert(upload), update(upload).where(upload.c.id == bindparam("upload"))
_MOVE = _CHANGE.where(upload.c.offset == bindparam("old"), _RECEIVING)


class SqlUploads:
    """See service.ports.Uploads."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Upload) -> None:
        """Add a new upload; it may be complete."""
        self.add_all([new])

    def add_all(self, new: Sequence[Upload]) -> None:
        """Add new uploads; each may be complete."""
        if new:
            self._db.execute(_ADD, [_columns(one) for one in new])

    def get(self, upload_id: str) -> Upload | None:
        """Return one upload."""
        row = self._db.execute(_ONE, {"upload": upload_id}).first()
        return None if row is None else _upload(row)

    def some(self, upload_ids: Collection[str]) -> Mapping[str, Upload]:
        """Return those of these uploads that there are, by id."""
        return {
            row.id: _upload(row)
            for some in portions(upload_ids)
            for row in self._db.execute(_SOME, {"uploads": some})
        }

    def named(self, device: str, names: Sequence[str], states: Iterable[UploadState]) -> Sequence[Upload]:
        """Return the uploads of a device under any of these names, in one of the states, oldest first."""
        kept = upload.c.state.in_([state.value for state in states]) & (upload.c.device == device)
        found: list[Upload] = []
        for first in range(0, len(names), NAMES_AT_ONCE):
            some = [name_digest(name) for name in names[first : first + NAMES_AT_ONCE]]
            mine = kept & upload.c.name_sha256.in_(some)
            rows = self._db.execute(select(upload).where(mine).order_by(upload.c.created_at, upload.c.id))
            found += [_upload(row) for row in rows]
        return found

    def move_offset(self, upload_id: str, old: int, new: int, expires_at: datetime) -> None:
        """Move the durable offset from old to new. Raises: Conflict when it is not at old."""
        values = {"upload": upload_id, "old": old, "offset": new, "expires_at": to_text(expires_at)}
        moved = self._db.execute(_MOVE, values)
        if moved.rowcount != 1:
            raise Conflict("offset-differs", upload=upload_id, offset=old)

    def complete(self, upload_id: str, digests: Digests | None, at: datetime) -> None:
        """Note that all bytes are durable."""
        values = {
            "upload": upload_id,
            "state": UploadState.COMPLETE.value,
            "completed_at": to_text(at),
            "sha256": digests.sha256 if digests else None,
            "sm3": digests.sm3 if digests else None,
        }
        self._db.execute(_CHANGE, values)

    def end(
        self,
        upload_id: str,
        state: UploadState,
        *,
        problem: str | None = None,
        recording_id: str | None = None,
    ) -> None:
        """Move an upload to an end state."""
        values = {"state": state.value, "problem": problem, "recording_id": recording_id}
        self._db.execute(_CHANGE, {"upload": upload_id, **values})

    def end_sealed(self, recording_ids: Mapping[str, str]) -> None:
        """Move uploads to their end: each is the recording with this id."""
        sealed = {"state": UploadState.SEALED.value, "problem": None}
        rows = [{"upload": id_, "recording_id": one, **sealed} for id_, one in recording_ids.items()]
        if rows:
            self._db.execute(_CHANGE, rows)

    def receiving(self) -> Mapping[str, tuple[int, int]]:
        """Return of each account how many uploads it has open, and how many bytes they may still send."""
        return {id_: (int(count), int(owed)) for id_, count, owed in self._db.execute(_OPEN)}

    def stale(self, now: datetime) -> Sequence[Upload]:
        """Return uploads still receiving whose time has run out."""
        rows = self._db.execute(
            select(upload).where(
                upload.c.state == UploadState.RECEIVING.value, upload.c.expires_at < to_text(now)
            )
        )
        return [_upload(row) for row in rows]

    def in_state(
        self, state: UploadState, *, reach: Reach | None = None, at: datetime | None = None
    ) -> Sequence[Upload]:
        """Return the uploads in a state, oldest first: those within reach, else (for the service's own work)
        all.
        """
        query = select(upload).where(upload.c.state == state.value)
        if reach is not None:
            query = query.where(owed_within(reach, at, upload))
        ordered = query.order_by(upload.c.created_at, upload.c.id)
        return [_upload(row) for row in self._db.execute(ordered)]


def _upload(row: Any) -> Upload:
    return Upload(
        id=row.id,
        account_id=row.account_id,
        origin=origin_of(row),
        state=UploadState(row.state),
        offset=row.offset,
        created_at=from_text(row.created_at),
        expires_at=from_text(row.expires_at),
        declared_sha256=row.declared_sha256,
        digests=digests_of(row),
        completed_at=time_or_none(row.completed_at),
        recording_id=row.recording_id,
        problem=row.problem,
    )


def _columns(new: Upload) -> dict[str, Any]:
    return {
        "id": new.id,
        "account_id": new.account_id,
        "declared_sha256": new.declared_sha256,
        "offset": new.offset,
        "state": new.state.value,
        "created_at": to_text(new.created_at),
        "expires_at": to_text(new.expires_at),
        "completed_at": None if new.completed_at is None else to_text(new.completed_at),
        "sha256": new.digests.sha256 if new.digests else None,
        "sm3": new.digests.sm3 if new.digests else None,
        **origin_columns(new.origin),
    }
