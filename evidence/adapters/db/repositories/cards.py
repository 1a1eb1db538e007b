"""Card lists in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, or_, select, update

from evidence.adapters.db.people_tables import person
from evidence.adapters.db.repositories.pairs import among
from evidence.adapters.db.repositories.rows import (
    NAMES_AT_ONCE,
    is_between,
    name_digest,
    origin_columns,
    origin_of,
    portions,
)
from evidence.adapters.db.repositories.standings import owed_within
from evidence.adapters.db.tables import announced, card
from evidence.domain.access import Reach
from evidence.domain.deadlines import CLOCK_ERROR
from evidence.domain.instants import from_text, to_text
from evidence.domain.recordings import Origin
from evidence.service.catalogue import AnnouncedFile, Section

# A file whose card gives no time of modification stands under this one, so that the key is never null.
_NO_TIME = "0001-01-01T00:00:00.000000Z"


class SqlCards:
    """See service.ports.Cards."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, card_id: str, account_id: str, origin: Origin, at: datetime) -> None:
        """Add a card's list."""
        self._db.execute(
            insert(card).values(
                id=card_id,
                account_id=account_id,
                device=origin.device,
                wearer=origin.wearer,
                clock_offset_ms=origin.clock_offset_ms,
                labels=json.dumps(dict(origin.labels), ensure_ascii=False, sort_keys=True),
                announced_at=to_text(at),
            )
        )

    def announce(self, files: Sequence[AnnouncedFile]) -> Sequence[AnnouncedFile]:
        """Add announced files of one device, or return those already there, in the order given."""
        there = {_key(known.origin): known for known in self._known(files)}
        fresh = [file for file in files if _key(file.origin) not in there]
        if fresh:
            self._db.execute(insert(announced), [_columns(file) for file in fresh])
        return [there.get(_key(file.origin), file) for file in files]

    def _known(self, files: Sequence[AnnouncedFile]) -> Iterator[AnnouncedFile]:
        """Yield what is there under the names of these files, a few hundred names to a question."""
        for first in range(0, len(files), NAMES_AT_ONCE):
            names = [name_digest(file.origin.name) for file in files[first : first + NAMES_AT_ONCE]]
            mine = (announced.c.device == files[0].origin.device) & announced.c.name_sha256.in_(names)
            yield from (announced_file(row) for row in self._db.execute(announced_files().where(mine)))

    def match(self, origin: Origin) -> AnnouncedFile | None:
        """Return the announced file that an upload's origin names."""
        modified_at = _NO_TIME if origin.modified_at is None else to_text(origin.modified_at)
        row = self._db.execute(
            _LIKE,
            {
                "device": origin.device,
                "name": name_digest(origin.name),
                "size": origin.size_bytes,
                "modified": modified_at,
            },
        ).first()
        return None if row is None else announced_file(row)

    def match_all(self, origins: Sequence[Origin]) -> Sequence[AnnouncedFile | None]:
        """Return the same for each of these."""
        found = {}
        for some in portions(sorted({(one.device, name_digest(one.name)) for one in origins})):
            for file in map(announced_file, self._db.execute(_NAMED, {"pairs": some})):
                found[file.origin.device, *_key(file.origin)] = file
        return [found.get((one.device, *_key(one))) for one in origins]

    def mark_sealed(self, file_id: str, recording_id: str) -> None:
        """Note which recording an announced file became."""
        self._db.execute(update(announced).where(announced.c.id == file_id).values(recording_id=recording_id))

    def outstanding(
        self,
        *,
        reach: Reach | None = None,
        at: datetime | None = None,
        device: str | None = None,
        section: Section = Section(),  # noqa: B008 (frozen)
    ) -> Sequence[AnnouncedFile]:
        """Return announced files that are not sealed, oldest announcement first: those within reach, else
        (for the service's own work) all; device: of one recorder.
        """
        query = announced_files().where(announced.c.recording_id.is_(None), *_of_section(section))
        if device is not None:
            query = query.where(announced.c.device == device)
        if reach is not None:
            query = query.where(owed_within(reach, at, announced))
        ordered = query.order_by(announced.c.announced_at, announced.c.name)
        return [announced_file(row) for row in self._db.execute(ordered)]


def _of_section(section: Section) -> Iterator[ColumnElement[bool]]:
    """Yield what a section asks. It never leaves out a file that counts from a moment within it: from the end
    that the card tells, corrected, or from its announcement (domain/deadlines.py)."""
    if section.unit_ids is not None:
        home = person.c.unit_id.in_(sorted(section.unit_ids))
        yield announced.c.wearer.in_(select(person.c.number).where(home))
    if section.device is not None:
        yield announced.c.device == section.device
    if section.wearer is not None:
        yield announced.c.wearer == section.wearer
    if section.file is not None:
        yield announced.c.name_sha256 == name_digest(section.file)
    if section.first is not None:  # nothing counts from later than that after it was announced
        yield announced.c.announced_at >= to_text(section.first - CLOCK_ERROR)
    if section.first is not None or section.last is not None:
        moments = announced.c.announced_at, announced.c.modified_at
        is_moved = announced.c.clock_offset_ms != 0  # its end is none of these
        yield or_(is_moved, *(is_between(one, section) for one in moments))


def _key(origin: Origin) -> tuple[str, int, datetime | None]:
    return origin.name, origin.size_bytes, origin.modified_at


def _columns(file: AnnouncedFile) -> dict[str, Any]:
    columns = origin_columns(file.origin)
    del columns["labels"]
    columns["modified_at"] = columns["modified_at"] or _NO_TIME
    return {**columns, "id": file.id, "announced_at": to_text(file.announced_at), "recording_id": None}


def announced_files() -> Select[Any]:
    """Return the question for announced files, with the labels of their cards."""
    return select(announced, card.c.labels).join(card, card.c.id == announced.c.card_id)


# What an upload's origin names; made once, since each upload asks it at its beginning and at its end.
_LIKE = announced_files().where(
    announced.c.device == bindparam("device"),
    announced.c.name_sha256 == bindparam("name"),
    announced.c.size == bindparam("size"),
    announced.c.modified_at == bindparam("modified"),
)
_NAMED = announced_files().where(among(announced.c.device, announced.c.name_sha256))


def announced_file(row: Any) -> AnnouncedFile:
    """Read a row."""
    origin = origin_of(row)
    if row.modified_at == _NO_TIME:
        origin = origin.without_time()
    return AnnouncedFile(row.id, row.card_id, origin, from_text(row.announced_at), row.recording_id)
