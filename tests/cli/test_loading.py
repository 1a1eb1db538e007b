"""A command loads what it needs: each costs every command that anybody calls."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("alembic", "av", "minio", "psycopg", "redis", "typst", "webrtcvad", "xlsxwriter")
OF_A_SITE = ("celery", "evidence.bootstrap", "pydantic", "sqlalchemy")
LOADED = "print(*sorted(name for name in sys.argv[1:] if name in sys.modules))"


def test_the_commands_load_no_driver_before_a_site_asks_for_it() -> None:
    assert loaded("dict(COMMANDS)", *HEAVY) == []


def test_a_command_loads_no_site_and_no_other_command_before_it_is_asked() -> None:
    assert loaded('COMMANDS["docks"]', *HEAVY, *OF_A_SITE, "evidence.cli.lists") == []
    assert loaded('COMMANDS["dock"]', *HEAVY, *OF_A_SITE) == []


def loaded(asked: str, *names: str) -> list[str]:
    """Return those of the modules that a process holds which has asked for commands."""
    said = "import sys, typer; from evidence.cli import app; COMMANDS = typer.main.get_command(app).commands"
    words = [sys.executable, "-c", f"{said}; {asked}; {LOADED}", *names]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
