"""How many recordings were stored in time, counted along one index of the rows of searches.

Of what is sure by its numbers alone (end, seal, no finding) nothing else is read. What must be judged one by
one is handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, not_, select, union_all

from evidence.adapters.db.people_tables import unit
from evidence.adapters.db.repositories.recordings import read_recording
from evidence.adapters.db.repositories.rows import NAMES_AT_ONCE
from evidence.adapters.db.repositories.standings import Placed, within
from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import recording
from evidence.domain.access import Reach
from evidence.domain.instants import to_text
from evidence.domain.spans import Span
from evidence.service.catalogue import StoredRecording
from evidence.service.trend_ports import Plain

_row = search_row.c
# In coalesce: no index is led by these.
_PLACED = Placed(
    _row.recording_id,
    func.coalesce(_row.unit_id, ""),
    func.coalesce(_row.person_id, ""),
    _row.classification,
)
_NEVER = 2**62  # nobody can tell how long it took
_READ = select(recording, _row.seen_at.label("first_byte"), literal(None).label("first_announced")).join(
    search_row, _row.recording_id == recording.c.id
)


class SqlPunctuality:
    """See service.trend_ports.Punctuality."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def counts(
        self,
        reach: Reach,
        at: datetime,
        unit_ids: Collection[str] | None,
        span: Span,
        within_: timedelta,
        most: int,
    ) -> Mapping[Plain, int]:
        """Return how many recordings count from moments of a span, by unit and whether they are plain; not
        more than so many."""
        plain = _is_plain(within_)
        found = self._of(reach, at, unit_ids, span, _row.unit_id, plain.label("plain")).limit(most).subquery()
        query = select(found.c.unit_id, found.c.plain, func.count())
        rows = self._db.execute(query.group_by(found.c.unit_id, found.c.plain))
        return {Plain(unit_id, bool(is_plain)): int(count) for unit_id, is_plain, count in rows}

    def others(
        self, reach: Reach, at: datetime, unit_ids: Collection[str] | None, span: Span, within_: timedelta
    ) -> Sequence[StoredRecording]:
        """Return those that are not plain, without their labels."""
        found = self._of(reach, at, unit_ids, span, _row.recording_id, not_plain=within_)
        ids, stored = list(self._db.execute(found).scalars()), list[StoredRecording]()
        for first in range(0, len(ids), NAMES_AT_ONCE):
            some = _READ.where(recording.c.id.in_(ids[first : first + NAMES_AT_ONCE]))
            stored += (read_recording(row, ()) for row in self._db.execute(some))
        return stored

    def _of(
        self,
        reach: Reach,
        at: datetime,
        unit_ids: Collection[str] | None,
        span: Span,
        *wanted: ColumnElement[Any],
        not_plain: timedelta | None = None,
    ) -> Select[Any]:
        """Return the question for recordings of a span. Each way into the index is one of its own: by units,
        and what nobody knows the unit of."""
        counted = and_(_row.counted_from >= to_text(span.start), _row.counted_from < to_text(span.end))
        here = select(*wanted).where(counted, within(reach, at, _PLACED))
        if not_plain is not None:
            here = here.where(not_(_is_plain(not_plain)))
        if unit_ids is not None:
            return here.where(_row.unit_id.in_(sorted(unit_ids)))
        ways = _row.unit_id.in_(select(unit.c.id)), _row.unit_id.is_(None)
        return select(union_all(*(here.where(way) for way in ways)).subquery())


def _is_plain(least: timedelta) -> ColumnElement[bool]:
    """Return the condition that a recording was stored within a time of its end, and nothing was found."""
    took = func.coalesce(_row.took_us, _NEVER)
    return and_(took <= least // timedelta(microseconds=1), _row.codes == "")
