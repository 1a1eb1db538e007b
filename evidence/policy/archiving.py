"""What a pack says of case files: within how many days of the end of the act one is formed and archived.

It may be absent from a pack; then the union decides (`archiving_of`). Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack


@dataclass(frozen=True, slots=True)
class Archiving:
    """A case file is archived at most `within_days` calendar days after the day on which the act ended."""

    within_days: int
    cites: tuple[Citation, ...]


def read_archiving(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> Archiving | None:
    """Read `[case_file]`, None where a pack has none. Raises: PolicyError."""
    if "case_file" not in top:
        return None
    table = top.table("case_file")
    rule = Archiving(table.whole("within_days", 1, 3660), cites(table))
    table.close()
    return rule


def archiving_of(pack: Pack, strictest: Pack) -> Archiving | None:
    """Return within how many days: the pack's, else the union's."""
    return pack.archiving or strictest.archiving
