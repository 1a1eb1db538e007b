"""Who stands behind the ids of a package, as its way out lets it be told (decision 33).

To procuratorate and court people are told by name and number. Everybody else is told what somebody in the
history is, never who: only those who answer for the paper, who asked and who decided, are named to all. A
dock and another system are nobody, and are named to all. The id itself stands in the entry. A court is told
the number of another export of the same files; to all others its entries are withheld (decision 51).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evidence.domain.exports import Export, Way
from evidence.service.oversight.views import Seer, seers_of
from evidence.service.people.units import full_names
from evidence.service.ports import UnitOfWork

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
        """Return which export an entry is about: this one, or another, by its number; None where it is about
        none."""
        found = exports_of(self.unit, entry)
        if not found:
            return None
        is_this = found == {self.export.id}
        named = self.export if is_this else self.unit.exports.get(min(found - {self.export.id}))
        return {"is_this": is_this, "number": None if named is None else named.number}

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


def exports_of(unit: UnitOfWork, entry: Mapping[str, Any]) -> Set[str]:
    """Return the ids of the exports that an entry is about; an empty id stands for one that nobody knows."""
    found = {str(obj["id"]) for obj in entry["obj"] if obj["k"] == "export"}
    approval = entry.get("facts", {}).get("approval")  # an original was taken along by it
    found |= set() if approval is None else {str(approval)}
    links = [unit.shares.get(obj["id"]) for obj in entry["obj"] if obj["k"] == "share"]
    return found or {"" if link is None else link.export_id for link in links}


def is_withheld(unit: UnitOfWork, entry: Mapping[str, Any], export: Export) -> bool:
    """Tell whether an entry's content stays here: it is about another export, and goes to no court. It holds
    ids and digests of all files of that request, and what became of them is for its own recipient."""
    return export.way is not Way.TRANSFER and bool(exports_of(unit, entry) - {export.id})


def person_of(unit: UnitOfWork, id_: str) -> dict[str, object]:
    """Return who somebody is, as documents name them."""
    seer = seers_of(unit, {id_})[id_]
    return {"id": id_, "kind": seer.kind, "name": seer.name, "number": seer.number}
