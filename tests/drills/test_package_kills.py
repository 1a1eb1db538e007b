"""F34, short: a package's building is killed at some of its system calls, and its disc is full at some
places (whole: `./dev.sh drill F34`).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills import package_kills, sweeps, tracer

SEED = int(os.environ.get("EVIDENCE_DRILL_SEED", random.randrange(10**6)))
needs_tracer = pytest.mark.skipif(
    not tracer.NAMES, reason="no table of system calls for this kind of machine"
)


@pytest.fixture(scope="module")
def bindery() -> Iterator[package_kills.Bindery]:
    with package_kills.bindery() as opened:
        yield opened


@pytest.mark.slow
@needs_tracer
@pytest.mark.parametrize("medium", package_kills.MEDIA_TRIED)
def test_killed_anywhere_the_package_is_absent_or_whole(bindery: package_kills.Bindery, medium: str) -> None:
    points = bindery.survey(medium)
    assert len(points) > 150
    (publishing,) = [one.number for one in points if one.call.startswith("rename")]
    lot = random.Random(SEED).sample([one.number for one in points], 4)
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED), points {lot} of {len(points)}")
    verdicts = [bindery.kill(medium, number) for number in (*lot, publishing, publishing + 1)]
    assert sweeps.violations(verdicts) == []
    assert all(verdict.point is not None for verdict in verdicts)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disc needs root")
@pytest.mark.parametrize("medium", package_kills.MEDIA_TRIED)
def test_a_disc_of_any_size_has_the_package_or_nothing(medium: str) -> None:
    sizes = random.Random(SEED).sample(list(package_kills.SIZES)[:-8], 6)
    print(f"seed {SEED} (EVIDENCE_DRILL_SEED), sizes {sizes}")
    assert package_kills.fill([*sorted(sizes), 2_600_000], medium) == []


def test_what_would_be_wrong_is_noticed(tmp_path: Path) -> None:
    number = "EXP-2026-000123"
    assert package_kills.judged(tmp_path, number) == []
    assert package_kills.judged(tmp_path, number, must_be_there=True) == ["X1 no package"]
    (tmp_path / "EXP-2026-000123_1of1").mkdir()
    (tmp_path / f".{number}.x~building").mkdir()
    assert package_kills.judged(tmp_path, number) == ["X2 EXP-2026-000123_1of1"]
    (tmp_path / number / f"{number}_1of1").mkdir(parents=True)
    assert "X1 no media.json" in package_kills.judged(tmp_path, number)
    (tmp_path / number / "media.json").write_text("{}")
    assert "X1 bag-declaration bagit.txt" in package_kills.judged(tmp_path, number)
