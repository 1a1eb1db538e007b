"""The catalogue of recordings in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from evidence.adapters.db.columns import UNSOUND
from evidence.adapters.db.people_tables import standing
from evidence.adapters.db.repositories.labels import given_of
from evidence.adapters.db.repositories.pairs import among
from evidence.adapters.db.repositories.rows import (
    NAMES_AT_ONCE,
    is_between,
    legible,
    name_digest,
    origin_columns,
    origin_of,
    portions,
    text_or_none,
    time_or_none,
)
from evidence.adapters.db.repositories.search_rows import (
    FIRST_ANNOUNCED,
    FIRST_BYTE,
    first_seen,
    touched,
)
from evidence.adapters.db.repositories.standings import within
from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import announced, recording, upload
from evidence.domain.access import Reach
from evidence.domain.digests import Digests
from evidence.domain.instants import from_text, to_text
from evidence.domain.labels import Given
from evidence.domain.origins import Elsewhere
from evidence.domain.recordings import Recording
from evidence.errors import Conflict, IntegrityFault, Invalid
from evidence.service.catalogue import Section, StoredRecording

_SPARE = timedelta(days=1)  # more than a recorder's clock may be ahead of the seal (CLOCK_ERROR)
# Recordings with the moments at which the server first heard of them; made once: every look asks for one.
_CATALOGUE = select(recording, FIRST_BYTE, FIRST_ANNOUNCED).join(upload, upload.c.id == recording.c.upload_id)
# The same where nothing was changed yet: the rows of searches say when it was, beside each other.
_LISTED = select(
    recording, search_row.c.seen_at.label("first_byte"), literal(None).label("first_announced")
).join(search_row, search_row.c.recording_id == recording.c.id)
_ONE = _CATALOGUE.where(recording.c.id == bindparam("recording"))
_ADD = insert(recording)
_TAKEN = select(recording.c.device, recording.c.name_sha256).where(
    among(recording.c.device, recording.c.name_sha256)
)


class SqlRecordings:
    """See service.ports.Recordings."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add_all(self, new: Sequence[tuple[str, Recording, bytes]]) -> None:
        """Add recordings, each with its upload and its receipt. Raises: Conflict when device and name are
        taken.
        """
        origins = {(one.origin.device, name_digest(one.origin.name)): one.origin for _, one, _ in new}
        for some in portions(sorted(origins)):
            for taken in self._db.execute(_TAKEN, {"pairs": some}):
                origin = origins[taken.device, taken.name_sha256]
                raise Conflict("name-reused", device=origin.device, name=origin.name)
        touched(self._db, [one.id for _, one, _ in new])
        if new:
            self._db.execute(_ADD, [_columns(*one) for one in new])

    def get(self, recording_id: str) -> StoredRecording | None:
        """Return one recording."""
        row = self._db.execute(_ONE, {"recording": recording_id}).first()
        return None if row is None else next(self._stored([row]))

    def some(self, recording_ids: Collection[str]) -> Mapping[str, StoredRecording]:
        """Return these recordings by id, a few hundred to a question."""
        return self._some(_CATALOGUE, recording_ids)

    def listed(self, recording_ids: Collection[str]) -> Mapping[str, StoredRecording]:
        """Return the same in a transaction that only reads."""
        return self._some(_LISTED, recording_ids)

    def by_name(self, device: str, name: str) -> StoredRecording | None:
        """Return the recording of a device under a name."""
        row = self._db.execute(
            _CATALOGUE.where(recording.c.device == device, recording.c.name_sha256 == name_digest(name))
        ).first()
        return None if row is None else next(self._stored([row]))

    def all(
        self,
        device: str | None = None,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
        section: Section = Section(),  # noqa: B008 (frozen)
    ) -> Iterator[StoredRecording]:
        """Yield recordings, oldest seal first; of those within reach at a moment, else (for the service's own
        work) of all. Raises: Invalid when no device can have that name.
        """
        query = _CATALOGUE.order_by(recording.c.sealed_at, recording.c.id)
        if reach is not None:
            query = query.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
            query = query.where(within(reach, at), *_of_section(section))
        if device is not None:
            if legible(device) != device:
                raise Invalid("invalid-text", field="device")
            query = query.where(recording.c.device == device)
        for rows in self._db.execute(query).partitions(NAMES_AT_ONCE):
            yield from self._stored(rows)

    def newest(
        self, reach: Reach, at: datetime, most: int, before: tuple[datetime, str] | None = None
    ) -> Sequence[StoredRecording]:
        """Return recordings within reach at a moment, newest seal first: at most so many, and only those
        before a moment of sealing and an id.
        """
        query = _CATALOGUE.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        query = query.where(within(reach, at))
        if before is not None:
            sealed_at = to_text(before[0])
            same = and_(recording.c.sealed_at == sealed_at, recording.c.id < before[1])
            query = query.where(or_(recording.c.sealed_at < sealed_at, same))
        ordered = query.order_by(recording.c.sealed_at.desc(), recording.c.id.desc()).limit(most)
        return list(self._stored(self._db.execute(ordered).all()))

    def count(self, reach: Reach, at: datetime, section: Section, most: int) -> int:
        """Return how many recordings of a section are within reach at a moment; not more than so many."""
        query = _CATALOGUE.with_only_columns(recording.c.id, maintain_column_froms=True)
        query = query.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        some = query.where(within(reach, at), *_of_section(section)).limit(most).subquery()
        return int(self._db.execute(select(func.count()).select_from(some)).scalar_one())

    def names_within(
        self, device: str, names: Collection[str], reach: Reach, at: datetime
    ) -> Collection[str]:
        """Return which of these names are recordings of a device within reach at a moment."""
        asked, found = {name_digest(name): name for name in names}, set[str]()
        there = recording.join(standing, standing.c.recording_id == recording.c.id, isouter=True)
        for first in range(0, len(asked), NAMES_AT_ONCE):
            some = recording.c.name_sha256.in_(list(asked)[first : first + NAMES_AT_ONCE])
            mine = and_(recording.c.device == device, some, within(reach, at))
            query = select(recording.c.name_sha256).select_from(there).where(mine)
            found |= {asked[one] for one in self._db.execute(query).scalars()}
        return found

    def elsewhere(self, ids: Collection[str]) -> Mapping[str, Elsewhere]:
        """Return one of them for each recording whose bytes are sealed as a file of another device too."""
        asked, other, found = list(ids), recording.alias(), dict[str, Elsewhere]()
        same = and_(other.c.sha256 == recording.c.sha256, other.c.device != recording.c.device)
        query = select(recording.c.id, other.c.device, other.c.name).select_from(recording.join(other, same))
        query = query.order_by(other.c.sealed_at.desc(), other.c.id)
        for first in range(0, len(asked), NAMES_AT_ONCE):
            some = recording.c.id.in_(asked[first : first + NAMES_AT_ONCE])
            for recording_id, device, name in self._db.execute(query.where(some)):
                found[recording_id] = Elsewhere(device, name)
        return found

    def unsound(self) -> int:
        """Count the recordings that were not what was sealed when they were last read back."""
        query = select(func.count()).select_from(recording).where(UNSOUND)
        return int(self._db.execute(query).scalar_one())

    def note_end(self, recording_id: str, ended_at: datetime | None) -> None:
        """Note when the recording ended (corrected)."""
        touched(self._db, [recording_id])
        self._set(recording_id, ended_at=text_or_none(ended_at))

    def note_check(self, recording_id: str, at: datetime | None, result: str) -> None:
        """Note the outcome of reading an original back; at: None when that was not done to the end."""
        done = {} if at is None else {"checked_at": to_text(at)}
        self._set(recording_id, check_result=result, **done)

    def _some(self, catalogue: Select[Any], ids: Collection[str]) -> Mapping[str, StoredRecording]:
        every, found = list(ids), dict[str, StoredRecording]()
        for first in range(0, len(every), NAMES_AT_ONCE):
            query = catalogue.where(recording.c.id.in_(every[first : first + NAMES_AT_ONCE]))
            found |= {one.recording.id: one for one in self._stored(self._db.execute(query).all())}
        return found

    def _stored(self, rows: Sequence[Any]) -> Iterator[StoredRecording]:
        given = given_of(self._db, [row.id for row in rows])
        return (read_recording(row, given.get(row.id, ()), first_seen(row)) for row in rows)

    def _set(self, recording_id: str, **values: Any) -> None:
        self._db.execute(update(recording).where(recording.c.id == recording_id).values(**values))


def _of_section(section: Section) -> Iterator[ColumnElement[bool]]:
    """Yield what a section asks. It never leaves out a recording that counts from a moment within it: from
    its end where that can be true, or from when the server first heard of it (domain/deadlines.py)."""
    if section.unit_ids is not None:
        yield from _of_units(sorted(section.unit_ids), section.first)
    if section.device is not None:
        yield recording.c.device == section.device
    if section.file is not None:
        yield recording.c.name_sha256 == name_digest(section.file)
    if section.wearer is not None:
        yield recording.c.wearer == section.wearer
    if section.first is not None:  # nothing counts from long after its seal
        yield recording.c.sealed_at >= to_text(section.first - _SPARE)
    if section.first is not None or section.last is not None:
        same = announced.c.recording_id == recording.c.id
        told = exists().where(same, is_between(announced.c.announced_at, section))
        moments = (recording.c.ended_at, recording.c.sealed_at, upload.c.created_at)
        yield or_(*(is_between(one, section) for one in moments), told)


def _of_units(unit_ids: Sequence[str], first: datetime | None) -> Iterator[ColumnElement[bool]]:
    """Yield that recordings were placed in these units. Those that count from before a moment are left out by
    the index of searches."""
    if first is None:
        yield standing.c.unit_id.in_(unit_ids)
        return
    since = search_row.c.counted_from >= to_text(first)
    mine = select(search_row.c.recording_id).where(search_row.c.unit_id.in_(unit_ids), since)
    yield recording.c.id.in_(mine)
    yield func.coalesce(standing.c.unit_id, "").in_(unit_ids)  # no index: that has all years


def read_recording(row: Any, given: tuple[Given, ...], seen_at: str) -> StoredRecording:
    """Read a row, with what was said of its labels and when the server first heard of it.

    Raises: IntegrityFault("row-unreadable") for values that this program never writes.
    """
    try:
        return _stored(row, given, seen_at)
    except (ValueError, TypeError) as problem:
        raise IntegrityFault("row-unreadable", recording=row.id, reason=str(problem)) from problem


def _stored(row: Any, given: tuple[Given, ...], seen_at: str) -> StoredRecording:
    return StoredRecording(
        recording=Recording(
            id=row.id,
            origin=origin_of(row),
            digests=Digests(row.sha256, row.sm3),
            sealed_at=from_text(row.sealed_at),
            retain_until=from_text(row.retain_until),
            policy_id=row.policy_id,
            policy_version=row.policy_version,
            data_key=row.data_key,
            data_version=row.data_version,
            manifest_key=row.manifest_key,
            manifest_version=row.manifest_version,
            manifest_sha256=row.manifest_sha256,
        ),
        receipt=row.receipt,
        first_seen_at=from_text(seen_at),
        ended_at=time_or_none(row.ended_at),
        checked_at=time_or_none(row.checked_at),
        check_result=row.check_result,
        given=given,
        gone_at=time_or_none(row.gone_at),
    )


def _columns(upload_id: str, new: Recording, receipt: bytes) -> dict[str, Any]:
    return {
        "id": new.id,
        "upload_id": upload_id,
        "sha256": new.digests.sha256,
        "sm3": new.digests.sm3,
        "sealed_at": to_text(new.sealed_at),
        "retain_until": to_text(new.retain_until),
        "policy_id": new.policy_id,
        "policy_version": new.policy_version,
        "data_key": new.data_key,
        "data_version": new.data_version,
        "manifest_key": new.manifest_key,
        "manifest_version": new.manifest_version,
        "manifest_sha256": new.manifest_sha256,
        "receipt": receipt,
        **origin_columns(new.origin),
    }
