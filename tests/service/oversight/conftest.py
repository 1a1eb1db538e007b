"""Who the tests of watching over access begin with: a unit, an officer with a recording, a head."""

from __future__ import annotations

import pytest

from evidence.domain.access import Caller
from evidence.domain.rights import Role
from tests.builders import SmallSite
from tests.people_room import Room


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def wearer(room: Room) -> str:
    return room.add(Role.FIELD_OFFICER)


@pytest.fixture
def recording(room: Room, wearer: str) -> str:
    return room.record(wearer)


@pytest.fixture
def head(room: Room) -> Caller:
    return room.new(Role.UNIT_HEAD)
