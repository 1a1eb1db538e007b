"""Agencies and units: a tree. Its paths never change, so what was sealed below one stays there.

A unit is closed only when nobody, no open unit and no device is left in it. Whoever manages units does so in
their own scope; agencies are made by who may do so everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import Unit, unit_path
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid
from evidence.service.gate import admits
from evidence.service.people.roll_scope import admit_to_unit, admit_to_whole, check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

SEPARATOR = "/"  # between the names of a unit and those above it, in tables


@dataclass(frozen=True)
class Units:
    """The desk for units."""

    site: Site

    @admits(Action.MANAGE_UNITS)
    def add(self, caller: Caller, name: str, parent_id: str | None = None) -> Unit:
        """Add an agency, or a unit below another.

        Raises: Invalid, Conflict("name-taken", "unit-closed"), NotFound, Refused("not-permitted").
        """
        check_unit_name(name)
        parent = None
        if parent_id is None:
            admit_to_whole(self.site, caller, Action.MANAGE_UNITS)
        else:
            parent = admit_to_unit(self.site, caller, Action.MANAGE_UNITS, parent_id)
        id_ = new_id()
        new = Unit(id_, name, unit_path(parent, id_), parent_id)
        with self.site.database.writing() as unit:
            add_unit(unit, self.site, caller, new)
        return new

    @admits(Action.MANAGE_UNITS)
    def rename(self, caller: Caller, unit_id: str, name: str) -> None:
        """Give a unit another name. Raises: Invalid, Conflict("name-taken", "unit-closed"), NotFound."""
        check_unit_name(name)
        mine = admit_to_unit(self.site, caller, Action.MANAGE_UNITS, unit_id)
        with self.site.database.writing() as unit:
            rename_unit(unit, self.site, caller, mine, name)

    @admits(Action.MANAGE_UNITS)
    def close(self, caller: Caller, unit_id: str) -> None:
        """Close a unit that is empty. Raises: NotFound, Conflict("unit-not-empty", "unit-closed")."""
        admit_to_unit(self.site, caller, Action.MANAGE_UNITS, unit_id)
        with self.site.database.writing() as unit:
            people = sum(one.unit_id == unit_id and one.left_at is None for one in unit.people.all())
            units = sum(one.parent_id == unit_id and one.closed_at is None for one in unit.units.all())
            devices = sum(one.unit_id == unit_id and one.retired_at is None for one in unit.devices.all())
            if people or units or devices:
                raise Conflict("unit-not-empty", unit=unit_id, people=people, units=units, devices=devices)
            now = self.site.clock.now()
            unit.units.close(unit_id, now)
            unit.log.append(Entry(Act.UNIT_CLOSE, caller.id, (("unit", unit_id),)), now)

    @admits(Action.READ_PEOPLE)
    def all(self, caller: Caller) -> Sequence[Unit]:
        """Return the units in the caller's scope, closed ones too; a parent before its units."""
        return self._visible(caller, Action.READ_PEOPLE)

    def _visible(self, caller: Caller, action: Action) -> Sequence[Unit]:
        bars = self.site.bars()
        with self.site.database.reading() as unit:
            return [one for one in unit.units.all() if may_in(caller, action, one.path, bars)]


def check_unit_name(name: str) -> None:
    """Refuse what can be no name of a unit. Raises: Invalid("invalid-text")."""
    check_text("unit", name)
    if SEPARATOR in name:
        raise Invalid("invalid-text", field="unit")


def add_unit(unit: UnitOfWork, site: Site, caller: Caller, new: Unit) -> None:
    """Add a unit in a transaction, and log it. Raises: Conflict("name-taken")."""
    now = site.clock.now()
    unit.units.add(new, now)
    facts = {"name": new.name, "parent": new.parent_id}
    unit.log.append(Entry(Act.UNIT_ADD, caller.id, (("unit", new.id),), facts=facts), now)


def rename_unit(unit: UnitOfWork, site: Site, caller: Caller, mine: Unit, name: str) -> None:
    """Rename a unit in a transaction, and log it. Raises: Conflict("name-taken")."""
    siblings = (one for one in unit.units.all() if one.parent_id == mine.parent_id and one.id != mine.id)
    if any(one.name == name and one.closed_at is None for one in siblings):
        raise Conflict("name-taken", name=name)
    unit.units.rename(mine.id, name)
    facts = {"name": name, "before": mine.name}
    unit.log.append(Entry(Act.UNIT_RENAME, caller.id, (("unit", mine.id),), facts=facts), site.clock.now())


def full_names(units: Sequence[Unit]) -> Mapping[str, str]:
    """Return the name of each unit by id, with those above it: "A/B/C". Parents must be among them."""
    names = {one.id: one.name for one in units}
    return {
        one.id: SEPARATOR.join(names[part] for part in one.path.strip("/").split("/") if part in names)
        for one in units
    }
