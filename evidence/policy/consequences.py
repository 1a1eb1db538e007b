"""Reading of what a pack says of what follows on faults and complaints; each may be left to the union."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from evidence.policy.conduct import Apart, Complaints, FaultOutcome, Outcomes
from evidence.policy.fields import Table
from evidence.policy.rules import Citation, PersonType

Cites = Callable[[Table], tuple[Citation, ...]]


class Consequences(TypedDict):
    """The rules, by their fields of a pack."""

    fault_outcomes: tuple[Outcomes, ...]
    complaints: Complaints | None


def read_consequences(top: Table, cites: Cites) -> Consequences:
    """Read `[[fault_outcomes]]` and `[complaints]`. Raises: PolicyError."""
    tables = top.tables("fault_outcomes") if "fault_outcomes" in top else []
    outcomes = tuple(_outcomes(table, cites) for table in tables)
    return {"fault_outcomes": outcomes, "complaints": _complaints(top, cites)}


def _outcomes(table: Table, cites: Cites) -> Outcomes:
    types = frozenset(PersonType(word) for word in table.choices("types", PersonType))
    rule = Outcomes(table.choices("words", FaultOutcome), types, cites(table))
    table.close()
    return rule


def _complaints(top: Table, cites: Cites) -> Complaints | None:
    if "complaints" not in top:
        return None
    table = top.table("complaints")
    rule = Complaints(table.whole("within_days", 1, 366), table.choices("apart", Apart), cites(table))
    table.close()
    return rule
