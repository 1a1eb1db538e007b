"""What an officer's desk is tried on: a recorder in their hands, recordings they wore, gaps among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from evidence.domain.access import Caller
from evidence.domain.devices import Issue
from evidence.domain.findings import Finding
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType, Undertaking, UndertakingKind
from evidence.domain.recordings import Origin
from evidence.domain.rights import Role
from evidence.service.catalogue import Scope
from evidence.service.instruments import pack_at
from evidence.service.sign_in.sign_in_ports import StoredSignIn
from tests.gap_room import a_gap
from tests.pages.room import Desks
from tests.service.footage import a_wav
from tests.web.browser import OPERATOR

SERIAL = "DSJX9A00123"
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>\u202e=1+1.mp4"


class OfficerRoom(Desks):
    """The site of all desks, and what officers have there."""

    def _hire(self, person: Person, role: Role) -> Person:
        """Add somebody whose account is active: for an auxiliary with contract and undertakings."""
        day = (self.clock.now() - timedelta(days=30)).date()
        if person.type is PersonType.AUXILIARY:
            person = replace(person, contract_from=day)
        hired = super()._hire(person, role)
        with self.site.database.writing() as unit:
            if unit.sign_ins.get(hired.id) is None:
                unit.sign_ins.add(StoredSignIn(hired.id, hired.number, self.clock.now()))
            if not unit.people.undertakings(hired.id):
                for kind in UndertakingKind:
                    unit.people.add_undertaking(Undertaking(new_id(), hired.id, kind, day))
        return hired

    def caller(self, word: str) -> Caller:
        """Return somebody as the next request sees them."""
        with self.site.database.reading() as unit:
            found = unit.grants.caller(self.staff[word].id, self.clock.now())
        assert found is not None
        return found

    def register(self, serial: str = SERIAL) -> None:
        """Put a recorder on the register of the agency."""
        self.application.equipment.register.add(
            self.caller("custodian"), serial, "body-camera", self.agency.id
        )

    def issue(self, word: str = "officer", serial: str = SERIAL) -> None:
        """Put a recorder into somebody's hands, as an override where nothing else is on file."""
        with self.site.database.writing() as unit:
            device = unit.devices.find(serial)
            assert device is not None
            person, keeper = self.staff[word], self.staff["custodian"]
            unit.devices.add_issue(Issue(new_id(), device.id, person.id, keeper.id, self.clock.now()))

    def origin(self, name: str, word: str = "officer", **changes: Any) -> Origin:
        """Return where a file of somebody's recorder comes from; it ended an hour ago."""
        ended = self.clock.now() - timedelta(hours=1)
        return replace(
            Origin(SERIAL, self.staff[word].number, name, 4, ended.replace(microsecond=0)), **changes
        )

    @property
    def dock(self) -> Caller:
        """A dock, made when it is first needed."""
        with self.site.database.reading() as unit:
            there = [one for one in unit.accounts.all() if one.name == "dock"]
        if there:
            return there[0]
        return self.application.accounts.add_dock(OPERATOR, "dock")[0]

    def announce(self, *files: Origin) -> None:
        """Let a dock tell a card's list."""
        self.application.cards.announce(self.dock, replace(files[0], name="-", size_bytes=0), files)

    def record(self, name: str, word: str = "officer", body: bytes | None = None, **changes: Any) -> str:
        """Have a recording sealed, and what follows done; return its id."""
        body = a_wav(10) if body is None else body
        origin = self.origin(name, word, size_bytes=len(body), **changes)
        self.announce(origin)
        uploads = self.application.uploads
        upload = uploads.create(self.dock, origin, None)
        with uploads.receive(self.dock, upload.id, 0, len(body), None) as reception:
            reception.take(body)
            reception.commit()
        self.do_jobs()
        return upload.id

    def do_jobs(self) -> None:
        """Do all jobs that are due."""
        while self.application.work.do_next("tester"):
            pass

    def find(self, recording: str, *found: Finding, device: str = SERIAL) -> None:
        """Let this be what an examination of a recording found."""
        now = self.clock.now()
        with self.site.database.writing() as unit:
            scope = Scope("recording", recording, device, {one.file: recording for one in found})
            pack = pack_at(self.site.policies, now)
            unit.examinations.record(scope, "sequence", pack, "{}", found, now)

    def gap(self, seconds: float = 41.0) -> tuple[str, Sequence[str]]:
        """Have two recordings with a gap between them; return its name and their ids."""
        first, after = self.record("a.wav"), self.record("b.wav")
        self.find(first, a_gap(seconds))
        self.find(after)
        (one,) = [
            one
            for one in self.application.own_shift.asked(self.caller("officer"))
            if one.part == "interruptions"
        ]
        return one.standing.name, [first, after]
