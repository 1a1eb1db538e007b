"""What ids of things in an answer are called: told to whom they may be shown, and to nobody else."""

from __future__ import annotations

import pytest

from evidence.domain.access import Caller
from evidence.domain.rights import Role
from evidence.service.keeping.holds import Holds
from evidence.service.naming_things import Named, NamingThings, Thing
from tests.builders import SmallSite
from tests.step_room import NUMBER, StepRoom


@pytest.fixture
def room(small: SmallSite) -> StepRoom:
    return StepRoom(small)


def called(room: StepRoom, reader: Caller, thing: Thing, id_: str) -> Named:
    return NamingThings(room.site).named(reader, [(thing, id_)]).get(id_, {})


def test_things_of_the_readers_units_are_called_by_their_names_and_those_of_others_by_nothing(
    room: StepRoom,
) -> None:
    shown, stated = room.shoot(), room.exempt()
    held = Holds(room.site).place(room.custodian, shown, "objection", "来信").id
    things = {
        (Thing.RECORDING, shown): {"device": "DSJX9A00123", "name": "1.mp4"},
        (Thing.CASE, room.case): {"number": NUMBER},
        (Thing.HOLD, held): {"ground": "objection"},
        (Thing.EXEMPTION, stated): {"wearer": "012345 某人", "exempting": "urgency"},
    }
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    for (thing, id_), name in things.items():
        assert called(room, room.head, thing, id_) == name
        assert called(room, stranger, thing, id_) == {}


@pytest.mark.parametrize("thing", Thing)
def test_what_there_is_not_is_called_nothing(room: StepRoom, thing: Thing) -> None:
    for id_ in ("0" * 32, "no id", "\0"):
        assert called(room, room.head, thing, id_) == {}
