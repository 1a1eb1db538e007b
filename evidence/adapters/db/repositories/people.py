"""The roll in SQL: people, their posts, trainings and undertakings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, insert, or_, select, update

from evidence.adapters.db.people_tables import person, post, training, undertaking
from evidence.adapters.db.repositories.one_row import OneRow
from evidence.adapters.db.repositories.rows import portions, text_or_none, time_or_none
from evidence.domain.instants import to_text
from evidence.domain.people import Person, PersonType, Post, Training, Undertaking, UndertakingKind
from evidence.errors import Conflict

_SOME = OneRow(select(person).where(person.c.number.in_(bindparam("numbers", expanding=True))))
_ONE = select(person).where(person.c.id == bindparam("person"))
_NUMBERED = select(person).where(person.c.number == bindparam("number"))


class SqlPeople:
    """See service.people_ports.People."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Person, at: datetime) -> None:
        """Add a person. Raises: Conflict("number-taken")."""
        if self.by_number(new.number) is not None:
            raise Conflict("number-taken", number=new.number)
        self.add_all([new], at)

    def add_all(self, new: Sequence[Person], at: datetime) -> None:
        """Add people whose numbers are known to be free."""
        if new:
            rows = [{"id": one.id, "created_at": to_text(at), **_columns(one)} for one in new]
            self._db.execute(insert(person), rows)

    def put(self, changed: Person) -> None:
        """Put a person's row in the place of the one before. Raises: Conflict("number-taken")."""
        holder = self.by_number(changed.number)
        if holder is not None and holder.id != changed.id:
            raise Conflict("number-taken", number=changed.number)
        self._db.execute(update(person).where(person.c.id == changed.id).values(**_columns(changed)))

    def get(self, person_id: str) -> Person | None:
        """Return one person."""
        row = self._db.execute(_ONE, {"person": person_id}).first()
        return None if row is None else _person(row)

    def by_number(self, number: str) -> Person | None:
        """Return the person with a number."""
        row = self._db.execute(_NUMBERED, {"number": number}).first()
        return None if row is None else _person(row)

    def by_numbers(self, numbers: Collection[str]) -> Mapping[str, Person]:
        """Return the people behind these numbers, as far as there are any."""
        parts = (_SOME.of(self._db, {"numbers": some}) for some in portions(sorted(numbers)))
        return {row.number: _person(row) for rows in parts for row in rows}

    def page(
        self, unit_ids: Collection[str], text: str, most: int, after: str | None, is_last_first: bool = False
    ) -> Sequence[Person]:
        """Return people of these units with a text in number or name, by number, those after a number."""
        query = select(person).where(*_with(unit_ids, text))
        number = person.c.number.desc() if is_last_first else person.c.number
        if after is not None:
            query = query.where(person.c.number < after if is_last_first else person.c.number > after)
        return [_person(row) for row in self._db.execute(query.order_by(number).limit(most))]

    def count(self, unit_ids: Collection[str], text: str) -> int:
        """Return how many there are of them."""
        query = select(func.count()).select_from(person).where(*_with(unit_ids, text))
        return int(self._db.execute(query).scalar_one())

    def on_roll(self, type_: PersonType, on: date, now: datetime) -> Mapping[str, int]:
        """Return how many of a type each unit has on the roll on a day (domain/people.py, is_on_roll)."""
        day, moment, begun, over = str(on), to_text(now), person.c.contract_from, person.c.contract_to
        stays = [or_(at.is_(None), at > moment) for at in (person.c.leaving_at, person.c.left_at)]
        in_contract = (or_(begun.is_(None), begun <= day), or_(over.is_(None), over >= day))
        query = select(person.c.unit_id, func.count()).where(person.c.type == type_.value)
        rows = self._db.execute(query.where(*stays, *in_contract).group_by(person.c.unit_id))
        return {unit_id: int(count) for unit_id, count in rows}

    def all(self) -> Sequence[Person]:
        """Return everybody, by number, those who have left too."""
        return [_person(row) for row in self._db.execute(select(person).order_by(person.c.number))]

    def add_post(self, *new: Post) -> None:
        """Add posts."""
        rows = [
            {
                "id": one.id,
                "person_id": one.person_id,
                "title": one.title,
                "since": str(one.since),
                "until": _day_text(one.until),
            }
            for one in new
        ]
        if rows:
            self._db.execute(insert(post), rows)

    def end_post(self, post_id: str, until: date) -> None:
        """Note the last day of a post."""
        self._db.execute(update(post).where(post.c.id == post_id).values(until=str(until)))

    def posts(self, whose: str | Collection[str] | None) -> Sequence[Post]:
        """Return somebody's posts, oldest first, or those of several; None: everybody's."""
        query = select(post).order_by(post.c.since, post.c.id)
        return [
            Post(row.id, row.person_id, row.title, date.fromisoformat(row.since), _day(row.until))
            for row in self._db.execute(_of(query, post, whose))
        ]

    def add_training(self, *new: Training) -> None:
        """Add trainings."""
        rows = [
            {
                "id": one.id,
                "person_id": one.person_id,
                "name": one.name,
                "days": one.days,
                "held_on": str(one.held_on),
                "passed": one.passed,
            }
            for one in new
        ]
        if rows:
            self._db.execute(insert(training), rows)

    def trainings(self, whose: str | Collection[str] | None) -> Sequence[Training]:
        """Return somebody's trainings, oldest first, or those of several; None: everybody's."""
        query = select(training).order_by(training.c.held_on, training.c.id)
        return [
            Training(
                row.id, row.person_id, row.name, row.days, date.fromisoformat(row.held_on), bool(row.passed)
            )
            for row in self._db.execute(_of(query, training, whose))
        ]

    def add_undertaking(self, *new: Undertaking) -> None:
        """Add signed undertakings."""
        rows = [
            {
                "id": one.id,
                "person_id": one.person_id,
                "kind": one.kind.value,
                "signed_on": str(one.signed_on),
            }
            for one in new
        ]
        if rows:
            self._db.execute(insert(undertaking), rows)

    def undertakings(self, whose: str | Collection[str] | None) -> Sequence[Undertaking]:
        """Return somebody's undertakings, oldest first, or those of several; None: everybody's."""
        query = select(undertaking).order_by(undertaking.c.signed_on, undertaking.c.id)
        return [
            Undertaking(row.id, row.person_id, UndertakingKind(row.kind), date.fromisoformat(row.signed_on))
            for row in self._db.execute(_of(query, undertaking, whose))
        ]


def _with(unit_ids: Collection[str], text: str) -> Iterator[ColumnElement[bool]]:
    yield person.c.unit_id.in_(unit_ids)
    if text:
        said = (func.lower(person.c.number), func.lower(func.coalesce(person.c.name, "")))
        yield or_(*(one.contains(text.lower(), autoescape=True) for one in said))


def _of(query: Select[Any], table: Table, whose: str | Collection[str] | None) -> Select[Any]:
    if whose is None:
        return query
    return query.where(table.c.person_id.in_([whose] if isinstance(whose, str) else whose))


def _columns(one: Person) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "type": one.type.value,
        "unit_id": one.unit_id,
        "contract_from": _day_text(one.contract_from),
        "contract_to": _day_text(one.contract_to),
        "card_number": one.card_number,
        "leaving_at": text_or_none(one.leaving_at),
        "left_at": text_or_none(one.left_at),
    }


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        number=row.number,
        name=row.name,
        type=PersonType(row.type),
        unit_id=row.unit_id,
        contract_from=_day(row.contract_from),
        contract_to=_day(row.contract_to),
        card_number=row.card_number,
        leaving_at=time_or_none(row.leaving_at),
        left_at=time_or_none(row.left_at),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
