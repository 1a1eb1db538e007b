"""A disc that is really small: a tmpfs of one megabyte and few inodes, where we may mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite(*(f"tests.contracts.{suite}" for suite in ("vault", "lock_rules", "staging")))


@pytest.fixture
def small_disc(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MiB and 200 inodes; skips by name where mounting is not allowed."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["-o", "size=1m,nr_inodes=200", "small", str(place)]
    if subprocess.run(["mount", "-t", "tmpfs", *options], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
