"""Who is meant by an id, for lists that hold ids: people of the caller's units only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence.domain.access import Caller, may_in
from evidence.domain.ids import is_id
from evidence.domain.people import WHOLE, Person
from evidence.domain.rights import Action
from evidence.service.gate import admits
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site


@dataclass(frozen=True)
class Naming:
    """The desk for names."""

    site: Site

    @admits(Action.READ_PEOPLE)
    def people(self, caller: Caller, ids: Iterable[str | None]) -> Mapping[str, Person]:
        """Return those of these people whom the caller may know, by id."""
        with self.site.database.reading() as unit:
            return people_in(unit, self.site, caller, ids)


def people_in(
    unit: UnitOfWork, site: Site, caller: Caller, ids: Iterable[str | None]
) -> Mapping[str, Person]:
    """Return the same at the moment of a transaction, to use cases that have admitted; nobody to whom
    READ_PEOPLE is not given.
    """
    bars = site.bars()
    paths = {one.id: one.path for one in unit.units.all()}
    found = [unit.people.get(id_) for id_ in dict.fromkeys(ids) if id_ is not None and is_id(id_)]
    return {
        one.id: one
        for one in found
        if one is not None and may_in(caller, Action.READ_PEOPLE, paths.get(one.unit_id, WHOLE), bars)
    }
