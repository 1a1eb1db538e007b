"""The roll: people, their posts, trainings and undertakings. Each act in the caller's scope, each logged.

Old recordings keep their unit when somebody moves, and their wearer when a number changes. Tables of many
people: people_sheets.py. Leaving: leaving.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypedDict, TypeVar, Unpack

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.ids import new_id
from evidence.domain.people import (
    Lack,
    Person,
    PersonType,
    Post,
    Training,
    Undertaking,
    UndertakingKind,
    is_on_roll,
    may_carry,
)
from evidence.domain.rights import Action
from evidence.errors import Conflict, Invalid
from evidence.service.gate import admits
from evidence.service.instruments import local_day, pack_at
from evidence.service.people.enrolling import change, check_contract, check_number, enrol
from evidence.service.people.roll_scope import admit_to_person, admit_to_unit, check_text
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

EARLIEST = date(1900, 1, 1)
AT_ONCE = 200  # people in one question
Row = TypeVar("Row", Post, Training, Undertaking)


class Details(TypedDict, total=False):
    """What else is known about somebody, or is to change; what is left out stays as it is."""

    number: str
    name: str
    type: PersonType
    unit_id: str
    contract_from: date | None
    contract_to: date | None
    card_number: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on the roll, their post of the day, and what they lack to carry a recorder."""

    person: Person
    unit: str  # its name with those above it
    post: Post | None
    is_on_roll: bool
    lacks: tuple[Lack, ...]


@dataclass(frozen=True)
class People:
    """The desk for the roll."""

    site: Site

    @admits(Action.MANAGE_PEOPLE)
    def add(
        self, caller: Caller, number: str, type_: PersonType, unit_id: str, /, **details: Unpack[Details]
    ) -> Person:
        """Add a person; recordings that were made under this number before become theirs.

        Raises: Invalid("invalid-text", "number-form", "city-code-unknown", "ends-before-start"), NotFound,
        Conflict("number-taken", "unit-closed").
        """
        admit_to_unit(self.site, caller, Action.MANAGE_PEOPLE, unit_id)
        new = replace(Person(new_id(), number, None, type_, unit_id), **details)
        self._check(new)
        with self.site.database.writing() as unit:
            if unit.people.by_number(number) is not None:
                raise Conflict("number-taken", number=number)
            enrol(unit, self.site, caller.id, [new])
        return new

    @admits(Action.MANAGE_PEOPLE)
    def change(self, caller: Caller, number: str, /, **details: Unpack[Details]) -> Person:
        """Change a person's row; to move is to change `unit_id`. Raises: as add; Conflict("person-left",
        "not-offloaded"), Refused("own-record").
        """
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        if "unit_id" in details:
            admit_to_unit(self.site, caller, Action.MANAGE_PEOPLE, details["unit_id"])
        with self.site.database.writing() as unit:
            before = _there(unit, mine.id)
            after = replace(before, **details)
            self._check(after)
            if after != before:
                change(unit, self.site, caller.id, [(before, after)])
        return after

    @admits(Action.MANAGE_PEOPLE)
    def add_post(
        self, caller: Caller, number: str, title: str, since: date, until: date | None = None
    ) -> Post:
        """Add a post; one that still runs ends on the day before. Raises: Invalid, NotFound, Conflict."""
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        check_text("post", title)
        _check_days(since, until)
        new = Post(new_id(), mine.id, title, since, until)
        with self.site.database.writing() as unit:
            _there(unit, mine.id)
            end_posts(unit, unit.people.posts(mine.id), since)
            unit.people.add_post(new)
            unit.log.append(post_entry(caller.id, new), self.site.clock.now())
        return new

    @admits(Action.MANAGE_PEOPLE)
    def add_training(
        self, caller: Caller, number: str, name: str, days: int, held_on: date, passed: bool
    ) -> Training:
        """Add a training: its working days, its last day, its outcome. Raises: Invalid, NotFound."""
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        check_text("training", name)
        _check_days(held_on, None)
        if not 1 <= days <= 366:
            raise Invalid("invalid-training-days", days=days)
        new = Training(new_id(), mine.id, name, days, held_on, passed)
        with self.site.database.writing() as unit:
            _there(unit, mine.id)
            unit.people.add_training(new)
            unit.log.append(training_entry(caller.id, new), self.site.clock.now())
        return new

    @admits(Action.MANAGE_PEOPLE)
    def add_undertaking(
        self, caller: Caller, number: str, kind: UndertakingKind, signed_on: date
    ) -> Undertaking:
        """Note that a signed undertaking is on file. Raises: Invalid, NotFound."""
        mine = admit_to_person(self.site, caller, Action.MANAGE_PEOPLE, number)
        _check_days(signed_on, None)
        if signed_on > local_day(self.site.policies, self.site.clock.now()):
            raise Invalid("day-to-come", day=signed_on.isoformat())
        new = Undertaking(new_id(), mine.id, kind, signed_on)
        with self.site.database.writing() as unit:
            _there(unit, mine.id)
            unit.people.add_undertaking(new)
            unit.log.append(undertaking_entry(caller.id, new), self.site.clock.now())
        return new

    @admits(Action.READ_PEOPLE)
    def all(self, caller: Caller, *, lacking: bool = False) -> Sequence[Listed]:
        """Return the people in the caller's scope, by number; lacking: only those on the roll who may not
        carry a recorder. The look is logged.
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": "people"}), now)
        with self.site.database.reading() as unit:
            found = listed(unit, self.site, unit.people.all())
            paths = {one.id: one.path for one in unit.units.all()}
        bars = self.site.bars()
        return [
            one
            for one in found
            if may_in(caller, Action.READ_PEOPLE, paths[one.person.unit_id], bars)
            and (not lacking or (one.is_on_roll and one.lacks))
        ]

    def _check(self, one: Person) -> None:
        check_text("number", one.number)
        for field, text in (("name", one.name), ("card_number", one.card_number)):
            if text is not None:
                check_text(field, text)
        check_contract(one.contract_from, one.contract_to)
        check_number(one.number, one.type, pack_at(self.site.policies, self.site.clock.now()))


def listed(
    unit: UnitOfWork, site: Site, people: Sequence[Person], names: Mapping[str, str] | None = None
) -> Sequence[Listed]:
    """Return people with their post of the day and what they lack, in few questions. names: of units."""
    now = site.clock.now()
    on, pack = local_day(site.policies, now), pack_at(site.policies, now)
    only = [one.id for one in people] if len(people) <= AT_ONCE else None
    names = full_names(unit.units.all()) if names is None else names
    posts, trainings = _by_person(unit.people.posts(only)), _by_person(unit.people.trainings(only))
    undertakings = _by_person(unit.people.undertakings(only))
    return [
        Listed(
            one,
            names[one.unit_id],
            post_of_day(posts.get(one.id, ()), on),
            is_on_roll(one, on, now),
            may_carry(one, trainings.get(one.id, ()), undertakings.get(one.id, ()), pack, on),
        )
        for one in people
    ]


def post_of_day(posts: Collection[Post], on: date) -> Post | None:
    """Return the post that somebody holds on a day, the newest of several."""
    held = [one for one in posts if one.since <= on and (one.until is None or on <= one.until)]
    return max(held, key=lambda one: one.since) if held else None


def end_posts(unit: UnitOfWork, posts: Sequence[Post], since: date) -> None:
    """End the posts that still run, the day before another begins."""
    for one in posts:
        if one.until is None and one.since < since:
            unit.people.end_post(one.id, since - timedelta(days=1))


def post_entry(by: str, new: Post) -> Entry:
    """Return the entry of a post."""
    facts = {"post": new.id, "since": str(new.since), "until": None if new.until is None else str(new.until)}
    return Entry(Act.PERSON_POST, by, (("person", new.person_id),), facts=facts)


def training_entry(by: str, new: Training) -> Entry:
    """Return the entry of a training."""
    facts = {"training": new.id, "days": new.days, "held_on": str(new.held_on), "passed": new.passed}
    return Entry(Act.PERSON_TRAINING, by, (("person", new.person_id),), facts=facts)


def undertaking_entry(by: str, new: Undertaking) -> Entry:
    """Return the entry of an undertaking."""
    facts = {"undertaking": new.id, "kind": new.kind.value, "signed_on": str(new.signed_on)}
    return Entry(Act.PERSON_UNDERTAKING, by, (("person", new.person_id),), facts=facts)


def _by_person(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for one in rows:
        found.setdefault(one.person_id, []).append(one)
    return found


def _there(unit: UnitOfWork, person_id: str) -> Person:
    found = unit.people.get(person_id)
    if found is None or found.left_at is not None:
        raise Conflict("person-left")
    return found


def _check_days(start: date, end: date | None) -> None:
    if start < EARLIEST or (end is not None and end < start):
        raise Invalid("ends-before-start", start=start.isoformat(), end=end and end.isoformat())
