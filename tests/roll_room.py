"""A small site with an agency, units below it and people who may manage or read the roll."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from evidence.adapters.packs import load_pack
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, UndertakingKind, Unit
from evidence.domain.rights import Kind, Role
from evidence.service.people.people import People
from evidence.service.people.people_ports import StoredGrant
from evidence.service.people.units import Units
from tests import inside
from tests.builders import SmallSite

OPERATOR = Caller("operator", Kind.OPERATOR, "operator")


class RollRoom(SmallSite):
    """A site with an agency `town`, its units `east` and `west`; policy: the pack in force."""

    def __init__(self, folder: Path, policy: str = "dazhe-2020") -> None:
        super().__init__(folder)
        self.site = replace(self.site, policies=load_pack(policy))
        self.units, self.people = Units(self.site), People(self.site)
        self.town = self.units.add(OPERATOR, "大柘镇")
        self.east = self.units.add(OPERATOR, "东片执法队", self.town.id)
        self.west = self.units.add(OPERATOR, "西片执法队", self.town.id)

    def person(
        self, number: str, type_: PersonType = PersonType.OFFICER, unit: Unit | None = None, **details: Any
    ) -> Person:
        """Add a person, to the east unit where none is named."""
        return self.people.add(OPERATOR, number, type_, (unit or self.east).id, **details)

    def caller(self, number: str, role: Role, unit: Unit | None = None) -> Caller:
        """Add an officer of the east with a role in a unit; None: everywhere."""
        one = self.person(number, name="管理员")
        with self.database.writing() as work:
            now = self.clock.now()
            unit_id = None if unit is None else unit.id
            work.grants.add(StoredGrant(new_id(), one.id, role, unit_id, "test", "operator", now))
        return self.as_caller(one)

    def as_caller(self, one: Person) -> Caller:
        """Return a person as a caller, with what is in force for them."""
        with self.database.reading() as work:
            found = work.grants.caller(one.id, self.clock.now())
        assert found is not None
        return found

    def in_order(self, number: str, **details: Any) -> Person:
        """Add an auxiliary who has all that the packs ask for."""
        one = self.person(number, PersonType.AUXILIARY, contract_from=date(2026, 1, 1), **details)
        for kind in UndertakingKind:
            self.people.add_undertaking(OPERATOR, number, kind, date(2026, 1, 5))
        self.people.add_training(OPERATOR, number, "岗前培训", 10, date(2026, 1, 20), True)
        return one

    def rows(self, *tables: str) -> list[list[tuple[object, ...]]]:
        """Return all rows of these tables."""
        return [inside.rows(self.folder, f"SELECT * FROM {one} ORDER BY id") for one in tables]  # noqa: S608

    def roll(self) -> list[list[tuple[object, ...]]]:
        """Return all rows of the roll, to show that a refusal changed nothing."""
        return self.rows("unit", "person", "post", "training", "undertaking")

    def entries(self, act: str) -> list[dict[str, Any]]:
        """Return the entries of an act."""
        return [one for one in map(json.loads, self.log()) if one["act"] == act]

    def payload(self) -> list[tuple[object, ...]]:
        """Return what the log's commitments stand for."""
        return inside.rows(self.folder, "SELECT * FROM audit_payload ORDER BY log, idx, field")
