"""Tables of people and units: exported, and imported after a dry run that names each bad cell.

An import does all of it in one transaction, or nothing. What is exported and imported again changes nothing.
Names of people stand in the entries as commitments only (enrolling.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.people import PersonType, Training, Undertaking
from evidence.domain.rights import Action
from evidence.domain.sheets import PEOPLE, UNITS, Fault, read_headings, read_rows
from evidence.errors import Invalid, Known
from evidence.service.gate import admits
from evidence.service.people.enrolling import change, enrol
from evidence.service.people.people import (
    Listed,
    end_posts,
    listed,
    post_entry,
    training_entry,
    undertaking_entry,
)
from evidence.service.people.sheet_plans import Planned, Planning, Said
from evidence.service.people.sheet_ports import SheetFiles
from evidence.service.people.unit_plans import PlannedUnit, UnitPlanning, enter_units
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

FORMS = ("csv", "xlsx")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, or would do. rows: (row, whose, "added", "changed" or "unchanged", columns).

    applied: it was done; with a fault nothing is.
    """

    counts: Mapping[str, int]
    rows: Sequence[tuple[int, str, str, tuple[str, ...]]]
    faults: Sequence[Fault]
    applied: bool


@dataclass(frozen=True)
class Sheets:
    """The desk for tables."""

    site: Site
    files: SheetFiles

    @admits(Action.MANAGE_PEOPLE)
    def import_people(self, caller: Caller, content: bytes, *, apply: bool = False) -> Outcome:
        """Take a table of people; a dry run unless told otherwise. Raises: Invalid for no table at all."""
        words = {
            "type": self.files.words("person-type", [one.value for one in PersonType]),
            "training_passed": self.files.words("yes-no", ["yes", "no"]),
        }
        rows, faults = self._read(content, "number", words)
        with self.site.database.writing() if apply else self.site.database.reading() as unit:
            planning = Planning(unit, self.site, caller)
            planned: list[Planned] = []
            broken = {fault.row for fault in faults}
            for number, said in rows:
                found = planning.plan(number, said)
                if isinstance(found, Planned):
                    planned.append(found)
                elif number not in broken:
                    faults += found
            if apply and not faults:
                self._enter(unit, caller, planned)
        lines = [(one.row, one.after.number, one.what, one.changed) for one in planned]
        return _outcome(lines, faults, apply)

    @admits(Action.READ_PEOPLE)
    def export_people(self, caller: Caller, form: str = "csv") -> bytes:
        """Return the people in the caller's scope who have not left, as a table; the look is logged."""
        _check_form(form)
        bars = self.site.bars()
        with self.site.database.writing() as unit:
            paths = {one.id: one.path for one in unit.units.all()}
            people = [
                one
                for one in unit.people.all()
                if one.left_at is None and may_in(caller, Action.READ_PEOPLE, paths[one.unit_id], bars)
            ]
            lines = _people_lines(unit, listed(unit, self.site, people), self.files.word)
            self._log(unit, caller, "people-table")
        return self.files.write(list(PEOPLE), lines, form)

    @admits(Action.MANAGE_UNITS)
    def import_units(self, caller: Caller, content: bytes, *, apply: bool = False) -> Outcome:
        """Take a table of units; a dry run unless told otherwise. Raises: Invalid for no table at all."""
        rows, faults = self._read(content, "unit", {})
        with self.site.database.writing() if apply else self.site.database.reading() as unit:
            planning = UnitPlanning(unit, self.site, caller)
            planned: list[PlannedUnit] = []
            broken = {fault.row for fault in faults}
            for number, said in rows:
                found = planning.plan(number, said)
                if isinstance(found, PlannedUnit):
                    planned.append(found)
                elif number not in broken:
                    faults.append(found)
            if apply and not faults:
                enter_units(unit, self.site, caller, planned)
        lines = [(one.row, one.name, one.what, ("unit",) * (one.what == "changed")) for one in planned]
        return _outcome(lines, faults, apply)

    @admits(Action.READ_PEOPLE)
    def export_units(self, caller: Caller, form: str = "csv") -> bytes:
        """Return the open units in the caller's scope as a table; the look is logged."""
        _check_form(form)
        bars = self.site.bars()
        with self.site.database.writing() as unit:
            units = unit.units.all()
            names = full_names(units)
            lines = [
                (names[one.id], one.id)
                for one in units
                if one.closed_at is None and may_in(caller, Action.READ_PEOPLE, one.path, bars)
            ]
            self._log(unit, caller, "units-table")
        return self.files.write(list(UNITS), lines, form)

    def _read(
        self, content: bytes, required: str, words: Mapping[str, Mapping[str, str]]
    ) -> tuple[list[tuple[int, Said]], list[Fault]]:
        kinds = PEOPLE if required == "number" else UNITS
        sheet = self.files.read(content)
        columns, faults = read_headings(sheet, self.files.headings(kinds), required)
        rows, bad = read_rows(sheet, columns, kinds, words)
        return ([], list(faults)) if faults else (list(rows), bad)

    def _enter(self, unit: UnitOfWork, caller: Caller, planned: Sequence[Planned]) -> None:
        """Do what was planned, in this transaction."""
        by = caller.id
        enrol(unit, self.site, by, [one.after for one in planned if one.before is None])
        pairs = [(one.before, one.after) for one in planned if one.before not in (None, one.after)]
        change(unit, self.site, by, [(before, after) for before, after in pairs if before is not None])
        posts = [post for one in planned for post in one.posts]
        known = {one.after.id for one in planned if one.posts and one.before is not None}
        before = [post for post in unit.people.posts(None) if post.person_id in known] if known else []
        for new in posts:
            end_posts(unit, [post for post in before if post.person_id == new.person_id], new.since)
        trainings = [training for one in planned for training in one.trainings]
        undertakings = [undertaking for one in planned for undertaking in one.undertakings]
        unit.people.add_post(*posts)
        unit.people.add_training(*trainings)
        unit.people.add_undertaking(*undertakings)
        entries = [post_entry(by, one) for one in posts]
        entries += [training_entry(by, one) for one in trainings]
        entries += [undertaking_entry(by, one) for one in undertakings]
        unit.log.append_all(entries, self.site.clock.now())

    def _log(self, unit: UnitOfWork, caller: Caller, what: str) -> None:
        unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), self.site.clock.now())


def _outcome(
    rows: Sequence[tuple[int, str, str, tuple[str, ...]]], faults: Sequence[Fault], apply: bool
) -> Outcome:
    words = [what for _, _, what, _ in rows]
    counts = {word: words.count(word) for word in ("added", "changed", "unchanged")}
    return Outcome(counts, rows, sorted(faults, key=lambda one: one.row), apply and not faults)


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise Invalid("unknown-form", form=form, known=Known(FORMS))


def _people_lines(
    unit: UnitOfWork, people: Sequence[Listed], word: Callable[[str], str]
) -> list[tuple[str, ...]]:
    """Return a line for each person: the post of the day, the last training, the last undertakings."""
    trainings = {one.person_id: one for one in unit.people.trainings(None)}  # oldest first: the last stays
    signed = {(one.person_id, one.kind.value): one for one in unit.people.undertakings(None)}
    return [_line(one, trainings.get(one.person.id), signed, word) for one in people]


def _line(
    one: Listed,
    training: Training | None,
    signed: Mapping[tuple[str, str], Undertaking],
    word: Callable[[str], str],
) -> tuple[str, ...]:
    person, post = one.person, one.post
    undertakings = [
        str(signed[person.id, kind].signed_on) if (person.id, kind) in signed else ""
        for kind in ("confidentiality", "duties")
    ]
    return (
        person.number,
        person.name or "",
        word(f"person-type.{person.type}"),
        one.unit,
        post.title if post else "",
        str(post.since) if post else "",
        str(person.contract_from or ""),
        str(person.contract_to or ""),
        person.card_number or "",
        *undertakings,
        training.name if training else "",
        str(training.days) if training else "",
        str(training.held_on) if training else "",
        word(f"yes-no.{'yes' if training.passed else 'no'}") if training else "",
    )
