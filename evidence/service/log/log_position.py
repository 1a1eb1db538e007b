"""At which place of the log of custody something was read: how many entries, and the root of their tree.

Whoever has the log can compute the same root from its first entries (docs/formats/log-tiles.md), so the place
cannot be claimed afterwards. It need not be under a checkpoint yet: that is a matter of seconds, and every
later checkpoint continues it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.domain.audit import Family
from evidence.ledger.merkle import SHA256, Frontier
from evidence.ledger.tiles import frontier_at
from evidence.service.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A place of the log of custody. root: of the tree of its first `size` entries, in hexadecimal; at: when
    the last of them was made, None where there is none."""

    log: str
    size: int
    root: str
    at: datetime | None


def position_of(unit: UnitOfWork) -> LogPosition:
    """Return where the log of custody stands in this transaction. Raises: IntegrityFault at a hole."""
    log = Family.CUSTODY.value
    size, (published, _) = unit.tree.size(log), unit.tree.published(log)
    frontier = frontier_at(published, unit.tree.tile(log)) if published else Frontier()
    frontier.extend(SHA256.leaf(entry) for entry in unit.tree.leaves(log, published, size))
    at = unit.tree.entry_at(log, size - 1) if size else None
    return LogPosition(unit.log.origin(log), size, frontier.root().hex(), at)
