"""What a supervisor must see at once: what is missing, late or unexplained, how much of it, and since when.

Each tile counts what its list shows, by the same question, and each question has a bound: a board over a
million recordings costs what one over a thousand does. More than `MOST` of a kind is said as such. What lies
further back than the days that are looked at stands in the gap report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.domain.steps import StepState
from evidence.service.gate import admits
from evidence.service.oversight.watch_lists import MOST, Line, Look, Watch
from evidence.service.site import Site

USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Tile:
    """How many lines there are, `MOST` at most, and the moment of the first."""

    watch: Watch
    count: int
    is_more: bool
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """All tiles; and how many steps of cases of these days are in each state."""

    tiles: Sequence[Tile]
    matrix: Mapping[StepState, int]


@dataclass(frozen=True)
class Supervision:
    """The desk of who supervises."""

    site: Site

    @admits(Action.REVIEW_GAPS)
    def board(self, caller: Caller, days: int = USUAL_DAYS) -> Board:
        """Return what waits within the caller's reach; the look is logged."""
        now = self._log(caller, "board")
        since = now - timedelta(days=days)
        with self.site.database.reading() as unit:
            look = Look(self.site, unit, caller, since, now)
            tiles = [_tile(one, look.moments(one)) for one in Watch]
            states = Counter[StepState]()
            for case in look.cases:
                states.update(case.counts)
        return Board(tiles, {state: states[state] for state in StepState})

    @admits(Action.REVIEW_GAPS)
    def lines(self, caller: Caller, watch: Watch, days: int = USUAL_DAYS) -> Sequence[Line]:
        """Return the list of a tile, oldest first, with one more than `MOST` where there are more; the look
        is logged."""
        now = self._log(caller, watch.value)
        with self.site.database.reading() as unit:
            return Look(self.site, unit, caller, now - timedelta(days=days), now).lines(watch)

    def _log(self, caller: Caller, what: str) -> datetime:
        now = self.site.clock.now()
        with self.site.database.writing() as unit:
            unit.log.append(Entry(Act.READ_LIST, caller.id, facts={"list": what}), now)
        return now


def _tile(watch: Watch, lines: Sequence[datetime | None]) -> Tile:
    oldest = next((one for one in lines if one is not None), None)
    return Tile(watch, min(len(lines), MOST), len(lines) > MOST, oldest)
