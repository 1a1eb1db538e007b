"""F02, short: the power is cut at a few points of one ingest (whole: `./dev.sh drill F02`)."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.drills import discs, sweeps

pytestmark = pytest.mark.slow
POINTS = 4


@pytest.fixture(autouse=True)
def able() -> None:
    """Skip by name where the machine cannot; where it should be able to and is not, CI fails."""
    reason = discs.why_not()
    if reason is None:
        try:
            with tempfile.TemporaryDirectory(prefix="drill-probe-") as room:
                discs.Disc(Path(room) / "disc", size_mib=16).remove()
        except OSError as problem:
            reason = str(problem)
            if os.environ.get("EVIDENCE_REQUIRE_MEDIA"):
                pytest.fail(f"the power cannot be cut here: {reason}")
    if reason:
        pytest.skip(f"F02 needs discs whose power can be cut: {reason}")


@pytest.mark.parametrize(
    "layout",
    [pytest.param(one, marks=() if one == "same" else pytest.mark.grown) for one in sweeps.LAYOUTS],
)
def test_after_a_power_cut_nothing_that_was_acknowledged_is_lost(layout: str) -> None:
    seed = os.environ.get("EVIDENCE_DRILL_SEED", str(random.randrange(10**6)))
    # A process of its own, with mounts of its own: see discs.keep_to_ourselves.
    words = ["F02", "--layout", layout, "--points", str(POINTS), "--seed", seed, "--processes", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"power cut at {POINTS} of \d+ points, discs: {layout}; violations: 0", done.stdout), (
        done.stdout
    )


def test_a_power_cut_drops_what_was_not_synced_and_nothing_else() -> None:
    lines = """
import sys
from pathlib import Path
from tests.drills import discs
discs.keep_to_ourselves()
disc = discs.Disc(Path(sys.argv[1]) / "disc", size_mib=16)
(disc.mount / "kept").write_bytes(b"kept")
disc.sync()
(disc.mount / "lost").write_bytes(b"lost")
disc.cut()
print(sorted(path.name for path in disc.mount.iterdir()), (disc.mount / "kept").read_bytes())
disc.remove()
"""
    with tempfile.TemporaryDirectory(prefix="drill-probe-") as room:
        done = subprocess.run(
            [sys.executable, "-c", lines, room], capture_output=True, text=True, check=False
        )
    assert done.stdout == "['kept', 'lost+found'] b'kept'\n", done.stderr
