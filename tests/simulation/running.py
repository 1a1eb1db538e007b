"""The run: the population is drawn and counted, its files are queued, then each kind of camera-day is judged.

Three passes over the days, each day apart from the others, on as many processes as are wanted. What comes out
depends on the seed alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from random import Random

from tests.simulation.expected import expect, state_of
from tests.simulation.population import UNIT, CameraDay, Dock, draw, files_of, plan_of
from tests.simulation.queues import SEAL_S, Arrivals, Backlog, Capacity, backlog
from tests.simulation.rules import Rules
from tests.simulation.tally import Tally, cause_of

BLOCK = 100 * UNIT  # cameras drawn at once
WHOLE = 50  # one of so many kinds is judged again under other names
_OTHER = "XW77B0042", "990817"

Groups = Counter[CameraDay]


@dataclass(frozen=True)
class Wanted:
    """What is simulated. rate: bytes for a second of recording; line: bytes a second from a dock."""

    cameras: int
    days: int
    seed: int = 1
    rate: int = 1_000_000
    line: int = 3_125_000
    capacity: Capacity = Capacity()
    entries_each: float = 6.0


@dataclass(frozen=True)
class Result:
    """What came out."""

    wanted: Wanted
    capacity: Capacity  # with the numbers of nodes and logs
    arrivals: Arrivals
    waiting: Backlog
    tally: Tally


def run(wanted: Wanted, processes: int, told: Callable[[str, int, int], None]) -> Result:
    """Simulate. told(what, done, of): is called as it goes on."""
    with _pool(processes) as spread:
        days = range(wanted.days)
        groups, came = list[Groups](), Tally()
        for done, (drawn, part) in enumerate(spread(partial(_drawn, wanted), days), start=1):
            groups.append(drawn)
            came.add(part)
            told("drawn", done, wanted.days)
        arrivals = Arrivals.of(_hours(came, "bytes"), _hours(came, "files"))
        capacity = wanted.capacity.sized(arrivals, wanted.entries_each)
        waiting = backlog(arrivals, capacity, wanted.entries_each)
        for done, part in enumerate(spread(partial(_judged, wanted, waiting), groups), start=1):
            came.add(part)
            told("judged", done, wanted.days)
    return Result(wanted, capacity, arrivals, waiting, came)


class _pool:  # noqa: N801 - a context manager
    def __init__(self, processes: int) -> None:
        self._pool = ProcessPoolExecutor(processes) if processes > 1 else None

    def __enter__(self) -> Callable[[Callable, Iterable], Iterator]:
        return map if self._pool is None else self._pool.map

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _drawn(wanted: Wanted, day: int) -> tuple[Groups, Tally]:
    """Return how many cameras do what on a day, and what comes of it."""
    drawn: Groups = Counter()
    for first in range(0, wanted.cameras, BLOCK):
        drawn += draw(wanted.seed, day, first, min(first + BLOCK, wanted.cameras))
    tally = Tally()
    for one, times in drawn.items():
        tally.camera_days[one.dock.value] += times
        tally.camera_days[one.harm.value] += times if one.dock is not Dock.NEVER else 0
        if one.dock is not Dock.NEVER:
            plan = plan_of(wanted.seed, one.day, one.shift, one.plan)
            tally.arrive(one, files_of(one, plan, wanted.rate, wanted.line), times)
    return drawn, tally


def _judged(wanted: Wanted, waiting: Backlog, groups: Groups) -> Tally:
    """Judge each kind of camera-day once, by the product's rules and by brute force."""
    tally, rules = Tally(), rules_for(wanted.days)
    for one, times in sorted(groups.items()):
        if one.dock is Dock.NEVER:
            continue  # no dock ever heard of it: nothing can be said, and the table says that
        plan = plan_of(wanted.seed, one.day, one.shift, one.plan)
        files = files_of(one, plan, wanted.rate, wanted.line)
        sealed = [file.comes + waiting.wait(file.comes) + SEAL_S for file in files]
        seen, must = rules.see(one, files, sealed), expect(one, files, sealed, wanted.days)
        tally.groups += 1
        if seen != must:
            tally.differs(one, seen, must)
        if Random(f"{wanted.seed}/{one}").randrange(WHOLE) == 0:
            tally.whole += 1
            again = rules.see(one, files, sealed, *_OTHER)
            if again != seen:
                tally.differs(one, again, seen)
        late = [
            cause_of(one, file, plan, state_of(one, file, file.comes + SEAL_S)[0] == "late")
            for file, (_, kind, _) in zip(files, seen.states, strict=True)
            if kind == "late"
        ]
        tally.take(one, plan, files, seen, late, times)
    return tally


@cache
def rules_for(days: int) -> Rules:
    """Return the rules; packs are read once in a process."""
    return Rules(days)


def _hours(tally: Tally, what: str) -> dict[int, int]:
    return {hour: number for (name, hour), number in tally.by_hour.items() if name == what}
