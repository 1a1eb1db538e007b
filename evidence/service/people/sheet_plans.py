"""What a table of people would do to the roll: who is added, changed, unchanged, and which cells stand in
the way. Planned and done in the same transaction, or only planned.

An empty cell changes nothing. A post, training or undertaking that is on file already is not added again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from evidence.domain.access import Caller, may_in
from evidence.domain.ids import new_id
from evidence.domain.people import (
    Person,
    PersonType,
    Post,
    Training,
    Undertaking,
    UndertakingKind,
    number_fault,
)
from evidence.domain.rights import Action
from evidence.domain.sheets import Fault, Reason, Value
from evidence.policy.rules import Pack, cite_ids
from evidence.service.instruments import local_day, pack_at
from evidence.service.people.people import EARLIEST
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

Said = Mapping[str, Value]
_ROW = ("name", "type", "unit_id", "contract_from", "contract_to", "card_number")
_KINDS = {"confidentiality": UndertakingKind.CONFIDENTIALITY, "duties": UndertakingKind.DUTIES}


@dataclass(frozen=True, slots=True)
class Planned:
    """What one row does. before: None for somebody new. changed: the columns that say something new."""

    row: int
    before: Person | None
    after: Person
    changed: tuple[str, ...]
    posts: tuple[Post, ...] = ()
    trainings: tuple[Training, ...] = ()
    undertakings: tuple[Undertaking, ...] = ()

    @property
    def what(self) -> str:
        """In one word: "added", "changed" or "unchanged"."""
        return "added" if self.before is None else "changed" if self.changed else "unchanged"


class Planning:
    """Plans rows against the roll of one moment."""

    def __init__(self, unit: UnitOfWork, site: Site, caller: Caller) -> None:
        now = site.clock.now()
        self._caller, self._bars = caller, site.bars()
        self._today, self._pack = local_day(site.policies, now), pack_at(site.policies, now)
        units = unit.units.all()
        self._paths = {one.id: one.path for one in units}
        open_ones = {one.id for one in units if one.closed_at is None and self._is_mine(one.path)}
        self._units = {name: id_ for id_, name in full_names(units).items() if id_ in open_ones}
        self._people = {one.number: one for one in unit.people.all()}
        self._posts = {(one.person_id, one.title, one.since) for one in unit.people.posts(None)}
        self._trainings = {
            (one.person_id, one.name, one.days, one.held_on, one.passed)
            for one in unit.people.trainings(None)
        }
        self._undertakings = {
            (one.person_id, one.kind, one.signed_on) for one in unit.people.undertakings(None)
        }
        self._seen: set[str] = set()

    def plan(self, row: int, said: Said) -> Planned | list[Fault]:
        """Return what a row does, or what is wrong with it."""
        number = str(said.get("number", ""))
        if not number:
            return [Fault(row, "number", Reason.MISSING)]
        if number in self._seen:
            return [Fault(row, "number", Reason.TWICE, number)]
        self._seen.add(number)
        before = self._people.get(number)
        faults = [Fault(row, column, reason, found) for column, reason, found in self._faults(said, before)]
        if not faults:
            after = self._after(number, said, before)
            faults = list(_row_faults(row, after, self._pack))
            if not faults:
                return self._planned(row, said, before, after)
        return faults

    def _is_mine(self, path: str) -> bool:
        return may_in(self._caller, Action.MANAGE_PEOPLE, path, self._bars)

    def _faults(self, said: Said, before: Person | None) -> Iterator[tuple[str, Reason, str]]:
        if before is None:
            yield from ((column, Reason.MISSING, "") for column in ("type", "unit") if column not in said)
        elif not self._is_mine(self._paths[before.unit_id]):
            yield "number", Reason.NOT_YOURS, before.number
        elif before.left_at is not None:
            yield "number", Reason.HAS_LEFT, before.number
        elif before.id == self._caller.id:
            yield "number", Reason.OWN_RECORD, before.number
        if "unit" in said and said["unit"] not in self._units:
            yield "unit", Reason.UNIT_UNKNOWN, str(said["unit"])
        for group in (
            ("post", "post_since"),
            ("training", "training_days", "training_held", "training_passed"),
        ):
            if any(column in said for column in group):
                yield from ((column, Reason.MISSING, "") for column in group if column not in said)
        for column, value in said.items():
            if isinstance(value, date) and value < EARLIEST:
                yield column, Reason.NO_DAY, value.isoformat()
        for column in _KINDS:
            if isinstance(signed := said.get(column), date) and signed > self._today:
                yield column, Reason.DAY_TO_COME, signed.isoformat()
        if said.get("training_days", 1) not in range(1, 367):
            yield "training_days", Reason.NO_NUMBER, str(said["training_days"])

    def _after(self, number: str, said: Said, before: Person | None) -> Person:
        given = {column: said[column] for column in _ROW if column in said}
        if "type" in given:
            given["type"] = PersonType(str(given["type"]))
        if "unit" in said:
            given["unit_id"] = self._units[str(said["unit"])]
        blank = Person(new_id(), number, None, PersonType.CIVILIAN, "")
        return replace(before or blank, **given)  # type: ignore[arg-type]

    def _planned(self, row: int, said: Said, before: Person | None, after: Person) -> Planned:
        changed = (
            [] if before is None else [one for one in _ROW if getattr(before, one) != getattr(after, one)]
        )
        posts: tuple[Post, ...] = ()
        trainings: tuple[Training, ...] = ()
        if isinstance(since := said.get("post_since"), date):
            title = str(said["post"])
            if (after.id, title, since) not in self._posts:
                posts = (Post(new_id(), after.id, title, since),)
                changed.append("post")
        if isinstance(held := said.get("training_held"), date):
            name, days, passed = (
                str(said["training"]),
                int(str(said["training_days"])),
                bool(said["training_passed"]),
            )
            if (after.id, name, days, held, passed) not in self._trainings:
                trainings = (Training(new_id(), after.id, name, days, held, passed),)
                changed.append("training")
        signed = tuple(
            Undertaking(new_id(), after.id, kind, day)
            for column, kind in _KINDS.items()
            if isinstance(day := said.get(column), date) and (after.id, kind, day) not in self._undertakings
        )
        changed += [one.kind.value for one in signed]
        return Planned(row, before, after, tuple(changed), posts, trainings, signed)


def _row_faults(row: int, after: Person, pack: Pack) -> Iterator[Fault]:
    if (fault := number_fault(after.number, after.type, pack.person_number)) and pack.person_number:
        cites = cite_ids(pack.person_number.cites)
        yield Fault(row, "number", Reason(fault.value), after.number, cites)
    start, end = after.contract_from, after.contract_to
    if start is not None and end is not None and end < start:
        yield Fault(row, "contract_to", Reason.ENDS_BEFORE_START, end.isoformat())
