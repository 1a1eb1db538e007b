"""What stands in the tree is fit to hand on: no address of a registry, no path of a machine, no
forgotten word.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


NOT_OURS = {".git", ".venv", "node_modules", "var", "build", "dist", "__pycache__"}


def tracked() -> list[Path]:
    """Return the files git knows or would take; without git, all that are not made by tools."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    found = [path for path in ROOT.rglob("*") if path.is_file()]
    return [path for path in found if not NOT_OURS.intersection(path.relative_to(ROOT).parts)]


def test_lock_files_hold_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in lock
    for path in tracked():
        if path.suffix == ".lock" or path.name in ("package-lock.json", ".npmrc"):
            assert not re.search(r"https?://", path.read_text("utf-8")), path


def test_no_unfinished_word_stands_in_the_product() -> None:
    found = []
    for path in tracked():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("evidence", "storage", "workers"):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if re.search(r"NotImplementedError|TODO|FIXME|XXX", line):
                    found.append(f"{path}:{number}")
    assert not found


def test_the_licence_is_named() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert "Apache-2.0" in (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / "LICENSE").is_file()
