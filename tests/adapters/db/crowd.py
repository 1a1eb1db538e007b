"""A crowd drawn by lot, in the tables of a database: units, people, grants, recordings, cases, events.

What was drawn is kept beside them as plain facts, so that what SQL says can be held against something.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Connection, Integer, LargeBinary, Table, insert

from evidence.adapters.db import complaint_tables as c
from evidence.adapters.db import people_tables as t
from evidence.adapters.db.columns import Time
from evidence.adapters.db.tables import account, recording, upload
from evidence.domain.access import Caller, Grant
from evidence.domain.instants import to_text
from evidence.domain.people import WHOLE, PersonType
from evidence.domain.rights import ABOUT_RECORDINGS, Kind, Role
from evidence.domain.standing import Classification, Standing
from tests.domain.lots import Lots

ABOUT = sorted(action.value for action in ABOUT_RECORDINGS)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # the moment that is asked about
_NUMBERS = itertools.count(1)
HEADS = (
    4  # of everything: they record, and command who does, so that it is seen what nobody does to their own
)


def new_id() -> str:
    """A fresh id."""
    return f"{next(_NUMBERS):032x}"


@dataclass
class Crowd:
    """Draws and inserts; `callers` and `standings` are the facts as they are at START."""

    db: Connection
    lots: Lots
    people: int = 60
    recordings: int = 170
    callers: dict[str, Caller | None] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._units: dict[str, str] = {}
        self._rights: dict[str, dict[str, set[str]]] = {}
        self._readers: dict[str, set[str]] = {}
        self._involved: dict[str, set[str]] = {}
        self._complained: dict[str, set[str]] = {}
        self._opened: dict[str, set[str]] = {}
        self.draw()

    def draw(self) -> None:
        """Draw everything."""
        for number in range(9):
            parent = self.lots.one([None, *self._units]) if number else None
            one = new_id()
            self._units[one] = f"{self._units[parent] if parent else WHOLE}{one}/"
            self.add(t.unit, id=one, parent_id=parent, path=self._units[one])
        ids = [new_id() for _ in range(self.people)]
        self._draw_people(ids)
        self._draw_recordings(ids)
        self._draw_cases(ids)
        self._draw_events(ids)
        self._draw_complaints(ids)
        for one, given in self.callers.items():
            if given is not None:
                self.callers[one] = replace(given, emergencies=frozenset(self._opened.get(one, ())))
        for one, standing in self.standings.items():
            self.standings[one] = replace(
                standing,
                readers=frozenset(self._readers.get(one, ())),
                involved=frozenset(self._involved.get(one, ())),
                complained=frozenset(self._complained.get(one, ())),
                case_rights={who: frozenset(what) for who, what in self._rights.get(one, {}).items()},
            )

    def add(self, table: Table, **values: Any) -> str:
        """Insert a row; what must be there and was not given is filled up. Return its id."""
        row = {"id": new_id()} | values
        for column in table.columns:
            if not column.nullable and column.name not in row:
                is_time = getattr(column.type, "longest", None) == Time.longest
                filler: Any = to_text(START) if is_time else f"filled {next(_NUMBERS)}"
                filler = False if isinstance(column.type, Boolean) else filler
                filler = 0 if isinstance(column.type, Integer) else filler
                filler = to_text(START) if column.type is Time else filler
                row[column.name] = b"" if isinstance(column.type, LargeBinary) else filler
            if isinstance(row.get(column.name), str) and (longest := getattr(column.type, "longest", None)):
                row[column.name] = row[column.name][:longest]
        self.db.execute(insert(table).values(**row))
        return str(row["id"])

    def moment(self) -> datetime:
        """Draw a time: before, at, or after the moment that is asked about."""
        return START + self.lots.one([timedelta(hours=-2), timedelta(0), timedelta(microseconds=1)])

    def term(self) -> tuple[dict[str, str | None], bool]:
        """Draw since, until and ended_at, and whether that runs at START."""
        since = self.moment() if self.lots.yes(0.3) else START - timedelta(days=1)
        until = self.moment() if self.lots.yes(0.4) else None
        ended = START - timedelta(hours=1) if self.lots.yes(0.2) else None
        runs = since <= START and (until is None or until > START) and ended is None
        row = {
            "since": to_text(since),
            "until": until and to_text(until),
            "ended_at": ended and to_text(ended),
        }
        return row, runs

    def _draw_people(self, ids: list[str]) -> None:
        for one in ids:
            unit, kind = self.lots.one(list(self._units)), self.lots.one(list(PersonType))
            left = self.moment() if self.lots.yes(0.2) else None
            number = f"N{next(_NUMBERS)}"
            self.add(
                t.person, id=one, number=number, type=kind.value, unit_id=unit, left_at=left and to_text(left)
            )
            grants = list(filter(None, (self._grant(one) for _ in range(self.lots.one([0, 1, 1, 2, 3])))))
            if one in ids[:HEADS]:
                self.add(
                    t.role_grant, person_id=one, role=Role.UNIT_HEAD.value, unit_id=None, revoked_at=None
                )
                grants.append(Grant(Role.UNIT_HEAD, WHOLE))
            here = left is None or left > START
            self.callers[one] = (
                Caller(one, Kind.PERSON, number, tuple(grants), kind, self._units[unit]) if here else None
            )

    def _grant(self, person: str) -> Grant | None:
        role, unit = self.lots.one(list(Role)), self.lots.one([None, *self._units])
        until = self.moment() if self.lots.yes(0.3) else None
        revoked = self.lots.yes(0.15)
        self.add(
            t.role_grant,
            person_id=person,
            role=role.value,
            unit_id=unit,
            until=until and to_text(until),
            revoked_at=to_text(START) if revoked else None,
        )
        over = revoked or (until is not None and until <= START)
        return None if over else Grant(role, self._units[unit] if unit else WHOLE)

    def _draw_recordings(self, people: list[str]) -> None:
        dock = self.add(account)
        for _ in range(self.recordings):
            one = self.add(recording, upload_id=self.add(upload, account_id=dock))
            self.standings[one] = Standing(one)
            if self.lots.yes(0.9):
                self._place(one, people)
            for who in self.lots.some(people, 0.05):
                row, runs = self.term()
                self.add(t.reader, recording_id=one, person_id=who, **row)
                if runs:
                    self._readers.setdefault(one, set()).add(who)
            for who in self.lots.some(people, 0.02):
                self._open(one, who, self.lots.one(people))

    def _place(self, one: str, people: list[str]) -> None:
        unit, who = self.lots.one([None, *self._units]), self.lots.one([None, *people, *people[:HEADS] * 3])
        commander = self.lots.one([None, None, *people[:HEADS]])
        kind = self.lots.one(list(Classification)) if self.lots.yes(0.5) else Classification.ORDINARY
        hold, transfer = self.lots.yes(0.2), self.lots.yes(0.2)
        values = {"person_id": who, "commander_id": commander, "on_hold": hold, "under_transfer": transfer}
        self.add_standing(one, unit_id=unit, classification=kind.value, **values)
        path = self._units[unit] if unit else WHOLE
        stands = Standing(one, path, who, commander, kind)
        self.standings[one] = replace(stands, on_hold=hold, under_transfer=transfer)

    def add_standing(self, one: str, **values: Any) -> None:
        """Insert a row that has the recording's id as its own."""
        self.db.execute(insert(t.standing).values(recording_id=one, **values))

    def _open(self, one: str, who: str, decider: str) -> None:
        until, granted = self.moment(), self.lots.one([None, True, True, False])
        ended = self.lots.yes(0.2)
        self.add(
            t.emergency,
            person_id=who,
            recording_id=one,
            is_granted=granted,
            decided_by=None if granted is None else decider,
            until=None if granted is None else to_text(until),
            ended_at=to_text(START) if ended else None,
        )
        if granted and until > START and not ended and decider != who:
            self._opened.setdefault(who, set()).add(one)

    def _draw_cases(self, people: list[str]) -> None:
        for _ in range(30):
            closed = to_text(START) if self.lots.yes(0.2) else None
            case = self.add(t.case_file, unit_id=self.lots.one(list(self._units)), closed_at=closed)
            members = [(who, *self.term()) for who in self.lots.some(people, 0.1)]
            given = [(who, self.lots.one(ABOUT), row, runs) for who, row, runs in members for _ in range(3)]
            for who, action, row, _ in given:
                self.add(t.case_member, case_id=case, person_id=who, action=action, **row)
            for one in self.lots.some(list(self.standings), 0.06):
                ended = to_text(START) if self.lots.yes(0.2) else None
                self.add(t.case_recording, case_id=case, recording_id=one, ended_at=ended)
                for who, action, _, runs in given:
                    if runs and not ended and not closed:
                        self._rights.setdefault(one, {}).setdefault(who, set()).add(action)

    def _draw_events(self, people: list[str]) -> None:
        for _ in range(20):
            ended = to_text(START) if self.lots.yes(0.3) else None
            event, involved = self.add(t.serious_event, ended_at=ended), self.lots.some(people, 0.1)
            for who in involved:
                self.add(t.serious_person, event_id=event, person_id=who)
            for one in self.lots.some(list(self.standings), 0.08):
                self.add(t.serious_recording, event_id=event, recording_id=one)
                if not ended:
                    self._involved.setdefault(one, set()).update(involved)

    def _draw_complaints(self, people: list[str]) -> None:
        home = next(iter(self._units))
        for _ in range(15):
            closed = to_text(START) if self.lots.yes(0.3) else None
            one, about = self.add(c.complaint, closed_at=closed), self.lots.some(people, 0.08)
            for who in about:
                self.add(c.complaint_person, complaint_id=one, person_id=who, unit_id=home)
            for recording_id in self.lots.some(list(self.standings), 0.06):
                hold = self.add(t.hold, recording_id=recording_id)
                self.add(c.complaint_hold, complaint_id=one, recording_id=recording_id, hold_id=hold)
                if not closed:
                    self._complained.setdefault(recording_id, set()).update(about)
