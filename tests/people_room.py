"""A small site with people: an agency with two units beside each other, and who works there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.adapters.db.tables import metadata
from evidence.domain.access import Caller, Grant
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Kind, Role
from evidence.errors import EvidenceError, Refused
from evidence.ledger.entries import read_entry
from evidence.service.oversight.refusals import OutOfSight
from evidence.service.people.people_ports import StoredGrant
from evidence.service.site import Site
from tests.builders import SmallSite, an_origin
from tests.service.footage import a_wav

OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
# Somebody who may decide everywhere, for rooms that are about something else.
LENDER = Caller("c" * 32, Kind.PERSON, "custodian", (Grant(Role.CUSTODIAN),), PersonType.OFFICER)
DECIDER = Caller("d" * 32, Kind.PERSON, "head", (Grant(Role.AGENCY_HEAD),), PersonType.OFFICER)


@dataclass
class Room:
    """Units, people with roles put in directly, and recordings that they wore."""

    small: SmallSite

    def __post_init__(self) -> None:
        self.agency = self.add_unit("agency")
        self.unit = self.add_unit("unit", self.agency)
        self.beside = self.add_unit("beside", self.agency)
        self._numbers = iter(range(1000, 9999))

    @property
    def site(self) -> Site:
        """The site."""
        return self.small.site

    def add_unit(self, name: str, parent: Unit | None = None) -> Unit:
        """Add a unit below another."""
        id_ = new_id()
        new = Unit(id_, name, unit_path(parent, id_), None if parent is None else parent.id)
        with self.small.database.writing() as unit:
            unit.units.add(new, self.small.clock.now())
        return new

    def add(
        self,
        *roles: Role,
        where: Unit | None = None,
        type_: PersonType = PersonType.OFFICER,
        number: str | None = None,
    ) -> str:
        """Add a person of a unit with roles there, past every desk; return the id."""
        home = where or self.unit
        new = Person(new_id(), number or str(next(self._numbers)), "某人", type_, home.id)
        with self.small.database.writing() as unit:
            unit.people.add(new, self.small.clock.now())
        for role in roles:
            self.give(new.id, role, home)
        return new.id

    def give(self, person_id: str, role: Role, where: Unit | None) -> str:
        """Put a grant in directly; where None: everywhere."""
        id_, now = new_id(), self.small.clock.now()
        unit_id = None if where is None else where.id
        with self.small.database.writing() as unit:
            unit.grants.add(StoredGrant(id_, person_id, role, unit_id, "test", "operator", now))
        return id_

    def caller(self, person_id: str) -> Caller:
        """Return a person as the next request sees them."""
        with self.small.database.reading() as unit:
            found = unit.grants.caller(person_id, self.small.clock.now())
        assert found is not None
        return found

    def new(self, *roles: Role, **how: Any) -> Caller:
        """Add a person and return them as a caller."""
        return self.caller(self.add(*roles, **how))

    def record(self, wearer: str, name: str | None = None, **origin: Any) -> str:
        """Have a person's recording sealed; return its id."""
        with self.small.database.reading() as unit:
            person = unit.people.get(wearer)
        assert person is not None
        body = a_wav(10)
        known = {"wearer": person.number, "size_bytes": len(body), **origin}
        upload = self.small.send(an_origin(name or f"{new_id()}.wav", **known), body)
        self.small.do_jobs()
        return upload.id

    def entries(self, act: Act | None = None) -> list[dict[str, Any]]:
        """Return the entries of the log, of one act or all."""
        found = [read_entry(body) for body in self.small.log()]
        return [one for one in found if act is None or one["act"] == act.value]

    def denied(self) -> list[tuple[str, str, str]]:
        """Return who was denied what, and why."""
        return [
            (one["by"], one["facts"]["action"], one["facts"].get("why", ""))
            for one in self.entries(Act.DENIED)
        ]

    def refused(self, code: str, family: type[EvidenceError] = Refused) -> Refusal:
        """Expect a refusal that changes nothing, and is logged where the caller may not."""
        return Refusal(self, code, family)

    def later(self, **length: float) -> datetime:
        """Return a moment ahead."""
        return self.small.clock.now() + timedelta(**length)

    def rows(self) -> str:
        """Return all rows about people and access, to show that a refusal changed none."""
        skipped = ("audit", "row_", "log_", "job")
        tables = [one for one in metadata.sorted_tables if not one.name.startswith(skipped)]
        with self.small.database.engine.connect() as connection:
            found = {
                one.name: [list(map(str, row)) for row in connection.execute(one.select())] for one in tables
            }
        return json.dumps({name: sorted(rows) for name, rows in found.items()})


class Refusal:
    """What is expected of a refusal; afterwards its fields."""

    def __init__(self, room: Room, code: str, family: type[EvidenceError]) -> None:
        self._room, self._code, self._family = room, code, family
        self.fields: dict[str, object] = {}

    def __enter__(self) -> Refusal:
        self._before, self._tries = self._room.rows(), len(self._room.denied())
        return self

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> bool:
        assert isinstance(problem, self._family), problem
        assert problem.code == self._code
        self.fields = problem.fields
        assert self._room.rows() == self._before, "a refusal changes nothing"
        if self._family in (Refused, OutOfSight):
            assert len(self._room.denied()) == self._tries + 1, "and is logged once"
        return True
