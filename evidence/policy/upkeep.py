"""Reading of what a pack says of equipment, enforcement, case files, samples, check-points and ways out;
each may be left to the union.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict

from evidence.policy.archiving import Archiving, read_archiving
from evidence.policy.check_points import CheckPoint, read_check_points
from evidence.policy.enforcement import Enforcement, read_enforcement
from evidence.policy.equipment import Equipment, read_equipment
from evidence.policy.fields import Table
from evidence.policy.keeping import CaseTerms, read_case_terms
from evidence.policy.sampling import Sampling, read_sampling
from evidence.policy.ways_out import WaysOut, read_ways_out

if TYPE_CHECKING:
    from evidence.policy.rules import Citation


class Upkeep(TypedDict):
    """The rules, by their fields of a pack."""

    archiving: Archiving | None
    case_terms: CaseTerms | None
    sampling: Sampling | None
    enforcement: Enforcement
    equipment: Equipment
    check_points: tuple[CheckPoint, ...]
    ways_out: WaysOut


def read_upkeep(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> Upkeep:
    """Read them. Raises: PolicyError."""
    return {
        "archiving": read_archiving(top, cites),
        "case_terms": read_case_terms(top, cites),
        "sampling": read_sampling(top, cites),
        "enforcement": read_enforcement(top, cites),
        "equipment": read_equipment(top, cites),
        "check_points": read_check_points(top, cites),
        "ways_out": read_ways_out(top, cites),
    }
