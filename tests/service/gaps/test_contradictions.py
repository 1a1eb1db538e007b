"""Footage of the very time of which somebody states that nothing was recorded: who receives that knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from evidence.answers.gap import exemption_out
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.contradictions import Against, part_within
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.domain.standing import Classification
from evidence.errors import Conflict
from evidence.service.gaps.exemptions import Exemptions, Stated
from tests.builders import SmallSite, an_origin
from tests.step_room import BEGAN, StepRoom

MINUTE = timedelta(minutes=1)


def time(start: float, end: float) -> Span:
    return Span(BEGAN + start * MINUTE, BEGAN + end * MINUTE)


@pytest.fixture
def room(small: SmallSite) -> StepRoom:
    return StepRoom(small)


def stated(room: StepRoom, start: float = 0, end: float = 30) -> str:
    said = Stated("012345", "urgency", "第六条第（三）项", time(start, end), "未开机")
    return Exemptions(room.site).state(room.officer, said).id


def against(room: StepRoom, reader: Caller | None = None) -> Sequence[Against]:
    desk, reader = Exemptions(room.site), reader or room.head
    (one,) = desk.stated(reader)
    return desk.against(reader, [one])[one.id]


@pytest.mark.article("dazhe-2020:6")
def test_nobody_agrees_to_a_statement_that_footage_contradicts_without_saying_that_they_know(
    room: StepRoom,
) -> None:
    shown, desk = room.shoot(start=20, minutes=20, number=None), Exemptions(room.site)
    one = stated(room)
    with room.refused("exemption-contradicted", Conflict) as told:
        desk.receive(room.head, one, agrees=True, view="属实")
    assert told.fields == {"exemption": one, "recordings": 1}
    done = desk.receive(room.head, one, agrees=True, view="后半段已开机", despite=True)
    (entry,) = room.entries(Act.EXEMPTION_RECEIVE)
    assert (done.agrees, entry["facts"]["despite"]) == (True, {"recordings": [shown], "listed": 0})


@pytest.mark.article("dazhe-2020:6")
def test_to_disagree_nothing_more_is_said_and_without_footage_neither_to_agree(room: StepRoom) -> None:
    desk = Exemptions(room.site)
    first = stated(room, 60, 70)
    desk.receive(room.head, first, agrees=True, view="属实", despite=True)
    room.shoot(start=0, minutes=60)
    desk.receive(room.head, stated(room), agrees=False, view="已有录像")
    assert ["despite" in one["facts"] for one in room.entries(Act.EXEMPTION_RECEIVE)] == [False, False]


def test_what_of_the_time_was_recorded_is_told_in_order_and_nothing_of_others_or_of_another_time(
    room: StepRoom,
) -> None:
    stated(room, 10, 30)
    late, early = room.shoot(start=25, minutes=60), room.shoot(start=0, minutes=12, number=None)
    for start, wearer in ((30, room.officer), (0, room.second)):
        room.shoot(start=start, minutes=10, wearer=wearer)
    room.shoot(start=None)  # nobody knows when
    told = [(one.recording_id, one.span) for one in against(room)]
    assert told == [(early, time(10, 12)), (late, time(25, 30))]


def test_a_file_that_only_a_cards_list_names_speaks_against_it_too(room: StepRoom) -> None:
    stated(room)
    for minutes, name in ((10, "gone.mp4"), (50, "later.mp4")):
        listed = an_origin(name, size_bytes=9, modified_at=BEGAN + minutes * MINUTE)
        room.small.cards.announce(room.small.dock, listed, [listed])
    (one,) = against(room)
    assert (one.recording_id, one.file, one.ended_at) == (None, "gone.mp4", BEGAN + 10 * MINUTE)


def test_who_may_not_know_of_a_recording_is_told_when_it_was_and_no_more(room: StepRoom) -> None:
    stated(room)
    shown = room.shoot(start=0, minutes=10)
    with room.small.database.writing() as unit:
        unit.standings.classify(shown, Classification.PRIVACY)
    (one,) = against(room)
    assert (one.recording_id, one.device, one.file, one.span) == (None, None, None, time(0, 10))
    (statement,) = Exemptions(room.site).stated(room.head)
    (told,) = exemption_out(statement, room.head, {statement.id: [one]})["against"]
    assert (told["recording"], told["name"], told["from"] is None) == (None, None, False)


def test_a_card_that_is_docked_after_the_receipt_contradicts_the_statement_all_the_same(
    room: StepRoom,
) -> None:
    desk, auditor = Exemptions(room.site), room.new(Role.AUDITOR, where=room.agency)
    desk.receive(room.head, stated(room), agrees=True, view="属实")
    assert against(room, auditor) == []
    room.shoot(start=5, minutes=5)
    assert [one.span for one in against(room, auditor)] == [time(5, 10)]


def test_only_what_lies_within_the_time_speaks_against_it() -> None:
    hour = time(0, 60)
    assert part_within(hour, time(-10, 0), None) == (False, None)
    assert part_within(hour, time(60, 70), None) == (False, None)
    assert part_within(hour, time(-10, 70), None) == (True, hour)
    assert part_within(hour, time(5, 5), None) == (True, time(5, 5)), "a picture"
    assert part_within(hour, None, None) == (False, None)
    assert part_within(hour, None, hour.end) == (True, None)
    assert part_within(hour, None, hour.start) == (False, None)
