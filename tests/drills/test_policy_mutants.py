"""A08: faults in the policy of access are noticed, drawn by lot (all of them: `./dev.sh drill policy`)."""

from __future__ import annotations

import ast
import random

import pytest

from tests.domain.lots import a_seed
from tests.drills import policy_judge, policy_mutants


@pytest.mark.grown
def test_the_tests_of_the_policy_notice_faults_in_it() -> None:
    seed = a_seed()
    print(f"seed {seed}")
    drawn = [mutant for mutant in policy_judge.lot(0, seed) if mutant.denies]
    drawn = random.Random(seed).sample(drawn, 6)
    assert policy_judge.hold_trial(drawn, seed), "what denies must not be changed unnoticed"


def test_there_are_mutants_of_every_part_of_the_policy() -> None:
    made = policy_mutants.mutants()
    assert len(made) > 1_000
    modules = {mutant.module.rsplit(".", 1)[1] for mutant in made}
    assert modules == {"rights", "access", "bars", "standings", "grants"}
    some = made[:: len(made) // 20]
    for mutant in some:
        ast.parse(mutant.source)
    assert len({mutant.source for mutant in some}) == len(some), "each is another fault"
