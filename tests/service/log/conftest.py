"""What most tests of the logs begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.log_room import LogRoom, published


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a recording, all of it published."""
    with published(tmp_path) as room:
        yield room
