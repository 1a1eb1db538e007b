"""A command loads what it needs: each costs every command that anybody calls."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("alembic", "av", "minio", "psycopg", "redis", "typst", "webrtcvad", "xlsxwriter")


def test_the_commands_load_no_driver_before_a_site_asks_for_it() -> None:
    said = "import sys, evidence.cli; print(*sorted(name for name in sys.argv[1:] if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", said, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
