"""The roll in SQL: people, their posts, trainings and undertakings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from evidence.adapters.db.people_tables import person, post, training, undertaking
from evidence.adapters.db.repositories.rows import text_or_none, time_or_none
from evidence.domain.instants import to_text
from evidence.domain.people import Person, PersonType, Post, Training, Undertaking, UndertakingKind
from evidence.errors import Conflict


class SqlPeople:
    """See service.people_ports.People."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, new: Person, at: datetime) -> None:
        """Add a person. Raises: Conflict("number-taken")."""
        if self.by_number(new.number) is not None:
            raise Conflict("number-taken", number=new.number)
        self._db.execute(insert(person).values(id=new.id, created_at=to_text(at), **_columns(new)))

    def put(self, changed: Person) -> None:
        """Put a person's row in the place of the one before. Raises: Conflict("number-taken")."""
        holder = self.by_number(changed.number)
        if holder is not None and holder.id != changed.id:
            raise Conflict("number-taken", number=changed.number)
        self._db.execute(update(person).where(person.c.id == changed.id).values(**_columns(changed)))

    def get(self, person_id: str) -> Person | None:
        """Return one person."""
        row = self._db.execute(select(person).where(person.c.id == person_id)).first()
        return None if row is None else _person(row)

    def by_number(self, number: str) -> Person | None:
        """Return the person with a number."""
        row = self._db.execute(select(person).where(person.c.number == number)).first()
        return None if row is None else _person(row)

    def all(self) -> Sequence[Person]:
        """Return everybody, by number, those who have left too."""
        return [_person(row) for row in self._db.execute(select(person).order_by(person.c.number))]

    def add_post(self, new: Post) -> None:
        """Add a post."""
        row = {"id": new.id, "person_id": new.person_id, "title": new.title}
        self._db.execute(insert(post).values(**row, since=str(new.since), until=_day_text(new.until)))

    def end_post(self, post_id: str, until: date) -> None:
        """Note the last day of a post."""
        self._db.execute(update(post).where(post.c.id == post_id).values(until=str(until)))

    def posts(self, person_id: str) -> Sequence[Post]:
        """Return somebody's posts, oldest first."""
        query = select(post).where(post.c.person_id == person_id).order_by(post.c.since, post.c.id)
        return [
            Post(row.id, row.person_id, row.title, date.fromisoformat(row.since), _day(row.until))
            for row in self._db.execute(query)
        ]

    def add_training(self, new: Training) -> None:
        """Add a training."""
        row = {"id": new.id, "person_id": new.person_id, "name": new.name, "days": new.days}
        self._db.execute(insert(training).values(**row, held_on=str(new.held_on), passed=new.passed))

    def trainings(self, person_id: str) -> Sequence[Training]:
        """Return somebody's trainings, oldest first."""
        query = select(training).where(training.c.person_id == person_id)
        return [
            Training(
                row.id, row.person_id, row.name, row.days, date.fromisoformat(row.held_on), bool(row.passed)
            )
            for row in self._db.execute(query.order_by(training.c.held_on, training.c.id))
        ]

    def add_undertaking(self, new: Undertaking) -> None:
        """Add a signed undertaking."""
        row = {"id": new.id, "person_id": new.person_id, "kind": new.kind.value}
        self._db.execute(insert(undertaking).values(**row, signed_on=str(new.signed_on)))

    def undertakings(self, person_id: str) -> Sequence[Undertaking]:
        """Return somebody's undertakings, oldest first."""
        query = select(undertaking).where(undertaking.c.person_id == person_id)
        return [
            Undertaking(row.id, row.person_id, UndertakingKind(row.kind), date.fromisoformat(row.signed_on))
            for row in self._db.execute(query.order_by(undertaking.c.signed_on, undertaking.c.id))
        ]


def _columns(one: Person) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "type": one.type.value,
        "unit_id": one.unit_id,
        "contract_from": _day_text(one.contract_from),
        "contract_to": _day_text(one.contract_to),
        "card_number": one.card_number,
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
        left_at=time_or_none(row.left_at),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
