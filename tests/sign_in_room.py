"""A small site with a unit and people who can sign in."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Kind, Role
from evidence.domain.sign_in import PROFILES
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.account_desk import AccountDesk
from evidence.service.sign_in.links import Links, Offer
from evidence.service.sign_in.own_account import OwnAccount
from evidence.service.sign_in.sessions import Sessions, open_session
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from evidence.service.sign_in.signing_in import SigningIn
from tests.builders import SmallSite

OPERATOR = Caller("operator", Kind.OPERATOR)
PASSWORD = "river-lamp-seven-91"
HOME = "192.0.2.1"


class SignInRoom:
    """A site with one agency and one custodian, number 012345."""

    def __init__(self, folder: Path, profile: str = "default") -> None:
        self.small = SmallSite(folder)
        rules = PROFILES[profile]
        self.small.site = replace(self.small.site, terms=replace(self.small.site.terms, sign_in=rules))
        self.rules = rules
        self.sessions = Sessions(self.small.site)
        self.signing_in = SigningIn(self.small.site)
        self.links = Links(self.small.site)
        self.own = OwnAccount(self.small.site)
        self.desk = AccountDesk(self.small.site)
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

    def set_password(self, number: str, password: str = PASSWORD) -> Offer:
        """Have somebody set their password by a link."""
        return self.links.use(self.links.make(OPERATOR, number), password)

    def code(self, offer: Offer, steps: int = 0) -> str:
        """Return the code that an authenticator shows for an offered secret, so many steps from now."""
        key = base64.b32decode(offer.secret + "=" * (-len(offer.secret) % 8))
        time = int(self.small.clock.time.timestamp()) + 30 * steps
        return TOTP(key, 6, SHA1(), 30).generate(time).decode()

    def with_codes(self, number: str = "012345") -> Offer:
        """Have somebody set a password and a second factor, and wait until the next code."""
        offer = self.set_password(number)
        self.links.confirm(offer.token, self.code(offer))
        self.small.clock.pass_by(timedelta(minutes=2))
        return offer

    def caller(self, person: Person) -> Caller:
        """Return a person as a caller."""
        with self.small.database.reading() as unit:
            found = unit.grants.caller(person.id, self.small.clock.now())
        assert found is not None
        return found

    def entries(self, *acts: Act) -> list[dict[str, Any]]:
        """Return the log's entries of these acts, of all where none is named."""
        found = [json.loads(body) for body in self.small.log()]
        return [one for one in found if not acts or one["act"] in acts]
