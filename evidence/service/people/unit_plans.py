"""What a table of units would do to the tree: which are added or renamed, and which cells stand in the way.

A row names a unit with those above it: "A/B/C". With its id, another last name renames it; none moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, may_in
from evidence.domain.ids import new_id
from evidence.domain.people import WHOLE, Unit, unit_path
from evidence.domain.rights import Action
from evidence.domain.sheets import Fault, Reason
from evidence.domain.wording import is_plain
from evidence.service.people.sheet_plans import Said
from evidence.service.people.units import SEPARATOR, add_unit, full_names, rename_unit
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """What one row does: "added", "changed" (renamed) or "unchanged"."""

    row: int
    name: str  # with those above it
    what: str
    unit: Unit


class UnitPlanning:
    """Plans rows against the tree of one moment."""

    def __init__(self, unit: UnitOfWork, site: Site, caller: Caller) -> None:
        self._caller, self._bars = caller, site.bars()
        units = unit.units.all()
        names = full_names(units)
        self._known = {one.id: one for one in units if one.closed_at is None and self._is_mine(one.path)}
        self._names = {one.id: {names[one.id]} for one in units}  # old and, once renamed, new
        self._there = {names[one.id]: one for one in units if one.closed_at is None}
        self._seen: set[str] = set()

    def plan(self, row: int, said: Said) -> PlannedUnit | Fault:
        """Return what a row does, or what is wrong with it."""
        name = str(said.get("unit", ""))
        if not name:
            return Fault(row, "unit", Reason.MISSING)
        if not all(is_plain(part) for part in name.split(SEPARATOR)):
            return Fault(row, "unit", Reason.NOT_PLAIN, name)
        if name in self._seen:
            return Fault(row, "unit", Reason.TWICE, name)
        self._seen.add(name)
        return self._named(row, name, str(said["unit_id"])) if "unit_id" in said else self._new(row, name)

    def _named(self, row: int, name: str, unit_id: str) -> PlannedUnit | Fault:
        mine = self._known.get(unit_id)
        if mine is None:
            return Fault(row, "unit_id", Reason.UNIT_UNKNOWN, unit_id)
        above, _, last = name.rpartition(SEPARATOR)
        if above not in (self._names[mine.parent_id] if mine.parent_id else {""}):
            return Fault(row, "unit", Reason.WRONG_PARENT, name)
        if last == mine.name:
            return PlannedUnit(row, name, "unchanged", mine)
        if name in self._there:
            return Fault(row, "unit", Reason.NAME_TAKEN, name)
        self._names[mine.id].add(name)
        self._there[name] = mine
        return PlannedUnit(row, name, "changed", mine)

    def _new(self, row: int, name: str) -> PlannedUnit | Fault:
        if (there := self._there.get(name)) is not None:
            is_mine = self._is_mine(there.path)
            return PlannedUnit(row, name, "unchanged", there) if is_mine else _unknown(row, name)
        above, _, last = name.rpartition(SEPARATOR)
        parent = self._there.get(above)
        if (above and parent is None) or not self._is_mine(WHOLE if parent is None else parent.path):
            return _unknown(row, name)
        id_ = new_id()
        new = Unit(id_, last, unit_path(parent, id_), parent.id if parent else None)
        self._there[name] = new
        return PlannedUnit(row, name, "added", new)

    def _is_mine(self, path: str) -> bool:
        return may_in(self._caller, Action.MANAGE_UNITS, path, self._bars)


def enter_units(unit: UnitOfWork, site: Site, caller: Caller, planned: Sequence[PlannedUnit]) -> None:
    """Do what was planned, in this transaction; a parent stands before its units."""
    for one in planned:
        if one.what == "added":
            add_unit(unit, site, caller, one.unit)
        elif one.what == "changed":
            rename_unit(unit, site, caller, one.unit, one.name.rpartition(SEPARATOR)[2])


def _unknown(row: int, name: str) -> Fault:
    return Fault(row, "unit", Reason.UNIT_UNKNOWN, name)
