"""The versions of one policy pack, and which of them speaks for a day.

There is never "no rule". A day is judged by the newest version that was in force by then; a day before
the first version by the first, because a recorder whose clock says 2000-01-01 must not escape the
deadline; and after the last version has run out without a successor, the last one goes on. So footage
keeps the rule in force at its capture (Dazhe 2020 art. 17), and a wrong clock can at worst choose another
version, never none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evidence.policy.rules import Pack


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The versions of one pack: at least one, all of one id, in order, none in force on a day of another."""

    packs: tuple[Pack, ...]

    def __post_init__(self) -> None:
        if not self.packs or len({pack.id for pack in self.packs}) != 1:
            raise ValueError("a policy set holds the versions of one pack")
        for earlier, later in zip(self.packs, self.packs[1:], strict=False):
            if overlap(earlier, later) or earlier.in_force_from > later.in_force_from:
                raise ValueError(f"{earlier.id}: {earlier.version} and {later.version} are not in order")

    @property
    def id(self) -> str:
        """The id of the pack, the same for all versions."""
        return self.packs[0].id

    @property
    def latest(self) -> Pack:
        """The newest version."""
        return self.packs[-1]

    def at(self, day: date) -> Pack:
        """Return the version that speaks for a day (in the pack's own time zone); there always is one."""
        in_force = [pack for pack in self.packs if pack.in_force_from <= day]
        return in_force[-1] if in_force else self.packs[0]


def overlap(earlier: Pack, later: Pack) -> bool:
    """Tell whether both are in force on some day. A version without an end overlaps every later one: whoever
    adds a version must write into the one before on which day it ended."""
    first, second = sorted((earlier, later), key=lambda pack: pack.in_force_from)
    if first.in_force_from == second.in_force_from:
        return True
    return first.in_force_to is None or first.in_force_to > second.in_force_from
