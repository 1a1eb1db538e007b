"""The pages of docs/formats are enough: a stranger's script makes the same catalogue from the vault alone."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import inside, tampering
from tests.forms import embedded_only
from tests.log_room import LogRoom
from tests.rebuilding_room import make_site, rows

SCRIPT = Path(__file__).parents[1] / "strangers" / "rebuild.py"
pytestmark = embedded_only("the script reads a folder; a bucket is copied first")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogRoom]:
    room = make_site(tmp_path_factory.mktemp("stranger"))
    yield room
    room.close()


def by_stranger(room: LogRoom) -> tuple[int, list[dict[str, Any]], str]:
    """Run the script where nothing of ours can be imported; return exit code, answer, what it complained."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(room.folder / "vault"), str(room.folder / "keys/verifiers")],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        cwd="/",
    )
    return done.returncode, json.loads(done.stdout or "[]"), done.stderr


def test_the_script_is_short_and_has_nothing_of_ours() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) <= 200
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)


def test_it_finds_every_recording_as_the_catalogue_has_it(room: LogRoom) -> None:
    code, found, complained = by_stranger(room)
    assert (code, complained) == (0, "")
    for one in found:
        one["receipt"] = base64.b64decode(one["receipt"])
    assert found == rows(room)["recording"]
    assert len(found) == 3


def test_it_tells_a_manifest_that_was_changed(room: LogRoom) -> None:
    id_ = rows(room)["recording"][0]["id"]
    key = f"recordings/{id_}/manifest.json"
    with tampering.overwritten(
        room.folder, key, inside.sealed(room.folder, key).replace(b"012345", b"012346")
    ):
        code, found, complained = by_stranger(room)
    assert (code, len(found)) == (1, 3)
    assert id_ in complained
