"""Holding what commitments stand for against the entries: each value fits, and none is gone unsaid.

A value may be gone where an entry says that it was erased, or where the catalogue was made anew since: the
vault does not hold it (docs/formats/log-entry.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.domain.audit import Act
from evidence.errors import IntegrityFault, Invalid
from evidence.ledger.canonical import read_canonical
from evidence.ledger.entries import verify_field
from evidence.service.log.log_faults import Fault
from evidence.service.log.log_ports import Kept
from evidence.service.ports import UnitOfWork

Erased = frozenset[tuple[str, int, str]]


@dataclass
class PersonalCheck:
    """The check of one log, entry by entry, in one transaction that reads."""

    log: str
    unit: UnitOfWork
    _matched: int = 0
    _erased: Erased = field(init=False)
    _rebuilt_at: str = field(init=False)

    def __post_init__(self) -> None:
        self._erased = erased(self.unit)
        self._rebuilt_at = rebuilt_at(self.unit)

    def faults(self, index: int, entry: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield what is wrong with the values of an entry."""
        if not entry.get("pd"):
            return
        kept, item = self.unit.payload.of(self.log, index), f"{self.log}/{index}"
        for name in entry["pd"]:
            self._matched += name in kept
            is_erased = (self.log, index, name) in self._erased
            if (one := kept.get(name)) is None or one.value is None:
                if not is_erased and not (one is None and entry["t"] <= self._rebuilt_at):
                    yield Fault("field-missing", item, {"field": name})
            elif is_erased:
                yield Fault("field-not-erased", item, {"field": name})
            elif not fits(entry, name, one):
                yield Fault("field-wrong", item, {"field": name})

    def left_over(self) -> Iterator[Fault]:
        """Yield, behind the last entry, that there are values for which no entry has a commitment."""
        rows = self.unit.payload.count(self.log)
        if rows != self._matched:
            yield Fault("field-unknown", self.log, {"committed": self._matched, "rows": rows})


def erased(unit: UnitOfWork) -> Erased:
    """Return log, index and field of all that entries say was erased."""
    said = (entry["facts"] for entry in unit.log.of_act(Act.PERSONAL_ERASE))
    return frozenset((str(one.get("log")), int(one.get("index", -1)), str(one.get("field"))) for one in said)


def rebuilt_at(unit: UnitOfWork) -> str:
    """Return when the catalogue was last made anew, "" for never."""
    return max((str(entry["t"]) for entry in unit.log.of_act(Act.REBUILD)), default="")


def fits(entry: Mapping[str, Any], name: str, kept: Kept) -> bool:
    """Tell whether a kept value is the one that an entry committed to."""
    try:
        verify_field(entry, name, kept.salt or b"", read_canonical((kept.value or "").encode()))
    except (IntegrityFault, Invalid, UnicodeEncodeError):
        return False
    return True
