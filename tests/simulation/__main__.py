"""`./dev.sh simulate --cameras 100000 --days 30 [--seed N]`: a population on a simulated clock, and a table.

Exit code 1 where the product's rules say of any camera-day something else than was done to it, 2 for
arguments that cannot be.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from tests.simulation import leavings
from tests.simulation.queues import Capacity
from tests.simulation.running import Wanted, run
from tests.simulation.table import lines


def main(words: list[str]) -> int:
    """Simulate, and print."""
    options = _read(words)
    left = leavings.count()
    capacity = Capacity(options.nodes, options.logs, options.node_mib, options.receipts, options.entries)
    wanted = Wanted(
        options.cameras, options.days, options.seed, options.mbit * 125_000, options.line_mbit * 125_000,
        capacity, left.entries,
    )  # fmt: skip
    began, used = time.monotonic(), _processor()
    result = run(wanted, options.processes, _tell)
    print(file=sys.stderr)
    for line in lines(result, left):
        print(line)
    wrong = result.tally.wrong
    kinds = f"{result.tally.groups:,} kinds of camera-day"
    print(f"\nthe rules against what was done: {wrong:,} differences in {kinds}")
    for one in result.tally.differences:
        print(f"  {one}")
    print(f"took {time.monotonic() - began:.0f} s, {_processor() - used:.0f} s of processor")
    return int(wrong > 0)


def _read(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulate")
    parser.add_argument("--cameras", type=_positive, default=1000)
    parser.add_argument("--days", type=_positive, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mbit", type=_positive, default=8, help="of a recording, Mbit/s")
    parser.add_argument("--line-mbit", type=_positive, default=25, help="of one card in its dock, Mbit/s")
    parser.add_argument("--nodes", type=int, default=0, help="ingest nodes; 0: what the busiest hour needs")
    parser.add_argument("--logs", type=int, default=0, help="sites with a log each; 0: as above")
    parser.add_argument("--node-mib", type=float, default=Capacity.node_mib_s, help="one node, MiB/s (L1)")
    parser.add_argument(
        "--receipts", type=float, default=Capacity.receipts_s, help="one log, receipts/s (L6)"
    )
    parser.add_argument("--entries", type=float, default=Capacity.entries_s, help="one log, entries/s (L7)")
    parser.add_argument("--processes", type=_positive, default=os.cpu_count() or 1)
    return parser.parse_args(words)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _tell(what: str, done: int, of: int) -> None:
    print(f"\r{what}: day {done} of {of}   ", end="", file=sys.stderr, flush=True)


def _processor() -> float:
    """Return the seconds of processor that this process and those it has waited for took."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no process of ours is left behind
    sys.exit(main(sys.argv[1:]))
