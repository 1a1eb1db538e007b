"""F01, short: the service is killed at a sample of the system calls of one ingest (whole: `./dev.sh drill
F01`).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.drills import services, sweeps, tracer

POINTS = 16
SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine"),
]


@pytest.fixture(scope="module")
def room() -> Iterator[sweeps.Room]:
    with sweeps.room() as opened:
        yield opened


def test_killed_at_any_point_nothing_that_was_acknowledged_is_lost(room: sweeps.Room) -> None:
    points = room.survey()
    numbers = sweeps.sample(points, POINTS, SEED)
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED), {len(numbers)} of {len(points)} points")
    verdicts = [room.kill(number) for number in numbers]
    assert sweeps.violations(verdicts) == []
    assert sum(verdict.point is not None for verdict in verdicts) >= len(numbers) - 1  # the last may move


@pytest.mark.parametrize(
    "about", ["manifest.json", "data", "manifest.json~lock.000001.json", "data~lock.000001.json"]
)
def test_killed_before_each_link_of_a_seal_the_next_attempt_finishes_it(
    room: sweeps.Room, about: str
) -> None:
    # The sweep found it once: dead between a manifest's lock and its link, no later attempt could seal.
    number = next(point.number for point in room.survey() if (point.call, point.about) == ("linkat", about))
    verdict = room.kill(number)
    assert verdict.point is not None
    assert verdict.violations == []


@pytest.mark.grown
def test_the_whole_service_killed_while_it_works_loses_nothing_either() -> None:
    (number,) = services.lot(1, SEED)
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED)")
    verdict = services.kill(number)
    assert verdict.point is not None
    assert verdict.violations == []


def test_a_survey_counts_the_same_calls_each_time(room: sweeps.Room) -> None:
    first, second = ([(point.call, point.about) for point in room.survey()] for _ in range(2))
    assert first == second
    assert len(first) > 400
    assert {call for call, _ in first} >= {
        "write",
        "pwrite64",
        "fsync",
        "fdatasync",
        "linkat",
        "unlinkat",
        "sendto",
    }
