"""F06, F20, F21 and F23, short, on the whole grown form: one round of each (whole: five)."""

from __future__ import annotations

import os
import random

import pytest

from tests.drills import grown_faults

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))


@pytest.mark.grown
def test_whatever_the_grown_form_stands_on_is_killed_and_nothing_is_lost_or_done_twice() -> None:
    assert len(grown_faults.grown_faults(1, SEED)) == len(grown_faults.FAULTS)
