"""A small real site for every test of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import SmallSite


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """A new site on a temporary folder, with a clock that the test moves."""
    return SmallSite(tmp_path)
