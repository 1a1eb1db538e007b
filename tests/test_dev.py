"""The one script: what it runs for a person runs where the person stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "dev.sh"


def test_a_command_runs_in_the_folder_of_whoever_calls(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", str(SCRIPT), "exec", "python", "-c", "import evidence, os; print(os.getcwd())"],
        cwd=tmp_path,
        env={**os.environ, "EVIDENCE_ENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path)
