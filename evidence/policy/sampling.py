"""What a pack says of supervisors' samples: how many of a unit's recordings are drawn for review.

It may be absent from a pack; then the union decides (`sampling_of`). Form: docs/formats/policy-pack.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.policy.fields import Table

if TYPE_CHECKING:
    from evidence.policy.rules import Citation, Pack


@dataclass(frozen=True, slots=True)
class Sampling:
    """Drawn are so many in a hundred, rounded up, and at least `least`, if there are as many."""

    share_percent: int
    least: int
    cites: tuple[Citation, ...]


def read_sampling(top: Table, cites: Callable[[Table], tuple[Citation, ...]]) -> Sampling | None:
    """Read `[sampling]`, None where a pack has none. Raises: PolicyError."""
    if "sampling" not in top:
        return None
    table = top.table("sampling")
    rule = Sampling(table.whole("share_percent", 1, 100), table.whole("least", 1, 1000), cites(table))
    table.close()
    return rule


def sampling_of(pack: Pack, strictest: Pack) -> Sampling | None:
    """Return how many are drawn: the pack's, else the union's."""
    return pack.sampling or strictest.sampling
