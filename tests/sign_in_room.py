"""A small site with a unit and people who can sign in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Role
from evidence.service.people_ports import StoredGrant
from evidence.service.sessions import Sessions, open_session
from evidence.service.sign_in_ports import StoredSignIn
from tests.builders import SmallSite


class SignInRoom:
    """A site with one agency and one custodian, number 012345."""

    def __init__(self, folder: Path) -> None:
        self.small = SmallSite(folder)
        self.sessions = Sessions(self.small.site)
        unit_id = new_id()
        self.unit = Unit(unit_id, "某局", unit_path(None, unit_id))
        with self.small.database.writing() as unit:
            unit.units.add(self.unit, self.small.clock.now())
        self.person = self.add_person("012345", Role.CUSTODIAN)

    def add_person(
        self, number: str, *roles: Role, kind: PersonType = PersonType.OFFICER, **more: Any
    ) -> Person:
        """Add somebody with an account and roles in the unit."""
        person = Person(new_id(), number, "某人", kind, self.unit.id, **more)
        with self.small.database.writing() as unit:
            now = self.small.clock.now()
            unit.people.add(person, now)
            unit.sign_ins.add(StoredSignIn(person.id, number, now))
            for role in roles:
                grant = StoredGrant(new_id(), person.id, role, self.unit.id, "post", "operator", now)
                unit.grants.add(grant)
        return person

    def open(self) -> tuple[str, str]:
        """Open a session for the custodian."""
        with self.small.database.writing() as unit:
            return open_session(unit, self.small.site, self.person.id, ("password",), "192.0.2.1")

    def entries(self, *acts: Act) -> list[dict[str, Any]]:
        """Return the log's entries of these acts, of all where none is named."""
        found = [json.loads(body) for body in self.small.log()]
        return [one for one in found if not acts or one["act"] in acts]
