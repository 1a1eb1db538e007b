"""The day on which an act ended may lie before what belongs to its case: it is told, and stays allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.answers.case import ended_out
from evidence.domain.access import Caller
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.instruments import local_day
from evidence.service.oversight.classes import Classes
from tests.builders import SmallSite
from tests.people_room import OPERATOR
from tests.step_room import BEGAN, StepRoom


@pytest.fixture
def room(small: SmallSite) -> StepRoom:
    return StepRoom(small)


@pytest.mark.article("longquan:8")
def test_footage_and_steps_later_than_the_day_that_is_noted_are_told_and_the_day_stands(
    room: StepRoom,
) -> None:
    step = room.enter("on-site-check")
    shot, unknown = room.shoot(), room.shoot(start=None)
    with room.small.database.writing() as unit:
        unit.recordings.note_end(shot, BEGAN + timedelta(hours=1))
    day = local_day(room.site.policies, BEGAN + timedelta(hours=1))
    desk = CaseFiling(room.site)

    def noted(by: Caller, before: int) -> dict[str, list[dict[str, str] | None]]:
        told = ended_out(desk.end(by, room.case, day - timedelta(days=before), "更正"))
        assert told["ended_on"] == (day - timedelta(days=before)).isoformat()
        later: dict[str, list[dict[str, str] | None]] = told["later"]
        assert unknown not in str(later), "of which nobody knows the end"
        return later

    mine = {"id": shot, "day": day.isoformat()}
    early = {"recordings": [mine], "steps": [{"id": step.id, "day": day.isoformat()}]}
    assert noted(room.custodian, 1) == early
    assert [one.ended_on for one in desk.all(room.head)] == [day - timedelta(days=1)]
    assert noted(room.head, 0) == {"recordings": [], "steps": []}
    Classes(room.site).classify(room.head, shot, "minors", "未成年人")
    assert noted(room.custodian, 1)["recordings"] == [None], "its line stays, and nothing of it is told"
    assert noted(OPERATOR, 1)["recordings"] == [mine]
