"""F34, short: an export is killed at some system calls while it is built and while it is handed over (whole:
`./dev.sh drill F34`)."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator

import pytest

from tests.drills import export_kills, sweeps, tracer

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine"),
]


@pytest.fixture(scope="module")
def counter() -> Iterator[export_kills.Counter]:
    with export_kills.counter() as opened:
        yield opened


@pytest.mark.grown
@pytest.mark.parametrize("act", export_kills.ACTS)
@pytest.mark.article("dazhe-2020:14")
def test_killed_anywhere_nothing_is_half_built_or_half_handed_over(
    counter: export_kills.Counter, act: str
) -> None:
    points = counter.survey(act)
    assert len(points) > 30
    hurting = [one.number for one in points if one.call.startswith(("rename", "linkat"))]
    chance = random.Random(SEED)
    lot = {*chance.sample([one.number for one in points], 3), *chance.sample(hurting, min(2, len(hurting)))}
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED), points {sorted(lot)} of {len(points)}")
    assert sweeps.violations([counter.kill(act, number) for number in sorted(lot)]) == []


def test_what_would_be_wrong_is_noticed(counter: export_kills.Counter) -> None:
    act = export_kills.HAND_OVER
    with counter._copied(act) as data:
        counter._do(data, act, 0)
        (kept,) = (data / "vault" / "exports").iterdir()
        shutil.rmtree(kept)
        found = counter._go_on(data, act)
    assert "K2 handed over, and [] retained" in found
    assert any(one.startswith("K4 object-missing exports/") for one in found)
