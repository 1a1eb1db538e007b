"""Who stands behind the ids of a package, as its way out lets it be told (decision 33).

To procuratorate and court people are told by name and number. Everybody else is told what somebody in the
history is, never who: only those who answer for the paper, who asked and who decided, are named to all. A
dock and another system are nobody, and are named to all. The id itself stands in the entry. In the same way a
court is told the number of another export of the same files, all others only that it is another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evidence.domain.exports import Export, Way
from evidence.service.ports import UnitOfWork
from evidence.service.units import full_names
from evidence.service.views import Seer, seers_of

PERSON = "person"


@dataclass(frozen=True)
class PackageNames:
    """The names of one package. ids: of all who act in it."""

    unit: UnitOfWork
    export: Export
    ids: Collection[str]

    def who(self, id_: str | None) -> dict[str, object]:
        """Return who did something: what they are, and as far as it may be told, who."""
        seer = Seer("", "anyone") if id_ is None else self._seer(id_)
        is_told = seer.kind != PERSON or self.export.way is Way.TRANSFER
        return {
            "kind": seer.kind,
            "name": seer.name if is_told else None,
            "number": seer.number if is_told else None,
        }

    def wearer(self, person_id: str | None) -> str | None:
        """Return the name of whoever wore a recorder; None where nobody knows, or it may not be told."""
        found = (
            None
            if person_id is None or self.export.way is not Way.TRANSFER
            else self.unit.people.get(person_id)
        )
        return None if found is None else found.name

    def export_of(self, entry: Mapping[str, Any]) -> dict[str, object] | None:
        """Return which export an entry is about: this one, or another, by its number where that is told;
        None where it is about none."""
        found = next((id_ for id_ in self._exports(entry) if id_), None)
        if found is None:
            return None
        is_this = found == self.export.id
        other = None if is_this or self.export.way is not Way.TRANSFER else self.unit.exports.get(found)
        named = self.export if is_this else other
        return {"is_this": is_this, "number": None if named is None else named.number}

    def _exports(self, entry: Mapping[str, Any]) -> Iterator[str | None]:
        for obj in entry["obj"]:
            if obj["k"] == "share" and (link := self.unit.shares.get(obj["id"])) is not None:
                yield link.export_id
            if obj["k"] == "export":
                yield obj["id"]
        yield entry.get("facts", {}).get("approval")  # an original was taken along by it

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
