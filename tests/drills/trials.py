"""The drills that are no sweeps, as commands: faults by lot (F35), full discs, flipped bits, what the grown
form stands on."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.drills import (
    calm,
    discs,
    flips,
    full_discs,
    grown_faults,
    harms,
    mutations,
    rivals,
    store_faults,
    thrash,
)
from tests.drills.tally import TALLY
from tests.servers.object_store import ObjectStoreServer

CANNOT = 3
MANY = 10_000  # the whole of what is tried by number; some drills are whole with less


def thrashing(options: argparse.Namespace) -> int:
    """F35, each seed in a process of its own: mounts become its own, and one that hangs holds up no other."""
    able, left_out = thrash.harms(_named(options, harms.HARMS))
    print("\n".join(f"left out: {one}" for one in left_out), end="\n" if left_out else "")
    TALLY.left_out += left_out
    if not able:
        return CANNOT
    for seed in range(options.seed, options.seed + options.seeds):
        words = [str(seed), str(options.seconds), *(one.name for one in able)]
        _thrash(f"seed {seed}", [sys.executable, "-m", "tests.drills.thrash", *words], options.seconds)
    return int(bool(TALLY.violations))


def _thrash(what: str, command: Sequence[str], seconds: float) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 600, check=False)
    except subprocess.TimeoutExpired:
        TALLY.add(1, [f"{what} hangs"])
        return
    said, problems = done.stdout.strip().splitlines(), done.stderr.strip().splitlines()
    print(done.stdout, end="", flush=True)
    found = said[1:] if done.returncode == 1 and said else []
    if done.returncode and not found:
        found = [f"it ended with {done.returncode}: {' '.join(problems[-3:])}"]
    TALLY.add(1, [f"{what}: {one}" for one in found])
    print("\n".join(found if not said else []), end="", flush=True)


def full(options: argparse.Namespace) -> int:
    """F11, F12, F13, F32."""
    if reason := discs.why_not():
        print(f"SKIPPED: {reason}")
        TALLY.left_out.append(reason)
        return CANNOT
    for name in _named(options, full_discs.TRIALS) or full_discs.TRIALS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # its mounts become its own
            tried, found = pool.submit(_full, name, options.seed).result()
        print("\n".join([f"{name}: tried {tried}; violations: {len(found)}", *found]), flush=True)
        TALLY.add(tried, found)
    return int(bool(TALLY.violations))


def _full(name: str, seed: int) -> tuple[int, list[str]]:
    discs.keep_to_ourselves()
    return full_discs.TRIALS[name](seed)


def flipping(options: argparse.Namespace) -> int:
    """F17."""
    tries = min(options.tries, 1_000)
    TALLY.add(tries, flips.flips(tries, options.seed))
    print("\n".join(TALLY.violations))
    return int(bool(TALLY.violations))


def calming(options: argparse.Namespace) -> int:
    """No false alarm."""
    alarms = calm.run(options.minutes, options.seed)
    print("\n".join([f"false alarms: {len(alarms)}", *alarms]))
    TALLY.add(1, alarms)
    return int(bool(alarms))


def rivalling(options: argparse.Namespace) -> int:
    """F26."""
    print(rivals.rivals(options.tries, options.seed))
    TALLY.add(options.tries)
    over_http = max(1, options.tries // 500)
    print(rivals.rivals_over_http(over_http, options.seed))
    TALLY.add(over_http)
    return 0


def repeating(options: argparse.Namespace) -> int:
    """F27."""
    print(rivals.repeats(options.tries, options.seed))
    TALLY.add(options.tries)
    return 0


def store(options: argparse.Namespace) -> int:
    """F23, one request of a seal."""
    import tempfile

    with (
        tempfile.TemporaryDirectory(prefix="drill-store-") as folder,
        ObjectStoreServer(Path(folder) / "store") as server,
    ):
        tries = options.tries if options.tries < MANY else 1_000
        if tries == 1_000:  # every request of a seal, every fault
            print(store_faults.store_faults(server, 0, options.seed))
        print(store_faults.store_faults(server, tries, options.seed))
    TALLY.add(tries)
    return 0


def grown(options: argparse.Namespace) -> int:
    """F06, F20 to F23 on the whole grown form."""
    rounds = options.tries if options.tries < MANY else 5
    said = grown_faults.grown_faults(rounds, options.seed, _prefixes(options))
    for line in said:
        TALLY.add(1, part=line[:3])
    if reason := discs.why_not():
        TALLY.left_out.append(f"no power is cut: {reason}")
    return 0


def _prefixes(options: argparse.Namespace) -> tuple[str, ...]:
    numbers = {name.split()[0] for name in grown_faults.FAULTS}
    return tuple(_named(options, numbers))


def _named(options: argparse.Namespace, known: object) -> list[str]:
    """Return what the words ask for. Raises: SystemExit for what there is not."""
    asked = [*options.names, *options.only]
    if unknown := [one for one in asked if one not in known]:  # type: ignore[operator]
        raise SystemExit(f"unknown: {' '.join(unknown)}; there are: {' '.join(known)}")  # type: ignore[call-overload]
    return asked


def mutating(options: argparse.Namespace) -> int:
    """S06, in processes side by side: each makes a share of the mutants, by a seed of its own."""
    count = options.processes
    share = -(-options.tries // count)
    seeds = [options.seed + number for number in range(count)]
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        for seed, (tried, found, ends) in zip(
            seeds, pool.map(mutations.read, [share] * count, seeds), strict=True
        ):
            print("\n".join([f"seed {seed}: {tried} mutants {dict(ends)}; violations: {len(found)}", *found]))
            TALLY.add(tried, found)
    return int(bool(TALLY.violations))
