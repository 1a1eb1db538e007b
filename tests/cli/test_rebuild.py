"""`evidence rebuild` as an operator runs it: a report, an exit code, and a site that serves again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import inside, tampering
from tests.log_room import LogRoom
from tests.rebuilding_room import as_rebuilt, lose_database, make_site, rows, vault_address, without_closing


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    room = make_site(tmp_path)
    yield room
    room.close()


def run(room: LogRoom, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "evidence", *words, "--data", str(room.folder)],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_it_says_what_came_back_and_what_is_damaged(room: LogRoom) -> None:
    before = as_rebuilt(rows(room))
    lose_database(room)
    done = run(room, "rebuild", "--from", vault_address(room), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["faults"], report["notes"]) == ([], [])
    assert report["counts"]["recording"] == 3
    assert report["keys"]
    assert without_closing(rows(room)) == before
    again = run(room, "rebuild", "--from", vault_address(room))
    assert again.returncode == 1
    assert "nothing was changed" in again.stderr
    lose_database(room)
    damaged = f"recordings/{before['recording'][0]['id']}/manifest.json"
    tampering.remove(room.folder, damaged)
    done = run(room, "rebuild", "--from", vault_address(room))
    assert done.returncode == 4, done.stderr
    assert damaged in done.stdout
    assert without_closing(rows(room)) == before


def test_nothing_is_written_while_the_site_is_served_or_moved(room: LogRoom) -> None:
    from evidence.bootstrap import lock_service

    lose_database(room)
    (room.folder / "service.lock").touch()
    with lock_service(room.folder):
        done = run(room, "rebuild", "--from", vault_address(room))
    assert done.returncode == 1
    assert "service" in done.stderr
    assert not any(inside.files(room.folder / "scratch"))
