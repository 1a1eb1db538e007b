"""One site in this process with a recording for every relation that a caller can have to it, and people whose
requests come in through one seam: who holds a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, update

from evidence import bootstrap, founding
from evidence.adapters.db import people_tables as t
from evidence.adapters.db.repositories.search_rows import touched
from evidence.adapters.db.unit_of_work import SqlUnitOfWork
from evidence.bootstrap import Application
from evidence.domain.access import ANYONE, Caller, Grant
from evidence.domain.instants import to_text
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.recordings import Origin
from evidence.domain.rights import ABOUT_RECORDINGS, Action, Kind, Role
from evidence.domain.standing import Classification, Standing
from evidence.service.jobs import JobName
from evidence.service.sign_in.accounts import Accounts
from evidence.web.app import create_app
from tests.adapters.db.crowd import START, Crowd
from tests.asgi import Line
from tests.builders import an_origin

OPERATOR = Caller("operator", Kind.OPERATOR)
OWN, BELOW, BESIDE = "own unit", "unit below", "unit beside"
# What a caller can have to do with a recording. Each has a recording of its own.
RELATIONS = (
    "own",
    "own unit",
    "unit below",
    "unit beside",
    "nobody's unit",
    "case with the right",
    "case with all rights but this one",
    "restricted, reader",
    "restricted, no reader",
    "serious event, involved",
    "emergency",
    "held",
    "under transfer",
)
ABSENT = "f" * 32


@dataclass(frozen=True)
class Known(Accounts):
    """The accounts of a site, and people as callers: the one seam by which tests come in as somebody."""

    callers: Mapping[str, Caller]

    def identify(self, token: str) -> Caller | None:
        """Return who comes with a token."""
        return self.callers.get(token) or super().identify(token)


@dataclass(frozen=True)
class Persona:
    """Somebody who asks. Grants are in their own unit, or everywhere."""

    name: str
    caller: Caller


class Room:
    """The site. `act` writes to its tables past the program; what then stands is in `standings`."""

    def __init__(self, data: Path) -> None:
        founding.initialise(data, "dazhe-2020", "test.example/site", False)
        self.application: Application = bootstrap.build(data)
        self.callers: dict[str, Caller] = {}
        asked = copy(self.application)  # the same desks, but for who knows whose token it is
        object.__setattr__(asked, "accounts", Known(self.application.site, self.callers))
        self.line = Line(create_app(asked, start_workers=False))
        self.site = self.application.site
        self.dock, self.dock_token = self.application.accounts.add_dock(OPERATOR, "dock")
        self.recordings = {relation: self.seal(relation) for relation in RELATIONS}
        self.upload_id = self.application.uploads.create(
            self.dock, an_origin("open.mp4", size_bytes=4), None
        ).id
        self.units: dict[str, tuple[str, str]] = {}
        self.standings: dict[str, Standing] = {}
        with self.site.database.writing() as unit:
            self._prepare(_Rows(unit.standings._db))  # type: ignore[attr-defined]
            self._searched(unit)

    def close(self) -> None:
        """Close the site."""
        self.line.__exit__(None, None, None)
        self.site.database.close()

    def seal(self, name: str) -> str:
        """Send a file and return the recording that it became."""
        origin: Origin = an_origin(f"{name}.mp4", size_bytes=3, wearer=f"wearer of {name}")
        uploads = self.application.uploads
        upload = uploads.create(self.dock, origin, None)
        with uploads.receive(self.dock, upload.id, 0, 3, None) as reception:
            reception.take(b"abc")
            reception.commit()
        while (job := self.application.work.claim("tester", {JobName.SEAL})) is not None:
            self.application.work.do(job)
        sealed = uploads.status(self.dock, upload.id).recording_id
        assert sealed is not None
        return sealed

    def _prepare(self, rows: _Rows) -> None:
        parent, path = None, WHOLE
        for name in (OWN, BELOW):
            parent = rows.add(t.unit, parent_id=parent, path=WHOLE, name=name)
            path = f"{path}{parent}/"
            rows.db.execute(update(t.unit).where(t.unit.c.id == parent).values(path=path))
            self.units[name] = (parent, path)
        beside = rows.add(t.unit, path=WHOLE, name=BESIDE)
        rows.db.execute(update(t.unit).where(t.unit.c.id == beside).values(path=f"/{beside}/"))
        self.units[BESIDE] = (beside, f"/{beside}/")
        self.other = rows.add(t.person, type="officer", unit_id=beside, number="other")
        for relation, one in self.recordings.items():
            place = {"unit below": BELOW, "nobody's unit": None}.get(relation, OWN)
            if relation in ("unit beside", "emergency") or relation.startswith("case"):
                place = BESIDE
            kind = Classification.MINORS if relation.startswith("restricted") else Classification.ORDINARY
            values = {
                "unit_id": self.units[place][0] if place else None,
                "person_id": self.other,
                "classification": kind.value,
                "on_hold": relation == "held",
                "under_transfer": relation == "under transfer",
            }
            rows.db.execute(update(t.standing).where(t.standing.c.recording_id == one).values(**values))
            self.standings[relation] = Standing(
                one,
                self.units[place][1] if place else WHOLE,
                self.other,
                classification=kind,
                on_hold=relation == "held",
                under_transfer=relation == "under transfer",
            )
        self.cases = {}
        for relation in RELATIONS:
            if relation.startswith("case"):
                self.cases[relation] = rows.add(t.case_file, unit_id=beside)
                rows.add(
                    t.case_recording, case_id=self.cases[relation], recording_id=self.recordings[relation]
                )
        self.event = rows.add(t.serious_event)
        nobodys = rows.add(
            t.case_file, unit_id=beside
        )  # who takes an original for a case takes one that is of one
        for relation in self.recordings.keys() - self.cases.keys():
            rows.add(t.case_recording, case_id=nobodys, recording_id=self.recordings[relation])
        shown = self.recordings["serious event, involved"]
        rows.add(t.serious_recording, event_id=self.event, recording_id=shown)

    def personas(self) -> list[Persona]:
        """Make everybody: each role, of an officer and of an auxiliary, in a unit and everywhere; and those
        who are no people.
        """
        made = [Persona("anyone", ANYONE), Persona("dock", self.dock)]
        for name, scopes in (("token for everything", frozenset(Action)), ("token for nothing", frozenset())):
            made.append(Persona(name, Caller(ABSENT, Kind.INTEGRATION, scopes=scopes)))
        with self.site.database.writing() as unit:
            rows = _Rows(unit.standings._db)  # type: ignore[attr-defined]
            for role in (None, *Role):
                for type_ in (PersonType.OFFICER, PersonType.AUXILIARY):
                    for place in (OWN, None) if role else (OWN,):
                        made.append(self._persona(rows, role, type_, place))
        for persona in made:
            self.callers[persona.name.replace(" ", "-")] = persona.caller
        self.callers.pop("anyone")
        self.callers.pop("dock")
        return made

    def _persona(self, rows: _Rows, role: Role | None, type_: PersonType, place: str | None) -> Persona:
        name = (
            f"{type_.value} as {role.value if role else 'nothing'} {'in the unit' if place else 'everywhere'}"
        )
        own_id, own_path = self.units[OWN]
        one = rows.add(t.person, type=type_.value, unit_id=own_id, number=name)
        grants = (Grant(role, own_path if place else WHOLE),) if role else ()
        for grant in grants:
            rows.add(t.role_grant, person_id=one, role=grant.role.value, unit_id=own_id if place else None)
        rows.add(
            t.emergency,
            person_id=one,
            recording_id=self.recordings["emergency"],
            is_granted=True,
            decided_by=self.other,
            until="9999-01-01T00:00:00.000000Z",
        )
        rows.add(t.serious_person, event_id=self.event, person_id=one)
        rows.add(
            t.reader, recording_id=self.recordings["restricted, reader"], person_id=one, since=to_text(START)
        )
        for case in self.cases.values():
            for action in ABOUT_RECORDINGS:
                rows.add(
                    t.case_member, case_id=case, person_id=one, action=action.value, since=to_text(START)
                )
        emergencies = frozenset({self.recordings["emergency"]})
        return Persona(
            name,
            Caller(one, Kind.PERSON, name, grants, type_, own_path, emergencies=emergencies),
        )

    def standing_for(self, relation: str, caller: Caller, action: Action) -> Standing:
        """Return how the recording of a relation stands as seen by a caller who asks for an action."""
        one, person = self.standings[relation], caller.kind is Kind.PERSON
        given = {action.value for action in ABOUT_RECORDINGS}
        if relation == "own" and person:
            return replace(one, person_id=caller.id)
        if relation == "restricted, reader" and person:
            return replace(one, readers=frozenset({caller.id}))
        if relation == "serious event, involved" and person:
            return replace(one, involved=frozenset({caller.id}))
        if relation == "case with the right" and person:
            return replace(one, case_rights={caller.id: frozenset(given)})
        if relation == "case with all rights but this one" and person:
            return replace(one, case_rights={caller.id: frozenset(given - {action.value})})
        return one

    def take_place(self, caller: Caller, action: Action) -> None:
        """Let the recording "own" be this caller's, and end their right to the action in the other case."""
        if caller.kind is not Kind.PERSON:
            return
        member = t.case_member
        case = self.cases["case with all rights but this one"]
        mine = (member.c.case_id == case, member.c.person_id == caller.id)
        own = t.standing.c.recording_id == self.recordings["own"]
        with self.site.database.writing() as unit:
            db: Connection = unit.standings._db  # type: ignore[attr-defined]
            db.execute(update(t.standing).where(own).values(person_id=caller.id))
            db.execute(update(member).where(*mine).values(ended_at=None))
            db.execute(update(member).where(*mine, member.c.action == action.value).values(ended_at="3"))
            self._searched(unit)

    def _searched(self, unit: SqlUnitOfWork) -> None:
        """Have what was written past the program found by searches too."""
        touched(unit.standings._db, self.recordings.values())


class _Rows(Crowd):
    """Inserts rows without drawing a crowd."""

    def __init__(self, db: Connection) -> None:
        self.db = db
