"""Sweeps over the points of one ingest: F01 kills the service there, F02 cuts the power there.

A `Room` holds a fork server and a pattern site; each point gets a fresh copy of the site. Kills need no
real disc (the page cache survives them) and run in memory; power cuts run on loop-mounted discs, in three
forms:
- "same": vault, staging and database on one disc
- "apart": the database on a disc of its own, so that its syncs cannot save the other's files by accident
- "asked": as apart; killed first, restarted, asked where it stands, then cut: is what a recovered service
says durable?
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.drills import sites
from tests.drills.discs import Disc
from tests.drills.ground import Ground
from tests.drills.lines import LeanServer
from tests.drills.sites import Life, Verdict
from tests.drills.tracer import Point

LAYOUTS = ("same", "apart", "asked")


@dataclass
class Room:
    """A place to run points in: a server, a pattern, and a folder for acknowledgements that no fault
    touches.
    """

    server: LeanServer
    pattern: Ground
    folder: Path

    def life(self, data: Path, database: Path | None = None) -> Life:
        """A new site on this ground."""
        kept = self.folder / "acknowledgements"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        return Life(self.server, sites.clone(self.pattern, data, database), kept)

    def survey(self) -> list[Point]:
        """Return all points of one undisturbed ingest."""
        with self.scrap() as data:
            return self.life(data).survey()

    def kill(self, number: int) -> Verdict:
        """F01 at one point."""
        with self.scrap() as data:
            return self.life(data).suffer(number)

    @contextmanager
    def scrap(self) -> Iterator[Path]:
        """A folder in memory for one site."""
        data = self.folder / "site"
        try:
            yield data
        finally:
            shutil.rmtree(data, ignore_errors=True)


@contextmanager
def room(tree: Path | None = None) -> Iterator[Room]:
    """Open a room; tree: the source tree to run, ours by default."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="drill-", dir=where) as name,
        LeanServer(Path(name), tree) as server,
    ):
        folder = Path(name)
        yield Room(server, sites.make(server, folder / "pattern"), folder)


@dataclass
class Machine:
    """A room with discs whose power can be cut."""

    room: Room
    main: Disc
    other: Disc

    def survey(self, layout: str) -> list[Point]:
        """Return all points of one undisturbed ingest on these discs (folders above the site count too)."""
        return self._life(layout).survey()

    def cut(self, number: int, layout: str) -> Verdict:
        """F02 at one point."""
        return self._life(layout).suffer(number, self._asked if layout == "asked" else self._power_off)

    def _life(self, layout: str) -> Life:
        self.main.empty()
        self.other.empty()
        database = None if layout == "same" else self.other.mount / "evidence.db"
        life = self.room.life(self.main.mount / "site", database)
        self.main.sync()
        self.other.sync()
        return life

    def _power_off(self, life: Life) -> None:
        self.main.cut()
        self.other.cut()

    def _asked(self, life: Life) -> None:
        life.ask()
        self._power_off(life)


@contextmanager
def machine(room: Room, kind: str = "ext4") -> Iterator[Machine]:
    """Open a machine with two discs of a kind. Raises: OSError when this computer cannot."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-discs-")))
        discs = []
        for name in ("main", "other"):
            discs.append(Disc(folder / name, kind=kind))
            stack.callback(discs[-1].remove)
        yield Machine(room, *discs)


def sample(points: Sequence[Point], count: int, seed: int) -> list[int]:
    """Choose points: first one of each kind (call, and what it is about), then any, `count` in all."""
    chance = random.Random(seed)
    kinds: dict[tuple[str, str], list[int]] = {}
    for point in points:
        kinds.setdefault((point.call, point.about), []).append(point.number)
    chosen = {chance.choice(numbers) for numbers in kinds.values()}
    if len(chosen) > count:
        return sorted(chance.sample(sorted(chosen), count))
    rest = sorted({point.number for point in points} - chosen)
    return sorted(chosen | set(chance.sample(rest, min(len(rest), count - len(chosen)))))


def violations(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the verdicts that found something, as text."""
    return [str(verdict) for verdict in verdicts if verdict.violations]
