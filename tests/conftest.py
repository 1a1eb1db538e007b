"""What all tests share: the shared media and the standards' vectors (read only, never copied)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _shared(name: str) -> Path | None:
    folder = Path(os.environ.get("EVIDENCE_SHARED", Path(__file__).parents[2] / "shared")) / name
    return folder if folder.is_dir() else None


def shared_media() -> Path | None:
    """Return the folder of real camera files beside the project, or None when it is not there."""
    return _shared("media")


@pytest.fixture(scope="session")
def media() -> Path:
    """The shared media folder; skips by name when absent, fails where CI demands it."""
    return _there(shared_media(), "media")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The standards' vectors beside the project; absent: as `media`."""
    return _there(_shared("vectors"), "vectors")


def _there(folder: Path | None, name: str) -> Path:
    if folder is None:
        if os.environ.get("EVIDENCE_REQUIRE_MEDIA"):
            pytest.fail(f"the shared folder of {name} is absent, and EVIDENCE_REQUIRE_MEDIA asks for it")
        pytest.skip(f"the shared folder of {name} is absent")
    return folder
