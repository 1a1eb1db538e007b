"""Packages from npm beside a test's own scripts: installed once from their lock file, by its hashes."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest


def node_for(folder: Path) -> str:
    """Return Node.js after installing the packages of a folder; skip the test where there is none."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("node and npm are not installed (./dev.sh test installs them)")
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with lock.open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            subprocess.run([npm, *words], cwd=folder, check=True, timeout=180)
            stamp.write_text(wanted)
    return program
