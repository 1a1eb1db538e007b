"""A small site with people: an agency with two units, roles, and recordings of everybody, and of nobody.

Who is there (unit): officer, second, aux, head, custodian (a); stranger, head_b (b); chief (agency);
auditor (everywhere); the three administrators (everywhere, beside each other).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert

from evidence.adapters.db import people_tables as tables
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.people import Person, PersonType, Unit, unit_path
from evidence.domain.rights import Action, Kind, Role
from evidence.domain.standing import Classification
from evidence.service.cases.cases import Cases
from evidence.service.jobs import JobName
from evidence.service.people.people_ports import StoredGrant
from tests.builders import SmallSite, an_origin

OPERATOR = Caller("operator", Kind.OPERATOR, "operator")
A, B, AGENCY = "a", "b", "agency"
# word -> number, unit, role, unit of the grant (None: everywhere)
PEOPLE: dict[str, tuple[str, str, Role, str | None]] = {
    "officer": ("010001", A, Role.FIELD_OFFICER, A),
    "second": ("010002", A, Role.FIELD_OFFICER, A),
    "aux": ("XG330001", A, Role.AUXILIARY, A),
    "head": ("010009", A, Role.UNIT_HEAD, A),
    "custodian": ("010008", A, Role.CUSTODIAN, A),
    "stranger": ("020001", B, Role.FIELD_OFFICER, B),
    "head_b": ("020009", B, Role.UNIT_HEAD, B),
    "chief": ("000001", AGENCY, Role.AGENCY_HEAD, AGENCY),
    "auditor": ("000002", AGENCY, Role.AUDITOR, None),
    "system": ("000003", AGENCY, Role.SYSTEM_ADMINISTRATOR, None),
    "security": ("000004", AGENCY, Role.SECURITY_ADMINISTRATOR, None),
    "audit": ("000005", AGENCY, Role.AUDIT_ADMINISTRATOR, None),
}
NOBODY = "999999"  # a wearer whom the roll does not know


class MannedSite:
    """A small site and its people by the words above; `ids` of people and units by word."""

    def __init__(self, folder: Path, small: SmallSite | None = None) -> None:
        self.small = small or SmallSite(folder)
        self.cases = Cases(self.small.site)
        self.ids: dict[str, str] = {}
        self._recordings = 0
        now = self.small.clock.now()
        with self.small.database.writing() as unit:
            parent = None
            for word in (AGENCY, A, B):
                self.ids[word] = new_id()
                top = None if parent is None else parent.id
                made = Unit(self.ids[word], word, unit_path(parent, self.ids[word]), top)
                unit.units.add(made, now)
                parent = parent or made
        for word, (number, where, _, _) in PEOPLE.items():
            self.hire(word, number, where)
        for word, (_, _, role, scope) in PEOPLE.items():
            self.grant(word, role, scope)

    def hire(self, word: str, number: str, where: str) -> None:
        """Put somebody on the roll."""
        self.ids[word] = new_id()
        kind = PersonType.AUXILIARY if word == "aux" else PersonType.OFFICER
        one = Person(self.ids[word], number, None, kind, self.ids[where])
        with self.small.database.writing() as unit:
            unit.people.add(one, self.small.clock.now())

    def grant(self, word: str, role: Role, scope: str | None) -> str:
        """Give somebody a role; return the grant's id."""
        unit_id = None if scope is None else self.ids[scope]
        new = StoredGrant(
            new_id(), self.ids[word], role, unit_id, "for the test", "operator", self.small.clock.now()
        )
        with self.small.database.writing() as unit:
            unit.grants.add(new)
        return new.id

    def caller(self, word: str) -> Caller:
        """Return somebody as they stand now."""
        if word == "operator":
            return OPERATOR
        if word == "integration":
            return self.small.administrator
        with self.small.database.reading() as unit:
            found = unit.grants.caller(self.ids[word], self.small.clock.now())
        assert found is not None, word
        return found

    def seal(self, word: str, body: bytes = b"", **origin: object) -> str:
        """Seal a recording that somebody wore; return its id. Nothing is examined."""
        self._recordings += 1
        number = PEOPLE[word][0] if word in PEOPLE else word
        body = body or b"no media, number %d" % self._recordings
        told: dict[str, Any] = {"wearer": number, **origin}
        name = told.pop("name", f"DCIM/{number}_{self._recordings:04d}.mp4")
        upload = self.small.send(an_origin(name, size_bytes=len(body), **told), body)
        while self.small.work.do_next("tester", [JobName.SEAL]):
            pass
        return upload.id

    def insert(self, table: Table, **values: object) -> str:
        """Insert a row that no use case writes yet; return its id."""
        row = {"id": new_id(), **values}
        with self.small.database.writing() as unit:
            unit.standings._db.execute(insert(table).values(**row))  # type: ignore[attr-defined]
        return row["id"]

    def restrict(self, recording: str, *readers: str) -> None:
        """Make a recording one of privacy, with these readers."""
        with self.small.database.writing() as unit:
            unit.standings.classify(recording, Classification.PRIVACY)
        since = to_text(self.small.clock.now())
        for word in readers:
            named = {"recording_id": recording, "person_id": self.ids[word], "named_by": "operator"}
            self.insert(tables.reader, **named, since=since)

    def mark_serious(self, recording: str, *involved: str) -> None:
        """Mark a serious event that a recording shows, with these people in it."""
        marked = {"reason": "for the test", "marked_by": "operator"}
        event = self.insert(tables.serious_event, **marked, marked_at=to_text(self.small.clock.now()))
        self.insert(tables.serious_recording, event_id=event, recording_id=recording)
        for word in involved:
            self.insert(tables.serious_person, event_id=event, person_id=self.ids[word])

    def open_emergency(self, recording: str, word: str, minutes: int = 60) -> str:
        """Open a recording to somebody for a while; return the emergency's id."""
        now = self.small.clock.now()
        row = {"person_id": self.ids[word], "recording_id": recording, "reason": "for the test"}
        row |= {"asked_at": to_text(now), "decided_by": self.ids["chief"], "decided_at": to_text(now)}
        until = to_text(now + timedelta(minutes=minutes))
        return self.insert(tables.emergency, **row, is_granted=True, until=until)

    def case(self, recording: str, word: str, actions: Collection[Action]) -> str:
        """Open a case of unit a over a recording, with one member; return its id."""
        case = self.cases.open(OPERATOR, f"案 {new_id()}", self.ids[A])
        self.cases.link(OPERATOR, case.id, recording)
        self.cases.name(OPERATOR, case.id, self.ids[word], actions)
        return case.id
