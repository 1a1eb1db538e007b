"""Searching recordings, in SQL, at a million of them.

Each question is driven by one index that is chosen here, in the order of the list: a column that stands in
`coalesce` uses none. What somebody may know of comes on several ways (a unit, their own, a case): each is a
question of its own, and the answers are merged. The reach is that of `standings.within`, over the search's
own columns; a test holds both against each other, and who asks has each row of a page judged once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, false, func, insert, or_, select

from evidence.adapters.db.people_tables import case_member, reader, unit
from evidence.adapters.db.repositories.one_row import OneRow
from evidence.adapters.db.repositories.standing_rows import memberships, runs
from evidence.adapters.db.search_tables import saved_search, search_code, search_row
from evidence.domain.access import Reach
from evidence.domain.instants import from_text, to_text
from evidence.domain.people import WHOLE
from evidence.domain.standing import Classification
from evidence.service.recordings.search_ports import Hit, Place, SavedSearch, Sought, State

FEW = 20_000  # rows that are read whole, and put in order then
MANY_UNITS = 20  # above that the list is read in order, and asked of each row whose it is
_LAST = "\U0010ffff"
_row = search_row.c
_IN_ORDER = itemgetter(1, 0)


class SqlSearches:
    """See service.search_ports.Searches."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def hits(
        self, sought: Sought, reach: Reach, at: datetime, today: date, after: Place | None, most: int
    ) -> Sequence[Hit]:
        """Return the first recordings after a place."""
        if reach.shunned is not None or reach.not_by is not None:
            raise ValueError(f"no search: {reach.action}")
        question = _Question(self._db, sought, reach, at, today, after, most)
        ways = self._ways(sought, reach, at)
        found = {row for way in ways for row in question.ask(way)}  # one may come on several ways
        ordered = sorted(found, key=_IN_ORDER, reverse=not sought.oldest_first)
        return [Hit(*row) for row in ordered[:most]]

    def _ways(self, sought: Sought, reach: Reach, at: datetime) -> Iterator[_Way]:
        """Yield the ways on which somebody may know of a recording, each with what it asks."""
        asked = sought.unit_ids
        if reach.everything or WHOLE in reach.paths:
            yield _Way() if asked is None else _Way(units=asked)
            return
        if reach.paths:
            below = or_(*(unit.c.path.like(f"{path}%") for path in sorted(reach.paths)))
            mine = select(unit.c.id).where(below)
            if asked is not None:
                mine = mine.where(unit.c.id.in_(sorted(asked)))
            few = frozenset(self._db.execute(mine.limit(MANY_UNITS + 1)).scalars())
            yield _Way(units=few) if len(few) <= MANY_UNITS else _Way(among=mine)
        if reach.own is not None:
            yield _Way(units=asked, person=reach.own)
        if reach.member is not None:
            linked = memberships(at).where(
                case_member.c.person_id == reach.member, case_member.c.action == reach.action.value
            )
            if self._db.execute(linked.limit(1)).first() is not None:
                yield _Way(units=asked, ids=_row.recording_id.in_(linked))
        if reach.opened:
            yield _Way(units=asked, ids=_row.recording_id.in_(sorted(reach.opened)))

    def saved(self, person_id: str) -> Sequence[SavedSearch]:
        """Return what somebody has saved, by name."""
        mine = select(saved_search).where(saved_search.c.person_id == person_id)
        rows = self._db.execute(mine.order_by(saved_search.c.name, saved_search.c.id))
        return [
            SavedSearch(row.id, row.person_id, row.name, row.asked, from_text(row.saved_at)) for row in rows
        ]

    def save(self, new: SavedSearch) -> None:
        """Add one."""
        row = {"id": new.id, "person_id": new.person_id, "name": new.name, "asked": new.asked}
        self._db.execute(insert(saved_search).values(**row, saved_at=to_text(new.saved_at)))

    def forget(self, person_id: str, search_ids: Collection[str]) -> int:
        """Remove some of one's own; return how many there were."""
        mine = (saved_search.c.person_id == person_id) & saved_search.c.id.in_(sorted(search_ids))
        return int(self._db.execute(delete(saved_search).where(mine)).rowcount)


@dataclass(frozen=True, slots=True)
class _Way:
    """units: the recording is placed in one of them. among: the same, where they are many. ids: a condition
    that an index of ids answers."""

    units: frozenset[str] | None = None
    among: Select[Any] | None = None
    person: str | None = None
    ids: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class _Question:
    """One search; `ask` asks it on one way."""

    db: Connection
    sought: Sought
    reach: Reach
    at: datetime
    today: date
    after: Place | None
    most: int

    def ask(self, way: _Way) -> Sequence[Any]:
        """Return the first of a way, in any order, each as a hit has it."""
        if way.units is not None and not way.units:
            return ()
        equal, begins = self._equal(way), self._begins()
        driver = self._driver(way, equal, begins)
        moment = search_code.c.at if driver == "code" else _row.at
        is_sorted = driver not in ("ids", "case_number", "party", "units")
        order: list[Any] = [moment, _row.recording_id] if is_sorted else [_plain(_row.at), _row.recording_id]
        if not self.sought.oldest_first:
            order = [one.desc() for one in order]
        query = self._base(driver == "code").where(*self._always(moment))
        if way.ids is not None:
            query = query.where(way.ids)
        for name, value in equal.items():
            query = query.where(_one_of(_row[name] if name == driver else _plain(_row[name]), value))
        for name, text in begins.items():
            query = query.where(_starts(_row[name] if name == driver else _plain(_row[name]), text))
        if way.among is not None:
            query = query.where(_plain(_row.unit_id).in_(way.among))
        if way.units is not None:
            column = _row.unit_id if driver in ("units", "unit_id") else _plain(_row.unit_id)
            query = query.where(_one_of(column, way.units))
        return OneRow(query.order_by(*order).limit(self.most)).of(self.db)

    def _told(self) -> Iterator[ColumnElement[Any]]:
        """Yield what a hit tells, in its order: all of it stands in the index of units."""
        yield from (_row.recording_id, _row.at, _row.unit_id, _row.device, _row.wearer, _row.classification)
        yield and_(_row.is_bare, _plain(_row.due) < self.today.isoformat()).label("is_unlabelled")
        yield from (_row.is_held, _row.is_gone, _row.codes)

    def _base(self, by_code: bool) -> Select[Any]:
        """Return the question by the index of codes, or with the code asked of each row."""
        query, code = select(*self._told()), self.sought.code
        if code is None:
            return query
        if not by_code:
            return query.where(_row.codes.contains(f" {code.value} ", autoescape=True))
        return query.join(search_code, search_code.c.recording_id == _row.recording_id).where(
            search_code.c.code == code.value
        )

    def _equal(self, way: _Way) -> dict[str, Any]:
        """Return the columns that must have a value, the most telling first."""
        sought, state = self.sought, self.sought.state
        wanted: dict[str, Any] = {
            "person_id": way.person,
            "wearer": sought.wearer,
            "device": sought.device,
            "is_held": True if state is State.HELD else None,
            "classification": sought.classification and sought.classification.value,
            "is_bare": True if state is State.UNLABELLED else None,
            "is_gone": True if state is State.DESTROYED else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def _begins(self) -> dict[str, str]:
        wanted = {"case_number": self.sought.case, "party": self.sought.party}
        return {name: text for name, text in wanted.items() if text}

    def _driver(self, way: _Way, equal: dict[str, Any], begins: dict[str, str]) -> str:
        """Return the column by whose index the question is answered."""
        if way.ids is not None:
            return "ids"
        for name, text in begins.items():
            some = select(_row.recording_id).where(_starts(_row[name], text)).limit(FEW + 1).subquery()
            if self.db.execute(select(func.count()).select_from(some)).scalar_one() <= FEW:
                return name
        for name in ("person_id", "wearer", "device"):
            if name in equal:
                return name
        if way.units is not None and len(way.units) <= MANY_UNITS:
            return "unit_id" if len(way.units) == 1 else "units"
        if "is_held" in equal or "classification" in equal:
            return "is_held" if "is_held" in equal else "classification"
        return "code" if self.sought.code is not None else next(iter(equal), "at")

    def _always(self, moment: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
        """Yield what is asked whatever drives: time, place in the list, day of a case number, class."""
        sought, after = self.sought, self.after
        if sought.since is not None:
            yield moment >= to_text(sought.since)
        if sought.until is not None:
            yield moment < to_text(sought.until)
        if after is not None:
            at, id_ = to_text(after.at), after.recording_id
            if sought.oldest_first:
                yield and_(moment >= at, or_(moment > at, _row.recording_id > id_))
            else:
                yield and_(moment <= at, or_(moment < at, _row.recording_id < id_))
        if sought.state is State.UNLABELLED:
            yield _plain(_row.due) < self.today.isoformat()
        if not (self.reach.everything or self.reach.any_class):
            named = select(reader.c.recording_id).where(
                reader.c.person_id == self.reach.reader, runs(reader, self.at)
            )
            is_ordinary = _plain(_row.classification) == Classification.ORDINARY.value
            yield or_(is_ordinary, _row.recording_id.in_(named))


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column that no index is used for."""
    return func.coalesce(column, false() if str(column.type) == "BOOLEAN" else "")


def _one_of(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    many = sorted(value) if isinstance(value, frozenset) else [value]
    one: ColumnElement[bool] = column == many[0]
    return one if len(many) == 1 else column.in_(many)


def _starts(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """By code point, as both engines compare."""
    return and_(column >= text, column < text + _LAST)
