"""How many recordings were stored in time, counted along one index of the rows of searches.

Of what is sure by its numbers alone (end, seal, no line) nothing else is read. What must be judged one by one
is handed out as the index tells it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    not_,
    select,
    union_all,
)

from evidence.adapters.db.people_tables import unit
from evidence.adapters.db.repositories.standings import SEARCHED, within
from evidence.adapters.db.search_tables import search_row
from evidence.domain.access import Reach
from evidence.domain.instants import from_text, to_text
from evidence.domain.noted_lines import lines_noted
from evidence.domain.spans import Span
from evidence.errors import IntegrityFault
from evidence.service.catalogue import NotedRecording
from evidence.service.gaps.trend_ports import Plain

_row = search_row.c
NOTED = (_row.recording_id, _row.unit_id, _row.person_id, _row.wearer, _row.seen_at, _row.counted_from,
         _row.took_us, _row.lines)  # fmt: skip
_MICROSECOND = timedelta(microseconds=1)
_NEVER = 2**62  # nobody can tell how long it took


class SqlPunctuality:
    """See service.trend_ports.Punctuality."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def counts(
        self,
        reach: Reach,
        at: datetime,
        unit_ids: Collection[str] | None,
        spans: Sequence[Span],
        within_: timedelta,
        most: int,
    ) -> Sequence[Mapping[Plain, int]]:
        """Return how many recordings count from moments of each span, by unit and whether they are plain: of
        the first spans that hold so many together."""
        wanted = _row.unit_id, _is_plain(within_).label("plain")
        some = self._of(reach, at, unit_ids, *wanted).limit(bindparam("most")).subquery()
        query = select(some.c.unit_id, some.c.plain, func.count()).group_by(some.c.unit_id, some.c.plain)
        found = list[Mapping[Plain, int]]()
        for one in spans:
            rows = self._db.execute(query, {**_ends(one), "most": most + 1})
            counts = {Plain(unit_id, bool(is_plain)): int(count) for unit_id, is_plain, count in rows}
            most -= sum(counts.values())
            if most < 0:
                break
            found.append(counts)
        return found

    def others(
        self, reach: Reach, at: datetime, unit_ids: Collection[str] | None, span: Span, within_: timedelta
    ) -> Sequence[NotedRecording]:
        """Return those that are not plain."""
        query = self._of(reach, at, unit_ids, *NOTED, not_plain=within_)
        return [noted_recording(row) for row in self._db.execute(query, _ends(span))]

    def _of(
        self,
        reach: Reach,
        at: datetime,
        unit_ids: Collection[str] | None,
        *wanted: ColumnElement[Any],
        not_plain: timedelta | None = None,
    ) -> Select[Any]:
        """Return the question for recordings of a span. Each way into the index is one of its own: by units,
        and what nobody knows the unit of."""
        counted = and_(_row.counted_from >= bindparam("start"), _row.counted_from < bindparam("end"))
        here = select(*wanted).where(counted, within(reach, at, SEARCHED))
        if not_plain is not None:
            here = here.where(not_(_is_plain(not_plain)))
        if unit_ids is not None:
            return here.where(_row.unit_id.in_(sorted(unit_ids)))
        ways = _row.unit_id.in_(select(unit.c.id)), _row.unit_id.is_(None)
        return select(union_all(*(here.where(way) for way in ways)).subquery())


def _ends(span: Span) -> dict[str, Any]:
    return {"start": to_text(span.start), "end": to_text(span.end)}


def _is_plain(least: timedelta) -> ColumnElement[bool]:
    """Return the condition that a recording was stored within a time of its end, and has no line."""
    took = func.coalesce(_row.took_us, _NEVER)
    return and_(took <= least // _MICROSECOND, _row.lines == "")


def noted_recording(row: Any) -> NotedRecording:
    """Read a row of these columns. Raises: IntegrityFault("row-unreadable") for values that this program
    never writes."""
    took = None if row.took_us is None else row.took_us * _MICROSECOND
    lines = None if took is None else lines_noted(row.lines)
    try:
        times = from_text(row.seen_at), from_text(row.counted_from)
    except (ValueError, TypeError) as problem:
        raise IntegrityFault("row-unreadable", recording=row.recording_id, reason=str(problem)) from problem
    return NotedRecording(row.recording_id, row.unit_id, row.person_id, row.wearer, *times, took, lines)
