"""One room with everybody in it for all tests about permissions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.permissions.room import Persona, Room


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """The site."""
    room = Room(tmp_path_factory.mktemp("room") / "data")
    yield room
    room.close()


@pytest.fixture(scope="session")
def personas(room: Room) -> list[Persona]:
    """Everybody."""
    return room.personas()
