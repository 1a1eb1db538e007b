"""Looking people up: the roll page by page, and one of them, each look logged. Changing it is people.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.domain.access import Caller, may_in
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.service.gate import admits
from evidence.service.people.people import AT_ONCE, Listed, listed
from evidence.service.people.roll_scope import admit_to_person
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True, slots=True)
class AskedPeople:
    """Which people: with this text in number or name, who lack something; by number, those after one."""

    text: str = ""
    lacking: bool = False
    after: str | None = None
    is_last_first: bool = False


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """People; count: of all that are asked for, None where each would have to be looked at. after: the number
    after which the next page begins, None at the end."""

    people: Sequence[Listed]
    count: int | None
    after: str | None


@dataclass(frozen=True)
class PeopleLists:
    """The desk where people are looked up."""

    site: Site

    @admits(Action.READ_PEOPLE)
    def page(self, caller: Caller, asked: AskedPeople, most: int) -> PeoplePage:
        """Return the people in the caller's scope who are asked for."""
        self._log(caller)
        bars = self.site.bars()
        with self.site.database.reading() as unit:
            units = unit.units.all()
            mine = [one.id for one in units if may_in(caller, Action.READ_PEOPLE, one.path, bars)]
            found = self._found(unit, mine, asked, most)
            count = None if asked.lacking else unit.people.count(mine, asked.text)
        then = found[most - 1].person.number if len(found) > most else None
        return PeoplePage(found[:most], count, then)

    @admits(Action.READ_PEOPLE)
    def one(self, caller: Caller, number: str) -> Listed:
        """Return somebody in the caller's scope. Raises: NotFound("person-not-found")."""
        person = admit_to_person(self.site, caller, Action.READ_PEOPLE, number)
        self._log(caller)
        with self.site.database.reading() as unit:
            return listed(unit, self.site, [person])[0]

    def _found(self, unit: UnitOfWork, mine: Sequence[str], asked: AskedPeople, most: int) -> list[Listed]:
        """Return one more than a page holds, where there are so many; who lacks nothing may stand between."""
        names, found, after = full_names(unit.units.all()), list[Listed](), asked.after
        while len(found) <= most:
            some = unit.people.page(mine, asked.text, AT_ONCE, after, asked.is_last_first)
            every = listed(unit, self.site, some, names)
            found += [one for one in every if not asked.lacking or (one.is_on_roll and one.lacks)]
            if len(some) < AT_ONCE:
                break
            after = some[-1].number
        return found

    def _log(self, caller: Caller) -> None:
        entry = Entry(Act.READ_LIST, caller.id, facts={"list": "people"})
        self.site.database.log(entry, self.site.clock.now())
