"""The regulation texts beside the project, as they were published (read only, never copied)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def regulations() -> Mapping[str, str]:
    """The documents by the first three digits of their file's name; skips by name when they are absent, fails
    where CI demands them."""
    beside = Path(__file__).parents[3] / "shared"
    folder = Path(os.environ.get("EVIDENCE_SHARED", beside)) / "regulations"
    if not folder.is_dir():
        if os.environ.get("EVIDENCE_REQUIRE_MEDIA"):
            pytest.fail("the regulation texts are absent, and EVIDENCE_REQUIRE_MEDIA asks for them")
        pytest.skip("the regulation texts are absent")
    return {file.name[:3]: file.read_text(encoding="utf-8") for file in folder.glob("*.txt")}
