"""Who stands behind the ids of a package, as its way out lets it be told (decision 33).

To procuratorate and court people are told by name and number. Everybody else is told what somebody in the
history is, never who: only those who answer for the paper, who asked and who decided, are named to all. A
dock and another system are nobody, and are named to all. The id itself stands in the entry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from evidence.domain.exports import Way
from evidence.service.ports import UnitOfWork
from evidence.service.units import full_names
from evidence.service.views import Seer, seers_of

PERSON = "person"


@dataclass(frozen=True)
class PackageNames:
    """The names of one package. ids: of all who act in it."""

    unit: UnitOfWork
    way: Way
    ids: Collection[str]

    def who(self, id_: str | None) -> dict[str, object]:
        """Return who did something: what they are, and as far as it may be told, who."""
        seer = Seer("", "anyone") if id_ is None else self._seer(id_)
        is_told = seer.kind != PERSON or self.way is Way.TRANSFER
        return {
            "kind": seer.kind,
            "name": seer.name if is_told else None,
            "number": seer.number if is_told else None,
        }

    def wearer(self, person_id: str | None) -> str | None:
        """Return the name of whoever wore a recorder; None where nobody knows, or it may not be told."""
        found = None if person_id is None or self.way is not Way.TRANSFER else self.unit.people.get(person_id)
        return found and found.name

    def unit_of(self, path: str) -> str | None:
        """Return the name of the unit at a path, with those above it; None where it is of none."""
        return self._units.get(path.strip("/").rpartition("/")[2])

    def _seer(self, id_: str) -> Seer:
        return self._seers.get(id_) or seers_of(self.unit, {id_})[id_]

    @cached_property
    def _seers(self) -> Mapping[str, Seer]:
        return seers_of(self.unit, set(self.ids))

    @cached_property
    def _units(self) -> Mapping[str, str]:
        return full_names(self.unit.units.all())


def person_of(unit: UnitOfWork, id_: str) -> dict[str, object]:
    """Return who somebody is, as documents name them."""
    seer = seers_of(unit, {id_})[id_]
    return {"id": id_, "kind": seer.kind, "name": seer.name, "number": seer.number}
