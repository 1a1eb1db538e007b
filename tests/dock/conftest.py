"""What the tests of the dock share: a simulated service and a station that is connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.dock import sending
from tests.dock.station import Station
from tests.simulators.dock_server import (
    FarEnd,
    far_end,
)


@pytest.fixture
def far() -> Iterator[FarEnd]:
    with far_end() as far:
        yield far


@pytest.fixture
def station(tmp_path: Path, far: FarEnd) -> Station:
    return Station(tmp_path, far)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LARGEST_CHUNK", 1 << 16)
    monkeypatch.setattr(sending, "SMALLEST_CHUNK", 1 << 12)
