"""Disclosing and erasing the personal values of an entry, of which the log itself holds commitments only.

Who is given value and salt can check them against the entry; who is not learns "withheld", "erased" or
"lost" (with the database, before a rebuild), and never that there was nothing. Entry and proofs stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.errors import Conflict, IntegrityFault, NotFound
from evidence.ledger.canonical import read_canonical
from evidence.ledger.encodings import write_base64
from evidence.ledger.entries import read_entry
from evidence.service.gate import admits
from evidence.service.log.log_ports import Kept
from evidence.service.log.personal_checks import erased, fits, rebuilt_at
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site

COMPLAINTS = "complaint."  # how the acts about complaints begin


class State(StrEnum):
    """What became of a value."""

    DISCLOSED = "disclosed"
    WITHHELD = "withheld"
    ERASED = "erased"
    LOST = "lost"  # the database was lost, and the vault does not hold what must be erasable


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A field of an entry. salt (base64) and value: where the state is "disclosed"."""

    field: str
    state: State
    salt: str = ""
    value: object = None

    def plain(self) -> dict[str, object]:
        """Return it as it is written beside a proof."""
        said = {"salt": self.salt, "value": self.value} if self.state is State.DISCLOSED else {}
        return {"state": self.state.value, **said}


@dataclass(frozen=True)
class Disclosing:
    """The desk for personal values."""

    site: Site

    @admits(Action.READ_LOG)
    def disclose(self, caller: Caller, log: str, index: int, field: str) -> Disclosed:
        """Return one field of an entry with value and salt; that it was looked at is logged before.

        Raises: NotFound("log-entry-not-found", "field-not-found"), IntegrityFault("field-wrong").
        """
        with self.site.database.writing() as unit:
            entry = _entry(unit, log, index)
            # Whom a complaint is about does not learn who complained, whatever role they have.
            is_complaint = str(entry["act"]).startswith(COMPLAINTS)
            is_mine = is_complaint and any(one["id"] == caller.id for one in entry["obj"])
            if is_mine or field not in entry.get("pd", {}):
                raise NotFound("field-not-found", entry=f"{log}/{index}", field=field)
            facts = {"field": field, "index": index, "log": log}
            unit.log.append(Entry(Act.READ_LOG, caller.id, facts=facts), self.site.clock.now())
        with self.site.database.reading() as unit:
            return fields_of(unit, log, index, entry, {field})[field]

    @admits(Action.MANAGE_LOG)
    def erase(self, caller: Caller, log: str, index: int, field: str, reason: str) -> None:
        """Erase the value of one field for good; the log says that, and why. reason: names nobody.

        Raises: NotFound("log-entry-not-found", "field-not-found"), Conflict("field-gone").
        """
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            if field not in _entry(unit, log, index).get("pd", {}):
                raise NotFound("field-not-found", entry=f"{log}/{index}", field=field)
            if not unit.payload.erase(log, index, field, now):
                raise Conflict("field-gone", entry=f"{log}/{index}", field=field)
            facts = {"field": field, "index": index, "log": log, "reason": reason}
            unit.log.append(Entry(Act.PERSONAL_ERASE, caller.id, facts=facts), now)


def fields_of(
    unit: UnitOfWork, log: str, index: int, entry: Mapping[str, Any], shown: Collection[str]
) -> dict[str, Disclosed]:
    """Return the fields of an entry; those that are `shown` with their values, where these are still there.

    Raises: IntegrityFault("field-wrong", "field-missing").
    """
    names = sorted(entry.get("pd", {}))
    if not names:
        return {}
    kept, gone = unit.payload.of(log, index), erased(unit)
    found = {}
    for name in names:
        one = kept.get(name)
        if one is not None and one.value is not None:
            found[name] = _shown(entry, name, one) if name in shown else Disclosed(name, State.WITHHELD)
        elif (log, index, name) in gone:
            found[name] = Disclosed(name, State.ERASED)
        elif one is None and entry["t"] <= rebuilt_at(unit):
            found[name] = Disclosed(name, State.LOST)
        else:
            raise IntegrityFault("field-missing", entry=f"{log}/{index}", field=name)
    return found


def _shown(entry: Mapping[str, Any], name: str, kept: Kept) -> Disclosed:
    if not fits(entry, name, kept):
        raise IntegrityFault("field-wrong", field=name)
    value = read_canonical((kept.value or "").encode())
    return Disclosed(name, State.DISCLOSED, write_base64(kept.salt or b""), value)


def _entry(unit: UnitOfWork, log: str, index: int) -> Mapping[str, Any]:
    for _, body in unit.tree.numbered(log, index, index + 1):
        return read_entry(body)
    raise NotFound("log-entry-not-found", entry=f"{log}/{index}")
