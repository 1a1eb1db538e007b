"""How many lines of a gap report are in which state, and how much time they took: by unit, wearer, recorder
and day. Counted is what must be explained; a length is known of interruptions only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from evidence.domain.explanations import TO_DO
from evidence.service.gaps.gap_lines import Standing, StateCount, count_states


class By(StrEnum):
    """What is counted by."""

    UNIT = "unit"
    WEARER = "wearer"
    DEVICE = "device"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Owing:
    """A line that must be explained, and to whom and what it belongs; None where nobody knows."""

    standing: Standing
    is_interruption: bool
    unit_id: str | None
    device: str | None
    day: date

    def key(self, by: By) -> str | None:
        """Return what it belongs to."""
        if by is By.UNIT:
            return self.unit_id
        if by is By.WEARER:
            return self.standing.wearer
        return self.device if by is By.DEVICE else self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one unit, wearer, recorder or day. key None: of those of which nobody knows; name: of a
    unit."""

    key: str | None
    name: str | None
    states: Sequence[StateCount]

    @property
    def to_do(self) -> int:
        """How many lines wait for an explanation."""
        return sum(one.count for one in self.states if one.state in TO_DO)

    @property
    def lost(self) -> timedelta:
        """How much time the interruptions took, as far as known."""
        return sum((one.lost for one in self.states), timedelta())


def tally(lines: Sequence[Owing], names: Mapping[str, str]) -> Mapping[By, Sequence[Tally]]:
    """Return the counts by each; days in order, else the most to do first. names: of units, by id."""
    return {by: _tally(lines, by, names if by is By.UNIT else {}) for by in By}


def count_wearers(standings: Iterable[Standing]) -> Mapping[str, int]:
    """Return how many lines each wearer still owes an explanation of, the most first."""
    owed: dict[str, int] = {}
    for one in standings:
        if one.state in TO_DO and one.wearer is not None:
            owed[one.wearer] = owed.get(one.wearer, 0) + 1
    return dict(sorted(owed.items(), key=lambda pair: (-pair[1], pair[0])))


def _tally(lines: Iterable[Owing], by: By, names: Mapping[str, str]) -> Sequence[Tally]:
    groups: dict[str | None, list[Owing]] = {}
    for one in lines:
        groups.setdefault(one.key(by), []).append(one)
    found = [
        Tally(
            key,
            names.get(key or ""),
            count_states(
                [one.standing for one in mine], [one.standing for one in mine if one.is_interruption]
            ),
        )
        for key, mine in groups.items()
    ]
    if by is By.DAY:
        return sorted(found, key=lambda one: one.key or "")
    return sorted(found, key=lambda one: (one.key is None, -one.to_do, -one.lost, one.key or ""))
