"""Drill F07: the agent is killed at any moment; the next docking goes on, and the card is never touched."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.dock.agent import Order, dock_card
from tests.dock.station import QUICK, Heard
from tests.simulators.card import shift, tree_digest, write_card
from tests.simulators.dock_server import TOKEN, far_end

ROOT = Path(__file__).parents[2]
CHUNK = 1 << 14
PROGRAM = """
import sys
from pathlib import Path
from evidence.dock import sending
from evidence.dock.agent import Order, dock_card
from tests.dock.station import QUICK, Heard
sending.LARGEST_CHUNK = sending.SMALLEST_CHUNK = int(sys.argv[5])
order = Order(Path(sys.argv[1]), sys.argv[2], sys.argv[3], "D1", "012345", Path(sys.argv[4]), patience=QUICK)
print("go", flush=True)
assert dock_card(order, Heard()).is_complete
"""


def killed_docking(arguments: list[str], after_s: float) -> bool:
    """Dock in a process of its own and kill it; tell whether it was faster than the kill."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"go\n"
    time.sleep(after_s)
    process.kill()
    _, problems = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGKILL), problems.decode()
    return process.returncode == 0


@pytest.mark.parametrize("rounds", [6, pytest.param(30, marks=pytest.mark.grown)])
def test_an_agent_killed_at_any_moment_loses_nothing_and_sends_little_twice(
    tmp_path: Path, rounds: int
) -> None:
    chance, killed = random.Random(7), 0
    with far_end() as far:
        for n in range(rounds):
            far.uploads.clear()
            far.received_bytes = 0
            files = shift(3, 300_000 + n)
            card = write_card(tmp_path / f"card{n}", files)
            before, state, kills = tree_digest(card), tmp_path / f"state{n}", 0
            arguments = [str(card), far.url, TOKEN, str(state), str(CHUNK)]
            for _ in range(2):
                kills += not killed_docking(arguments, chance.uniform(0, 0.15))
            report = dock_card(Order(card, far.url, TOKEN, "D1", "012345", state, patience=QUICK), Heard())
            assert report.is_complete
            sealed = {u.metadata["filename"]: bytes(u.data) for u in far.uploads.values() if u.is_complete}
            assert sealed == files
            # Two senders: each may have had one chunk on its way when the kill came.
            assert far.received_bytes - sum(map(len, files.values())) <= kills * 2 * CHUNK
            assert tree_digest(card) == before
            killed += kills
    assert killed >= rounds  # the kills came early enough to mean something
