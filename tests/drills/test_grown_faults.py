"""F06 and F20 to F23, short, on the whole grown form: one round of each (whole: five)."""

from __future__ import annotations

import os
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.drills import discs, grown_faults

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))


@pytest.mark.grown
def test_whatever_the_grown_form_stands_on_is_killed_and_nothing_is_lost_or_done_twice() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # its mounts become its own
        said = pool.submit(grown_faults.grown_faults, 1, SEED).result()
    without_power = [name for name in grown_faults.FAULTS if "power" not in name]
    assert len(said) == len(without_power if discs.why_not() else grown_faults.FAULTS)
