"""A whole site in this process, and browsers that hold cookies and say where their requests come from."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from evidence import bootstrap
from evidence.adapters.db.tables import metadata
from evidence.adapters.passwords import ArgonPasswords
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Kind, Role
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import open_session
from evidence.web.app import create_app
from evidence.web.deps import COOKIE
from tests import forms
from tests.asgi import ByLine, Line
from tests.builders import QUICK, HandClock

OPERATOR = Caller("operator", Kind.OPERATOR)
PASSWORD = "river-lamp-seven-91"
ORIGIN = "https://evidence.example"
HOME = "203.0.113.7"


class WebRoom:
    """A site behind its web door, with a clock that tests move."""

    def __init__(self, data: Path) -> None:
        self.admin_link, _ = forms.initialise(data)
        opened = bootstrap.build(data)
        self.clock = HandClock()
        self.clock.time = opened.site.clock.now() + timedelta(seconds=1)
        site = replace(opened.site, clock=self.clock, passwords=ArgonPasswords(QUICK))
        self.application = bootstrap._application(opened.settings, site, opened.queue)
        self.site = site
        self.app = create_app(self.application, start_workers=False)
        self.line = Line(self.app)
        with site.database.reading() as unit:
            (self.agency,) = unit.units.all()

    def add_person(self, number: str, *roles: Role) -> Person:
        """Add somebody on the roll who has set a password."""
        person = Person(new_id(), number, "某人", PersonType.OFFICER, self.agency.id)
        with self.site.database.writing() as unit:
            now = self.clock.now()
            unit.people.add(person, now)
            for role in roles:
                unit.grants.add(
                    StoredGrant(new_id(), person.id, role, self.agency.id, "post", "operator", now)
                )
        self.application.links.use(self.application.links.make(OPERATOR, number), PASSWORD)
        return person

    def dump(self) -> str:
        """Return all that the database holds, as text."""
        with self.site.database.engine.connect() as connection:  # type: ignore[attr-defined]
            reading = connection.execution_options(evidence_writes=False)
            return "\n".join(
                f"{table.name} {[*row]}"
                for table in metadata.sorted_tables
                for row in reading.execute(table.select())
            )

    def code(self, secret: str) -> str:
        """Return the code that an authenticator shows now."""
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        return TOTP(key, 6, SHA1(), 30).generate(int(self.clock.time.timestamp())).decode()


class Browser:
    """One browser at one address."""

    def __init__(self, room: WebRoom, address: str = HOME) -> None:
        self.client = httpx2.Client(transport=ByLine(room.line, address), base_url=ORIGIN)

    def get(self, path: str, **headers: str) -> Any:
        """Open a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Any:
        """Send a form as a page of ours does; a header given as "" is left out."""
        own = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
        given = {**own, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post(
            path, data=form or {}, headers={name: value for name, value in given.items() if value}
        )

    def sign_in(self, number: str, password: str = PASSWORD) -> Any:
        """Sign in with a password."""
        return self.post("/sign-in", {"login": number, "password": password})

    def take(self, room: WebRoom, number: str) -> None:
        """Have a session opened for somebody as if they had shown two factors."""
        with room.site.database.writing() as unit:
            person = unit.people.by_number(number)
            assert person is not None
            token, _ = open_session(unit, room.site, person.id, ("password", "totp"), HOME)
        self.client.cookies.set(COOKIE, token, domain="evidence.example")

    def csrf(self) -> str:
        """Return the token against forgery that one's own page holds."""
        return field(self.get("/account").text, "csrf")

    @property
    def token(self) -> str | None:
        """The session's token in the cookie."""
        return self.client.cookies.get(COOKIE)

    @property
    def is_signed_in(self) -> bool:
        """Whether one's own page opens."""
        return bool(self.get("/account").status_code == 200)


def field(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(f'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found.group(1)
