"""The drills as commands: which there are, their options, and what they print."""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.drills import (
    discs,
    export_kills,
    ingest_order,
    migration_kills,
    mutants,
    package_kills,
    policy_judge,
    publishing_kills,
    restores,
    second_site,
    services,
    sweeps,
    tampering_table,
    trials,
)
from tests.drills.sites import Verdict
from tests.drills.tally import TALLY
from tests.drills.tracer import Point
from tests.drills.trials import CANNOT


@dataclass(frozen=True)
class Drill:
    """One drill: its number in the design's list, what it is, and how to run it."""

    name: str
    about: str
    work: Callable[[argparse.Namespace], int]

    def run(self, words: Sequence[str]) -> int:
        """Read the options, run, print what it took."""
        parser = argparse.ArgumentParser(prog=f"drill {self.name}", description=self.about)
        parser.add_argument("names", nargs="*", help="some parts of the drills discs and grown")
        parser.add_argument("--points", type=int, default=0, help="so many points instead of all")
        parser.add_argument("--services", type=int, default=10, help="points of F01 in the whole service")
        parser.add_argument("--tries", type=int, default=10_000, help="tries of F26, F27 and S06")
        parser.add_argument(
            "--seed", type=int, default=random.randrange(10**6), help="chooses points; printed"
        )
        parser.add_argument("--layout", choices=sweeps.LAYOUTS, nargs="*", default=sweeps.LAYOUTS)
        parser.add_argument("--only", nargs="*", default=(), help="only these of the drills tamper and F35")
        parser.add_argument("--minutes", type=float, default=30.0, help="length of the drill calm")
        parser.add_argument(
            "--seeds", type=int, default=1, help="so many runs of F35, each with the next seed"
        )
        parser.add_argument("--seconds", type=float, default=60.0, help="length of one run of F35")
        parser.add_argument("--processes", type=int, default=2)
        options = parser.parse_args(words)
        started = time.monotonic()
        print(f"{self.name} {self.about}; seed {options.seed}", flush=True)
        code = self._work(options)
        TALLY.write()
        word = {0: "passed", CANNOT: "not run"}.get(code, "FAILED")
        print(f"{self.name} {word}: {time.monotonic() - started:.0f} s")
        return code

    def _work(self, options: argparse.Namespace) -> int:
        try:
            return self.work(options)
        except AssertionError as broken:  # how some drills say that a promise was broken
            traceback.print_exc()
            TALLY.add(1, [" ".join(str(broken).split())[:600] or repr(broken)])
            return 1


@dataclass(frozen=True)
class Share:
    """One process's share of a sweep: every `of`-th of the chosen points. points: how many to choose, 0
    for all.
    """

    points: int
    seed: int
    number: int
    of: int
    layout: str = ""

    def choose(self, survey: Sequence[Point]) -> list[int]:
        """Return the numbers of this share's points."""
        if self.points:
            chosen = sweeps.sample(survey, self.points, self.seed)
        else:
            chosen = [point.number for point in survey]
        return chosen[self.number :: self.of]


def _kills(options: argparse.Namespace) -> int:
    code = _sweep("killed", _kill_share, options)
    verdicts = [services.kill(number) for number in services.lot(options.services, options.seed)]
    return code | _report("killed the whole service", verdicts, services.FEWEST)


def _kill_share(share: Share) -> tuple[int, list[Verdict]]:
    with sweeps.room() as room:
        survey = room.survey()
        return len(survey), [room.kill(number) for number in share.choose(survey)]


def _cuts(options: argparse.Namespace) -> int:
    if reason := discs.why_not():
        print(f"SKIPPED: {reason}")
        TALLY.left_out.append(reason)
        return CANNOT
    return max(_sweep("power cut", _cut_share, options, layout) for layout in options.layout)


def _cut_share(share: Share, kind: str = "ext4") -> tuple[int, list[Verdict]]:
    discs.keep_to_ourselves()
    with sweeps.room() as room, sweeps.machine(room, kind) as machine:
        survey = machine.survey(share.layout)
        return len(survey), [machine.cut(number, share.layout) for number in share.choose(survey)]


def _cuts_on_xfs(options: argparse.Namespace) -> int:
    if reason := discs.why_not("xfs"):
        print(f"SKIPPED: {reason}")
        TALLY.left_out.append(reason)
        return CANNOT
    layouts = [one for one in options.layout if one != "asked"]
    return max(
        _sweep("power cut (xfs)", partial(_cut_share, kind="xfs"), options, layout) for layout in layouts
    )


def _migrations(options: argparse.Namespace) -> int:
    starts = migration_kills.STARTS
    return max(_sweep(f"migration from {start}: killed", _builder_share, options, start) for start in starts)


def _builder_share(share: Share) -> tuple[int, list[Verdict]]:
    with migration_kills.builder() as builder:
        survey = builder.survey(share.layout)
        return len(survey), [builder.kill(share.layout, number) for number in share.choose(survey)]


def _sweep(
    what: str,
    work: Callable[[Share], tuple[int, list[Verdict]]],
    options: argparse.Namespace,
    layout: str = "",
) -> int:
    """Run a sweep in processes, each with a room of its own; say what came of it."""
    count = options.processes
    shares = [Share(options.points, options.seed, number, count, layout) for number in range(count)]
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        results = list(pool.map(work, shares))
    verdicts = [verdict for _, some in results for verdict in some]
    return _report(what, verdicts, results[0][0], layout)


def _report(what: str, verdicts: list[Verdict], points: int, layout: str = "") -> int:
    reached = sum(verdict.point is not None for verdict in verdicts)
    faulty = sweeps.violations(verdicts)
    TALLY.add(reached, faulty)
    where = f", discs: {layout}" if layout in sweeps.LAYOUTS else ""
    print(f"{what} at {reached} of {points} points{where}; violations: {len(faulty)}", flush=True)
    print("\n".join(faulty), end="\n" if faulty else "", flush=True)
    return int(bool(faulty) or (bool(verdicts) and not reached))


def _publishing(options: argparse.Namespace) -> int:
    code = max(_sweep(f"{who} killed", _press_share, options, who) for who in publishing_kills.WHO)
    if reason := discs.why_not():
        print(f"the power was not cut: {reason}")
        TALLY.left_out.append(f"the power was not cut: {reason}")
        return code or CANNOT
    whose = publishing_kills.WHO
    return code | max(_sweep(f"power cut below the {who}", _dark_press_share, options, who) for who in whose)


def _press_share(share: Share) -> tuple[int, list[Verdict]]:
    with publishing_kills.press() as press:
        survey = press.survey(share.layout)
        return len(survey), [press.kill(share.layout, number) for number in share.choose(survey)]


def _dark_press_share(share: Share) -> tuple[int, list[Verdict]]:
    discs.keep_to_ourselves()
    with publishing_kills.press() as press, tempfile.TemporaryDirectory(prefix="drill-discs-") as folder:
        survey, disc = press.survey(share.layout), discs.Disc(Path(folder) / "disc")
        try:
            return len(survey), [press.cut(share.layout, number, disc) for number in share.choose(survey)]
        finally:
            disc.remove()


def _packages(options: argparse.Namespace) -> int:
    media = package_kills.MEDIA_TRIED
    code = max(
        *(_sweep(f"{medium} killed", _bindery_share, options, medium) for medium in media),
        *(_sweep(f"{act} killed", _counter_share, options, act) for act in export_kills.ACTS),
    )
    if os.geteuid():
        print("discs were not filled: that needs root")
        TALLY.left_out.append("discs were not filled: that needs root")
        return code or CANNOT
    faults = [
        f"{medium} {one}" for medium in media for one in package_kills.fill(package_kills.SIZES, medium)
    ]
    print("\n".join([f"discs of {len(package_kills.SIZES)} sizes, faults: {len(faults)}", *faults]))
    TALLY.add(len(package_kills.SIZES), faults)
    return code | int(bool(faults))


def _bindery_share(share: Share) -> tuple[int, list[Verdict]]:
    with package_kills.bindery() as bindery:
        survey = bindery.survey(share.layout)
        return len(survey), [bindery.kill(share.layout, number) for number in share.choose(survey)]


def _counter_share(share: Share) -> tuple[int, list[Verdict]]:
    with export_kills.counter() as counter:
        survey = counter.survey(share.layout)
        return len(survey), [counter.kill(share.layout, number) for number in share.choose(survey)]


def _order(_options: argparse.Namespace) -> int:
    faults = ingest_order.lean() + ingest_order.recovered() + ingest_order.whole()
    print("\n".join([f"faults of order: {len(faults)}", *faults]))
    TALLY.add(3, faults)
    return int(bool(faults))


def _mutants(options: argparse.Namespace) -> int:
    alive = []
    for mutant in mutants.MUTANTS:
        killer = mutants.judge(mutant, options.points or mutants.WHOLE, options.seed)
        print(f"{mutant.name:<32} {'killed: ' + killer if killer else 'ALIVE'}", flush=True)
        alive += [] if killer else [mutant.name]
        TALLY.add(1, [] if killer else [f"the mutant {mutant.name} lives: the drills are blind to it"])
    print(f"mutants killed: {len(mutants.MUTANTS) - len(alive)} of {len(mutants.MUTANTS)}")
    return int(bool(alive))


def _policy(options: argparse.Namespace) -> int:
    lot = policy_judge.lot(options.points, options.seed)
    good = policy_judge.hold_trial(lot, options.seed, options.processes)
    TALLY.add(len(lot), [] if good else ["too many faults of the policy go unnoticed"])
    return int(not good)


def _tamper(options: argparse.Namespace) -> int:
    return tampering_table.run(options.only)


DRILLS = {
    drill.name: drill
    for drill in (
        Drill("F01", "the service is killed (kill -9) at every system call of one ingest", _kills),
        Drill("F02", "the power is cut at every system call of one ingest", _cuts),
        Drill("F03", "the same on XFS", _cuts_on_xfs),
        Drill("F04", "the order of system calls: nothing is acknowledged before it is durable", _order),
        Drill("F05", "mutants: the drills must notice each deliberate fault", _mutants),
        Drill("grown", "F06, F20 to F23 on the grown form: what it stands on is killed", trials.grown),
        Drill("discs", "F11, F12, F13, F32: discs that are full; power cut at the beginning", trials.full),
        Drill("flips", "F17: one bit flipped anywhere in the vault", trials.flipping),
        Drill("F23", "the object store fails at one request of a seal, in every way", trials.store),
        Drill("F26", "two clients send to the same upload at the same offset", trials.rivalling),
        Drill("F27", "a finished upload is sent again, as if the reply had been lost", trials.repeating),
        Drill("F31", "killed at every system call while the schema is made or brought up", _migrations),
        Drill("F34", "building and handing over a package: killed at every call, disc full", _packages),
        Drill("F35", "faults by lot under load, F01 to F30", trials.thrashing),
        Drill("F40", "publisher and signer: killed, and power cut, at every call", _publishing),
        Drill("mutations", "S06: mutated media files through all readers, in the sandbox", trials.mutating),
        Drill("restores", "R08: a restore is tried each night, beside a bad copy", restores.run),
        Drill("second-site", "R06, R09: the server is lost, another serves from the copy", second_site.run),
        Drill("calm", "normal work, restarts, kills, checked all the time: no alarm", trials.calming),
        Drill("tamper", "T01 to T23: what an insider does past the program; who names it", _tamper),
        Drill("policy", "A08: the policy of access mutated; its tests must notice each fault", _policy),
    )
}
