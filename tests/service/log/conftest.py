"""What most tests of the logs begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.log_room import LogRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LogRoom]:
    """A site with a recording, all of it published."""
    room = LogRoom(tmp_path)
    room.seal()
    room.publish()
    yield room
    room.close()
