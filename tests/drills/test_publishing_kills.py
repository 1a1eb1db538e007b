"""F40, short: a publication is killed at some of its system calls (whole: `./dev.sh drill F40`)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.drills import publishing_kills, sweeps, tracer

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tracer.NAMES, reason="no table of system calls for this kind of machine"),
]


@pytest.fixture(scope="module")
def press() -> Iterator[publishing_kills.Press]:
    with publishing_kills.press() as opened:
        yield opened


@pytest.mark.parametrize(
    ("who", "call", "about"),
    [
        ("publisher", "linkat", "entries"),  # a segment whose lock is there and whose bytes are not
        ("publisher", "linkat", "checkpoint"),  # signed, and not noted anywhere but by the signer
        ("signer", "unlink", "site/signer/state.db-journal"),  # its state has moved, the reader does not know
    ],
)
def test_killed_where_it_hurts_the_root_is_the_same_and_nothing_is_signed_twice(
    press: publishing_kills.Press, who: str, call: str, about: str
) -> None:
    points = [point for point in press.survey(who) if (point.call, point.about) == (call, about)]
    verdict = press.kill(who, points[-1].number)
    assert verdict.point is not None
    assert verdict.violations == []


@pytest.mark.parametrize("who", publishing_kills.WHO)
def test_killed_anywhere_as_well(press: publishing_kills.Press, who: str) -> None:
    points = press.survey(who)
    assert len(points) > 25
    (number,) = random.Random(SEED).sample([point.number for point in points[:-1]], 1)
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED), point {number} of {len(points)}")
    assert sweeps.violations([press.kill(who, number)]) == []


def test_two_checkpoints_of_one_size_would_be_noticed() -> None:
    held = {("custody", 5, "vault"): b"a", ("custody", 5, "signer"): b"b", ("custody", 6, "signer"): b"c"}
    found = publishing_kills.judged_notes(held)
    assert found == ["P2 two checkpoints of custody at 5, one in the signer"]
