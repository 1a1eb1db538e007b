"""A hold that comes while a recording is destroyed, or dies half told: it wins, or is refused (drill F33)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import storage.local
from evidence.domain.audit import Act
from evidence.domain.complaints import Channel
from evidence.domain.disposals import State
from evidence.domain.spans import Span
from evidence.errors import Conflict
from evidence.service.cases import complaints
from evidence.service.cases.complaints import Complaints, Intake
from evidence.service.keeping import destroying
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.holds import Holds
from storage.errors import Missing
from tests.keeping_room import KeepingRoom
from tests.people_room import OPERATOR
from tests.service.keeping.test_destroying import STOPS, Killed, faults


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


class Busy:
    """A vault in whose every act of some kind something else happens first."""

    def __init__(self, vault: Any, act: str, meanwhile: Any) -> None:
        self._vault, self._act, self._meanwhile = vault, act, meanwhile

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._vault, name)
        if name != self._act:
            return found

        def busy(*args: Any) -> Any:
            self._meanwhile(*args)
            return found(*args)

        return busy


def complain(room: KeepingRoom) -> None:
    """Take a complaint about the officer's hour in."""
    now = room.small.clock.now()
    number = room.caller(room.officer).name
    told = ("推搡当事人", "人民路12号", None)
    span = Span(now - timedelta(days=370), now - timedelta(days=360))
    Complaints(room.site).take(OPERATOR, Intake("1", now.date(), Channel.VISIT, (number,), span, *told))


HOLDS = {
    "a hold": lambda room, one: room.holds.place(room.head, one, "objection", "投诉"),
    "a complaint": lambda room, _: complain(room),
}


@pytest.mark.parametrize("what", HOLDS)
def test_a_hold_that_comes_between_the_look_at_the_vault_and_the_intention_wins(
    room: KeepingRoom, what: str
) -> None:
    recording = room.sealed()
    room.pass_by()
    room.approve(recording)
    vault, come = room.small.vault, []

    def meanwhile(*_: object) -> None:
        if not come:
            come.append(1)
            HOLDS[what](room, recording)

    site = room.site
    room.use(vault=Busy(vault, "stat", meanwhile))
    desk = Destroying(room.site)
    room.use(vault=vault)
    desk.carry_out_all()
    assert come
    (ended,) = room.disposals.list(OPERATOR, ended=True)
    assert (ended.state, ended.kept_by) == (State.KEPT, "hold")
    assert site.vault.stat(f"recordings/{recording}/data").lock.holds
    assert (room.entries(Act.DISPOSAL_BEGIN), faults(room)) == ([], [])


@pytest.mark.parametrize("stop", STOPS)
def test_a_hold_that_comes_after_the_intention_is_refused_at_each_step_and_keeps_nothing_by_half(
    room: KeepingRoom, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    recording = room.sealed()
    room.pass_by()
    room.approve(recording)
    refused = []

    def hold(name: str) -> None:
        if name == stop:
            with pytest.raises(Conflict, match="recording-destroyed"):
                room.holds.place(room.head, recording, "objection", "投诉")
            complain(room)  # is taken, and holds nothing that is going
            refused.append(name)

    monkeypatch.setattr(destroying, "crashpoint", hold)
    monkeypatch.setattr(storage.local, "crashpoint", hold)
    Destroying(room.site).carry_out_all()
    monkeypatch.undo()
    room.small.work.tidy()
    assert refused == [stop]
    assert len(room.entries(Act.DISPOSAL_BEGIN)) == len(room.entries(Act.DESTROY)) == 1
    assert room.entries(Act.HOLD_PLACE) == []
    with pytest.raises(Missing):
        room.small.vault.stat(f"recordings/{recording}/data")
    assert faults(room) == []


@pytest.mark.parametrize("act", ["hold", "release"])
def test_a_hold_that_died_between_original_and_manifest_is_told_whole_by_the_sweep(
    room: KeepingRoom, act: str
) -> None:
    recording = room.sealed()
    room.pass_by()
    vault, told = room.small.vault, []

    def die(key: str, *_: object) -> None:
        told.append(key)
        if len(told) == 2:
            raise Killed

    hold = None
    if act == "release":
        hold = room.holds.place(room.head, recording, "objection", "投诉")
        room.holds.ask_release(room.head, hold.id, "办结")
    else:
        room.approve(recording)
    room.use(vault=Busy(vault, act, die))
    with pytest.raises(Killed):
        if hold is None:
            room.holds.place(room.head, recording, "objection", "投诉")
        else:
            room.holds.release(room.custodian, hold.id, "不再需要")
    room.use(vault=vault)
    parts = [f"recordings/{recording}/{part}" for part in ("data", "manifest.json")]
    assert [bool(vault.stat(key).lock.holds) for key in parts] == [act == "hold", act == "release"]
    Destroying(room.site).carry_out_all()
    Holds(room.site).settle_all()
    assert [bool(vault.stat(key).lock.holds) for key in parts] == [act == "hold"] * 2
    assert [one.kept_by for one in room.disposals.list(OPERATOR, ended=True)] == ["hold"][: act == "hold"]
    assert faults(room) == []


def test_a_complaint_that_died_before_the_vault_was_told_still_wins(
    room: KeepingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = room.sealed()
    room.pass_by()
    room.approve(recording)

    class Dead(Holds):
        def settle(self, holds: object) -> None:
            """Die before a word."""
            raise Killed

    monkeypatch.setattr(complaints, "Holds", Dead)
    with pytest.raises(Killed):
        complain(room)
    monkeypatch.undo()
    assert room.small.vault.stat(f"recordings/{recording}/data").lock.holds == set()
    Destroying(room.site).carry_out_all()
    (ended,) = room.disposals.list(OPERATOR, ended=True)
    assert (ended.state, ended.kept_by) == (State.KEPT, "hold")
    room.small.work.tidy()
    assert len(room.small.vault.stat(f"recordings/{recording}/data").lock.holds) == 1
    assert faults(room) == []
