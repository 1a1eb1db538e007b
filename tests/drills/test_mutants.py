"""F05: each deliberate fault is noticed (more points of F01 for each: `./dev.sh drill F05`)."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.drills import mutants, tracer

# Where CI demands everything, a missing tool is a failure, not a skip.
MAY_SKIP = not os.environ.get("EVIDENCE_REQUIRE_MEDIA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(MAY_SKIP and not shutil.which("strace"), reason="strace is absent"),
    pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine"),
]


# One for each judge (order, start, kill); `./dev.sh drill F05` and `--grown` take them all.
SHORT = {"data-not-synced", "wal-normal", "not-cut-to-offset"}


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(one, id=one.name, marks=() if one.name in SHORT else pytest.mark.grown)
        for one in mutants.MUTANTS
    ],
)
def test_the_drills_notice(mutant: mutants.Mutant) -> None:
    assert mutants.judge(mutant, points=5, seed=1) is not None, "the fault lives: the drills are blind to it"


def test_a_mutant_that_no_longer_fits_the_source_is_an_error() -> None:
    stale = mutants.Mutant("stale", (("storage/durable.py", "no such text", ""),))
    with pytest.raises(mutants.Unfit), mutants.tree(stale):
        pass


def test_every_mutant_fits_the_source_as_it_is() -> None:
    for mutant in mutants.MUTANTS:
        mutants.apply(mutant, mutants.ROOT, only_try=True)
