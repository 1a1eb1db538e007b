"""Searching recordings by what is known of them, and searches that somebody keeps for themselves.

1. Found is what the caller may read the manifest of: what is searched by stands there, or is said beside it.
   Auxiliary personnel never (domain/rights.py: the law calls it a copy).
2. The look is logged, with what was asked; the name of a party as a personal value.
3. Counts are of the first `MOST_COUNTED`: where there are more, each is at least what it says.
4. A saved search is nobody else's. No article asks who keeps which; it is no act, and is really gone when it
   is taken away: it may hold the name of a party.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum

from evidence.domain.access import Caller, Reach, reach
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import is_id, new_id
from evidence.domain.people import is_below
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.catalogue import StoredRecording
from evidence.service.gate import admits
from evidence.service.instruments import local_day
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.recordings.search_ports import Hit, Place, SavedSearch, Sought, State
from evidence.service.site import Site

MOST, MOST_COUNTED = 50, 1000
MOST_SAVED, LONGEST_NAME, LONGEST_ASKED = 50, 60, 1000


@dataclass(frozen=True, slots=True)
class Counted:
    """How many recordings were found, at most MOST_COUNTED; has_more: there are more than these, and each
    count may be higher. Each facet: how many by value, the most first."""

    total: int
    has_more: bool
    units: Sequence[tuple[str | None, int]]
    wearers: Sequence[tuple[str, int]]
    devices: Sequence[tuple[str, int]]
    codes: Sequence[tuple[str, int]]
    classes: Sequence[tuple[str, int]]
    states: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. after: where the next one begins, None at the end. names: of units by id, of
    people by number."""

    hits: Sequence[Hit]
    recordings: Mapping[str, StoredRecording]
    counted: Counted
    after: Place | None
    unit_names: Mapping[str, str]
    people: Mapping[str, str]


@dataclass(frozen=True)
class Searching:
    """The desk where recordings are searched."""

    site: Site

    @admits(Action.READ_MANIFEST)
    def search(self, caller: Caller, sought: Sought, unit_id: str | None, after: Place | None) -> Found:
        """Return a page of the recordings within reach that are sought; the look is logged. unit_id: in this
        unit or below.

        Raises: NotFound("unit-not-found").
        """
        now, there = self.site.clock.now(), reach(caller, Action.READ_MANIFEST, self.site.bars())
        today = local_day(self.site.policies, now)
        if unit_id is not None:
            with self.site.database.reading() as unit:
                sought = _in_unit(unit, sought, unit_id)
        self.site.database.log(_asked(caller, sought, unit_id), now)
        with self.site.database.reading() as unit:
            counted = unit.searches.hits(sought, there, now, today, None, MOST_COUNTED + 1)
            page = counted
            if after is not None:
                page = unit.searches.hits(sought, there, now, today, after, MOST + 1)
            shown = _verified(unit, page[:MOST], there, now)
            worn = unit.people.by_numbers({one.wearer for one in shown})
            last = page[MOST - 1] if len(page) > MOST else None
            return Found(
                shown,
                unit.recordings.listed([one.recording_id for one in shown]),
                _counted(counted),
                None if last is None else Place(last.at, last.recording_id),
                full_names(unit.units.all()),
                {number: one.name for number, one in worn.items() if one.name},
            )

    @admits(Action.READ_MANIFEST)
    def saved(self, caller: Caller) -> Sequence[SavedSearch]:
        """Return one's own saved searches, by name."""
        with self.site.database.reading() as unit:
            return unit.searches.saved(caller.id)

    @admits(Action.READ_MANIFEST)
    def save(self, caller: Caller, name: str, asked: str) -> None:
        """Keep a search under a name of one's own. asked: the query of its address.

        Raises: Invalid("invalid-text"), Conflict("name-taken", "too-many-saved").
        """
        name = name.strip()
        if not is_plain(name) or len(name) > LONGEST_NAME:
            raise Invalid("invalid-text", field="name")
        if len(asked) > LONGEST_ASKED or not (asked.isascii() and asked.isprintable()):
            raise Invalid("invalid-text", field="search")
        with self.site.database.writing() as unit:
            mine = unit.searches.saved(caller.id)
            if any(one.name == name for one in mine):
                raise Conflict("name-taken", name=name)
            if len(mine) >= MOST_SAVED:
                raise Conflict("too-many-saved", most=MOST_SAVED)
            unit.searches.save(SavedSearch(new_id(), caller.id, name, asked, self.site.clock.now()))

    @admits(Action.READ_MANIFEST)
    def forget(self, caller: Caller, search_id: str) -> None:
        """Take one's own saved search away. Raises: NotFound("search-not-found")."""
        with self.site.database.writing() as unit:
            if not is_id(search_id) or not unit.searches.forget(caller.id, [search_id]):
                raise NotFound("search-not-found", search=search_id)


def _in_unit(unit: UnitOfWork, sought: Sought, unit_id: str) -> Sought:
    """Return what is sought in a unit and below."""
    units = unit.units.all()
    top = next((one for one in units if one.id == unit_id), None)
    if top is None:
        raise NotFound("unit-not-found", unit=unit_id)
    below = frozenset(one.id for one in units if is_below(one.path, top.path))
    values = {one.name: getattr(sought, one.name) for one in fields(sought)}
    return Sought(**{**values, "unit_ids": below})


def _asked(caller: Caller, sought: Sought, unit_id: str | None) -> Entry:
    """Return the entry of a search. Whom somebody asked for is a personal value."""
    told = {one.name: getattr(sought, one.name) for one in fields(sought) if one.name != "unit_ids"}
    plain = {
        name: value.value if isinstance(value, Enum) else value.isoformat() if name in _TIMES else value
        for name, value in told.items()
        if value not in (None, False) and name != "party"
    }
    by_unit = {} if unit_id is None else {"unit": unit_id}
    personal = {} if sought.party is None else {"party": sought.party}
    facts = {"list": "search", "asked": {**plain, **by_unit}}
    return Entry(Act.READ_LIST, caller.id, facts=facts, personal=personal)


_TIMES = ("since", "until")


def _verified(unit: UnitOfWork, hits: Sequence[Hit], there: Reach, at: datetime) -> Sequence[Hit]:
    """Return those that the policy itself lets through: what is searched by is only a copy."""
    standings = unit.standings.some([one.recording_id for one in hits], at)
    return [one for one in hits if there.covers(standings[one.recording_id])]


def _counted(hits: Sequence[Hit]) -> Counted:
    first = hits[:MOST_COUNTED]
    codes = Counter[str]()
    for finds, count in Counter(one.finds for one in first).items():
        codes.update(dict.fromkeys(finds.split(), count))
    states = {
        State.DESTROYED: sum(bool(one.is_gone) for one in first),
        State.HELD: sum(bool(one.is_held) for one in first),
        State.UNLABELLED: sum(bool(one.is_unlabelled) for one in first),
    }
    return Counted(
        len(first),
        len(hits) > MOST_COUNTED,
        Counter(one.unit_id for one in first).most_common(),
        Counter(one.wearer for one in first).most_common(),
        Counter(one.device for one in first).most_common(),
        codes.most_common(),
        Counter(one.kind for one in first).most_common(),
        Counter({state.value: count for state, count in states.items() if count}).most_common(),
    )
