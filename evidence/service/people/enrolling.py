"""Enrolling: rows of the roll are written, logged, and the recordings of their numbers placed, in one
transaction. Who may do it is decided before (service/people/people.py, service/people/people_sheets.py).

Names stand in `Entry.personal` only. Recordings that were sealed before their wearer was on the roll are
placed when the number comes: under the unit of that moment, with the commander that their label names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date

from evidence.domain.audit import Act, Entry
from evidence.domain.people import NumberFault, Person, PersonType, number_fault
from evidence.errors import Conflict, Invalid, Known
from evidence.policy.rules import Pack, cite_ids
from evidence.service.intake.placing import place_recordings
from evidence.service.keeping.freezing import SERVICE, freeze
from evidence.service.oversight.commanding import judge_again
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

_PERSONAL = ("name",)
_AT_ONCE = 400


def check_number(number: str, type_: PersonType, pack: Pack) -> None:
    """Refuse a number that the pack does not allow for people of this type.

    Raises: Invalid("number-form", "city-code-unknown"), each with the article.
    """
    fault, rule = number_fault(number, type_, pack.person_number), pack.person_number
    if fault is None or rule is None:
        return
    said = {"number": number, "pattern": rule.pattern, "cites": " ".join(cite_ids(rule.cites))}
    if fault is NumberFault.CITY:
        raise Invalid("city-code-unknown", **said, known=Known(sorted(dict(rule.city_codes))))
    raise Invalid("number-form", **said)


def check_contract(start: date | None, end: date | None) -> None:
    """Refuse a contract that ends before it begins. Raises: Invalid("ends-before-start")."""
    if start is not None and end is not None and end < start:
        raise Invalid("ends-before-start", start=start.isoformat(), end=end.isoformat())


def enrol(unit: UnitOfWork, site: Site, by: str, new: Sequence[Person]) -> int:
    """Add people whose numbers are free, log each, place their recordings; return how many of these."""
    now = site.clock.now()
    unit.people.add_all(new, now)
    unit.log.append_all(
        [
            Entry(Act.PERSON_ADD, by, (("person", one.id),), facts=_facts(one), personal=_personal(one))
            for one in new
        ],
        now,
    )
    return place_numbers(unit, site, by, [one.number for one in new])


def change(unit: UnitOfWork, site: Site, by: str, pairs: Sequence[tuple[Person, Person]]) -> None:
    """Put changed rows (before, after) in the place of the ones before, log each, place recordings.

    Raises: Conflict("number-taken"); "not-offloaded" for a number under which files are still owed: whoever
    asks what somebody must still bring asks by number.
    """
    entries, numbers = [], []
    for before, after in pairs:
        if after.number != before.number:
            there = unit.departures
            if owed := len(there.not_offloaded(before.number)) or len(there.unfinished(before.number)):
                raise Conflict("not-offloaded", number=before.number, files=owed)
            numbers.append(after.number)
        unit.people.put(after)
        old, new = _facts(before), _facts(after)
        facts = {key: {"before": old[key], "after": new[key]} for key in new if new[key] != old[key]}
        personal = _personal(after) if after.name != before.name else {}
        objects = (("person", after.id),)
        entries.append(Entry(Act.PERSON_CHANGE, by, objects, facts=facts, personal=personal))
    unit.log.append_all(entries, site.clock.now())
    place_numbers(unit, site, by, numbers)


def place_numbers(unit: UnitOfWork, site: Site, by: str, numbers: Iterable[str]) -> int:
    """Place the recordings of these numbers that nobody on the roll was known to have made, or commanded, and
    have them judged again: who commanded whom may be another matter now.
    """
    wanted = set(numbers)
    if not wanted:
        return 0
    found = list(unit.standings.unplaced_all(wanted))
    for first in range(0, len(found), _AT_ONCE):
        some = unit.recordings.some(found[first : first + _AT_ONCE])
        place_recordings(unit, [stored.recording for stored in some.values()])
    commanded = [pair for pair in list(unit.standings.without_commander()) if pair[1] in wanted]
    for recording_id, number in commanded:
        if (commander := unit.people.by_number(number)) is not None:
            unit.standings.command(recording_id, commander.id)
    placed = list(dict.fromkeys([*found, *(recording_id for recording_id, _ in commanded)]))
    entries = [Entry(Act.PLACE, by, (("recording", one),)) for one in placed]
    unit.log.append_all(entries, site.clock.now())
    freeze(unit, site, SERVICE, recordings=placed)
    judge_again(unit, placed, site.clock.now())
    return len(placed)


def _facts(one: Person) -> Mapping[str, object]:
    said: dict[str, object] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if field.name not in (*_PERSONAL, "id", "left_at", "leaving_at"):
            said[field.name] = value.isoformat() if isinstance(value, date) else value
    return {**said, "type": one.type.value}


def _personal(one: Person) -> Mapping[str, object]:
    return {"name": one.name} if one.name is not None else {}
