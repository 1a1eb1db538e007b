"""Lifting a hold: nobody frees what they recorded, or undoes what was done meanwhile; the log says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.keeping.holds import Holds
from evidence.service.log.custody_checks import CustodyCheck
from evidence.service.oversight.serious import SeriousEvents
from tests.keeping_room import LABELS, KeepingRoom


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


@pytest.mark.article("dazhe-2020:13")
def test_who_recorded_what_is_held_neither_asks_to_lift_the_hold_nor_lifts_it(room: KeepingRoom) -> None:
    worn = room.add(Role.UNIT_HEAD)
    recording = room.record(worn, labels=LABELS)
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    with room.refused("own-recording"):
        room.holds.ask_release(room.caller(worn), hold.id, "已办结")
    room.holds.ask_release(room.custodian, hold.id, "已办结")
    with room.refused("own-recording"):
        room.holds.release(room.caller(worn), hold.id, "不再需要")
    assert room.holds.place(room.caller(worn), recording, "objection", "本人亦请求保存").stands
    room.holds.release(room.head, hold.id, "不再需要")


@pytest.mark.article("dazhe-2020-aux:3")
def test_who_commanded_the_auxiliary_lifts_no_hold_and_destroys_nothing(
    room: KeepingRoom,
) -> None:
    """What an auxiliary records is the commanding officer's doing: nobody decides their own."""
    there, aux = room.new(Role.UNIT_HEAD), room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    recording = room.record(aux, labels={**LABELS, "commander": there.name})
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    room.holds.ask_release(room.head, hold.id, "已办结")
    with room.refused("own-recording"):
        room.holds.release(there, hold.id, "不再需要")
    room.holds.release(room.custodian, hold.id, "不再需要")
    room.pass_by()
    assert (room.due(there), room.due(room.head)) == ([], [recording])
    with room.refused("own-recording"):
        room.disposals.ask(there, [recording], "期满")
    (asked,) = room.disposals.ask(room.custodian, [recording], "期满")
    with room.refused("own-recording"):
        room.disposals.decide(there, [asked.id], is_approved=True, reason="同意")
    assert room.disposals.list(there) == []


def test_who_took_part_in_what_a_held_recording_shows_finds_no_hold_to_lift(room: KeepingRoom) -> None:
    recording, there = room.sealed(), room.new(Role.UNIT_HEAD)
    SeriousEvents(room.site).mark(room.head, [recording], [there.id], "冲突")
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    room.holds.ask_release(room.head, hold.id, "已办结")
    for act in (room.holds.release, room.holds.ask_release):
        with pytest.raises(NotFound, match="hold-not-found"):
            act(there, hold.id, "已办结")
    assert room.denied()[-1] == (there.id, "hold", "not-granted")


def test_who_lifts_a_hold_says_why_in_the_log_and_no_word_of_it_stands_there(room: KeepingRoom) -> None:
    recording = room.sealed()
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    room.holds.ask_release(room.head, hold.id, "已办结")
    with room.refused("reason-needed", Invalid):
        room.holds.release(room.custodian, hold.id, " ")
    room.holds.release(room.custodian, hold.id, "张三撤回投诉")
    (entry,) = room.entries(Act.HOLD_RELEASE)
    assert set(entry["pd"]) == {"reason"}
    assert "张三" not in str(entry)


class Late:
    """A database before whose next change something else happens."""

    def __init__(self, database: Any, meanwhile: Callable[[], object]) -> None:
        self._database, self._meanwhile = database, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self._meanwhile()
        with self._database.writing() as unit:
            yield unit


def test_a_hold_that_is_lifted_while_somebody_asks_again_stays_lifted(room: KeepingRoom) -> None:
    recording = room.sealed()
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    room.holds.ask_release(room.head, hold.id, "已办结")
    late = Late(room.small.database, lambda: room.holds.release(room.custodian, hold.id, "不再需要"))
    with pytest.raises(Conflict, match="hold-released"):
        Holds(replace(room.site, database=late)).ask_release(room.head, hold.id, "再次")
    (row,) = room.holds.of(room.head, recording)
    assert (row.stands, row.released_by, row.ask_reason) == (False, room.custodian.id, "已办结")
    assert len(room.entries(Act.HOLD_ASK)) == 1
    assert list(CustodyCheck(room.site).faults()) == []


def test_the_log_commits_to_why_a_recording_is_held_and_why_no_more(room: KeepingRoom) -> None:
    hold = room.holds.place(room.head, room.sealed(), "objection", "当事人投诉")
    room.holds.ask_release(room.head, hold.id, "已办结")
    for act in (Act.HOLD_PLACE, Act.HOLD_ASK):
        (entry,) = room.entries(act)
        assert set(entry["pd"]) == {"reason"}


@pytest.mark.parametrize("reason", ["a\0b", "half \ud800", "\x1b[2J"])
def test_a_reason_that_nobody_can_read_is_refused(room: KeepingRoom, reason: str) -> None:
    recording = room.sealed()
    hold = room.holds.place(room.head, recording, "objection", "当事人投诉")
    with room.refused("invalid-text", Invalid):
        room.holds.place(room.head, recording, "objection", reason)
    with room.refused("invalid-text", Invalid):
        room.holds.ask_release(room.head, hold.id, reason)
