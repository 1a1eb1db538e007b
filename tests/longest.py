"""The tests that take longest: `./dev.sh test` runs a fifth of them, by the lot of the seed that it prints,
and all others. `--whole` and `--grown` run all, and so does whoever names files or tests.

They stand in longest.txt with their seconds of processor. Make it anew from a measured run:

    EVIDENCE_TEST_TIMES=times.jsonl python -m pytest -n 4 --dist loadfile -m "not grown"
    python -m tests.longest times.jsonl
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

LIST = Path(__file__).parent / "longest.txt"
ONE_OF = 5
LEAST_S = 0.5  # of processor, of all parameters of a test together


def listed() -> frozenset[str]:
    """Return the tests that take longest, without their parameters."""
    return frozenset(line.split()[1] for line in LIST.read_text("utf-8").splitlines())


def drawn(test: str, seed: int, longest: frozenset[str]) -> bool:
    """Tell whether the lot of a seed lets a test run: each of a parameter draws for itself."""
    if test.partition("[")[0] not in longest:
        return True
    return random.Random(f"{seed} {test}").randrange(ONE_OF) == 0


def seconds(lines: Sequence[str]) -> Mapping[str, float]:
    """Add up what each test took. lines: as `metered` writes them."""
    sums = defaultdict[str, float](float)
    for line in lines:
        test, taken = json.loads(line)
        sums[test.partition("[")[0]] += taken
    return sums


def metered(test: str) -> Generator[None, object, object]:
    """Note what happens between the two halves: seconds of processor, of children that ended too."""
    began = os.times()
    outcome = yield
    ended = os.times()
    with Path(os.environ["EVIDENCE_TEST_TIMES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([test, round(sum(ended[:4]) - sum(began[:4]), 3)]) + "\n")
    return outcome


def main() -> None:
    """Write the list."""
    sums = seconds(Path(sys.argv[1]).read_text("utf-8").splitlines())
    longest = sorted((test for test, taken in sums.items() if taken >= LEAST_S), key=lambda test: -sums[test])
    LIST.write_text("".join(f"{sums[test]:6.1f} {test}\n" for test in longest), "utf-8")
    there = sum(sums[test] for test in longest)
    print(f"{len(longest)} of {len(sums)} tests take {there:.0f} of {sum(sums.values()):.0f} s of processor")


if __name__ == "__main__":
    main()
