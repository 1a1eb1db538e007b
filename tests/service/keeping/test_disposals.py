"""Disposals: only what no rule keeps is due; one person asks, another decides, and what goes is certified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.adapters.packs import load_pack
from evidence.domain.audit import Act
from evidence.domain.disposals import State
from evidence.domain.fault_files import Link, LinkKind, Part, Verdict
from evidence.domain.people import PersonType
from evidence.domain.retention import is_due, keep_until
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid, NotFound, Refused
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.keeping import disposals
from evidence.service.keeping.certificates import DESTRUCTION
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.keeping import law_now, required_by
from evidence.service.oversight.serious import SeriousEvents
from evidence.service.recordings.playing import Playing
from storage.errors import Missing
from tests.keeping_room import LABELS, KeepingRoom
from tests.people_room import OPERATOR


@pytest.fixture
def room(tmp_path: Path) -> KeepingRoom:
    return KeepingRoom(tmp_path)


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
@pytest.mark.parametrize("pack", ["dazhe-2020", "longquan", "inner-mongolia"])
def test_a_recording_is_due_once_its_year_is_over_and_not_before(room: KeepingRoom, pack: str) -> None:
    room.use(policies=load_pack(pack))
    recording = room.sealed()
    room.pass_by(timedelta(days=364))
    assert room.due() == []
    with pytest.raises(Conflict) as problem:
        room.disposals.ask(room.custodian, [recording], "期满")
    assert (problem.value.code, problem.value.fields["keeps"]) == ("still-kept", "floor")
    assert "dazhe-2020:11" in str(problem.value.fields["cites"])
    room.pass_by(timedelta(days=2))
    assert room.due() == [recording]


def test_each_thing_that_keeps_a_recording_keeps_it_off_the_list_and_is_named(room: KeepingRoom) -> None:
    held, linked, bare, shown, half = (room.sealed() for _ in range(5))
    hold = room.holds.place(room.head, held, "objection", "当事人投诉")
    case = room.case(term="10-years")
    room.cases.link(room.head, case, linked)
    SeriousEvents(room.site).mark(room.head, [shown], [room.officer], "冲突")
    bare = room.sealed(**{"case-number": "7", "inspected-party": ""})
    half = room.sealed(**{"inspected-party": "某店"})
    free = room.sealed()
    room.pass_by()
    assert set(room.due()) >= {free}
    assert set(room.due()).isdisjoint({held, linked, bare, shown, half})
    other = room.new(Role.CUSTODIAN)
    for recording, keeps in ((linked, "open-case"), (bare, "unlabelled"), (half, "unlabelled")):
        with room.refused("still-kept", Conflict) as refusal:
            room.disposals.ask(other, [free, recording], "期满")
        assert (refusal.fields["keeps"], refusal.fields["recording"]) == (keeps, recording)
    with pytest.raises(Conflict, match="on-hold"):
        room.disposals.ask(other, [held], "期满")
    with room.refused("still-kept", Conflict):
        room.disposals.ask(other, [shown], "期满")
    room.holds.ask_release(room.head, hold.id, "已办结")
    room.holds.release(room.custodian, hold.id, "不再需要")
    assert held in room.due()


@pytest.mark.article("dazhe-2020:16", "dazhe-2020:15")
def test_what_an_open_fault_file_rests_on_is_destroyed_by_nobody_until_each_is_decided_about(
    room: KeepingRoom,
) -> None:
    desk, chief = FaultFiles(room.site), room.new(Role.AGENCY_HEAD, where=room.agency)
    recording, approved, free = (room.sealed() for _ in range(3))
    room.pass_by()
    disposal = room.approve(approved)
    links = [Link(LinkKind.RECORDING, one) for one in (recording, approved)]
    commander = room.new(Role.FIELD_OFFICER)
    file = desk.open(room.custodian, "misconduct", "辱骂", links, {})
    desk.add(room.custodian, file.id, [], {commander.name: Part.COMMANDER})
    assert room.due() == [free]
    with room.refused("still-kept", Conflict) as refusal:
        room.disposals.ask(room.custodian, [free, recording], "期满")
    assert (refusal.fields["keeps"], refusal.fields["about"]) == ("fault-file", file.id)
    assert "dazhe-2020:16" in str(refusal.fields["cites"])
    Destroying(room.site).carry_out_all()
    with room.small.database.reading() as unit:
        kept = unit.disposals.get(disposal)
    assert kept is not None
    assert (kept.kept_by, room.row(approved) < room.small.clock.now()) == ("fault-file", True)
    room.small.vault.stat(f"recordings/{approved}/data")
    decide = (Verdict.NO_FAULT, "查无此事")
    desk.decide(chief, file.id, commander.name, *decide)
    assert room.due() == [free], "somebody else waits"
    desk.decide(chief, file.id, room.caller(room.officer).name, *decide)
    assert set(room.due()) == {recording, approved, free}


_STATES = st.fixed_dictionaries(
    {
        "labels": st.sampled_from([LABELS, {"case-number": "1"}, {**LABELS, "case-number": ""}, {}]),
        "hold": st.sampled_from([None, "stands", "lifted"]),
        "case": st.sampled_from([None, "open", "closed", "unlinked"]),
        "term": st.sampled_from([None, "10-years", "permanent"]),
        "serious": st.sampled_from([None, "stands", "over"]),
        "fault": st.sampled_from([None, "open", "decided"]),
        "asked": st.booleans(),
        "age": st.integers(300, 4500),
    }
)


@settings(max_examples=8)
@given(st.lists(_STATES, min_size=4, max_size=6), st.sampled_from([0, 300, 4000]))
def test_the_list_of_what_is_due_is_what_brute_force_over_all_rules_finds(
    tmp_path_factory: pytest.TempPathFactory, states: Sequence[dict[str, Any]], wait: int
) -> None:
    room = KeepingRoom(tmp_path_factory.mktemp("site"))
    start = room.small.clock.time
    made = []
    for number, state in enumerate(sorted(states, key=lambda one: -one["age"])):
        made.append(put(room, number, state))
        room.pass_by(timedelta(days=20))
    room.small.clock.time = start + timedelta(days=300 + wait)
    law, now = law_now(room.site), room.small.clock.now()
    with room.small.database.reading() as unit:
        kept = unit.keepings.kept(made, required_by(room.site))
        open_ = {one for one in made if any(d.ended_at is None for d in unit.disposals.of(one))}
    expected = {one for one in made if is_due(keep_until(kept[one], law), now)} - open_
    assert set(room.due()) == expected
    assert set(room.due(room.custodian)) == expected


def put(room: KeepingRoom, number: int, state: dict[str, Any]) -> str:
    """Seal a recording and bring it into a state."""
    recording = room.record(room.officer, labels=state["labels"])
    if state["hold"]:
        hold = room.holds.place(room.head, recording, "other-important", "重要")
        if state["hold"] == "lifted":
            room.holds.ask_release(room.head, hold.id, "办结")
            room.holds.release(room.custodian, hold.id, "不再需要")
    if state["case"]:
        case = room.case(str(number), state["term"])
        room.cases.link(room.head, case, recording)
        if state["case"] == "unlinked":
            room.cases.unlink(room.head, case, recording, "误列")
        elif state["case"] == "closed":
            room.cases.close(room.head, case)
    if state["serious"]:
        event = SeriousEvents(room.site).mark(room.head, [recording], [room.officer], "冲突")
        if state["serious"] == "over":
            SeriousEvents(room.site).end(room.new(Role.UNIT_HEAD), event.id, "已查清")
    if state["fault"]:
        desk, links = FaultFiles(room.site), [Link(LinkKind.RECORDING, recording)]
        file = desk.open(room.custodian, "loss", "遗失", links, {})
        if state["fault"] == "decided":
            number = room.caller(room.officer).name
            desk.decide(OPERATOR, file.id, number, Verdict.NO_FAULT, "查无此事")
    return recording


def test_two_people_destroy_what_is_due_and_the_certificate_says_what_it_was(room: KeepingRoom) -> None:
    recording = room.sealed()
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(recording)
    assert stored is not None
    room.pass_by()
    (asked,) = room.disposals.ask(room.custodian, [recording], "保存期满，无案件")
    assert room.due() == []
    assert [one.state for one in room.disposals.list(room.head)] == [State.ASKED]
    room.disposals.decide(room.head, [asked.id], is_approved=True, reason="同意销毁")
    room.small.work.tidy()

    with pytest.raises(Missing):
        room.small.vault.stat(f"recordings/{recording}/data")
    assert room.small.vault.stat(f"recordings/{recording}/manifest.json").size_bytes
    document = room.disposals.certificate(room.head, recording)
    said = room.site.signer.read(document, DESTRUCTION)
    assert said["original"] == {
        "name": stored.recording.origin.name,
        "sha256": stored.recording.digests.sha256,
        "size": stored.recording.origin.size_bytes,
        "sm3": stored.recording.digests.sm3,
    }
    assert (said["asked"]["by"], said["decided"]["by"]) == (room.custodian.id, room.head.id)  # type: ignore[index]
    assert "dazhe-2020:11" in said["cites"]  # type: ignore[operator]
    chain = [one["act"] for one in room.entries() if one["act"].startswith(("disposal.", "evidence.destroy"))]
    assert chain == ["disposal.ask", "disposal.decide", "disposal.begin", "evidence.destroy"]
    (entry,) = room.entries(Act.DESTROY)
    assert entry["facts"]["certificate_sha256"] == hashlib.sha256(document).hexdigest()
    assert entry["ref"]["sha256"] == stored.recording.digests.sha256
    assert "期满" not in json.dumps(room.entries(), ensure_ascii=False)
    (ended,) = room.disposals.list(room.head, ended=True)
    assert (ended.state, room.disposals.list(room.head)) == (State.DESTROYED, [])


def test_nobody_decides_their_own_and_nothing_is_decided_twice(room: KeepingRoom) -> None:
    recording = room.sealed()
    room.pass_by()
    (asked,) = room.disposals.ask(room.custodian, [recording], "期满")
    with room.refused("own-request"):
        room.disposals.decide(room.custodian, [asked.id], is_approved=True, reason="同意")
    with room.refused("disposal-asked", Conflict):
        room.disposals.ask(room.head, [recording], "期满")
    room.disposals.decide(room.head, [asked.id], is_approved=False, reason="另有用途")
    with room.refused("disposal-decided", Conflict):
        room.disposals.decide(room.head, [asked.id], is_approved=True, reason="同意")
    room.small.work.tidy()
    assert room.small.vault.stat(f"recordings/{recording}/data")
    assert room.due() == [recording]


def test_who_may_not_is_refused_and_nothing_changes(room: KeepingRoom) -> None:
    worn = room.add(Role.CUSTODIAN)
    own = room.record(worn, labels=LABELS)
    recording = room.sealed()
    room.pass_by()
    (asked,) = room.disposals.ask(room.custodian, [recording], "期满")
    auxiliary = replace(room.custodian, person_type=PersonType.AUXILIARY)
    stranger = room.new(Role.CUSTODIAN, where=room.beside)
    before = room.rows()
    with pytest.raises(Refused, match="barred-by-law"):
        room.disposals.ask(auxiliary, [recording], "期满")
    with pytest.raises(Refused, match="not-permitted"):
        room.disposals.due(room.caller(room.officer))
    with pytest.raises(Refused, match="own-recording"):
        room.disposals.ask(room.caller(worn), [own], "期满")
    with pytest.raises(NotFound, match="recording-not-found"):
        room.disposals.ask(stranger, [recording], "期满")
    with pytest.raises(NotFound, match="disposal-not-found"):
        room.disposals.decide(stranger, [asked.id], is_approved=True, reason="同意")
    with pytest.raises(NotFound, match="disposal-not-found"):
        room.disposals.decide(room.head, ["0" * 32], is_approved=True, reason="同意")
    with pytest.raises(Conflict, match="not-destroyed"):
        room.disposals.certificate(room.head, recording)
    with pytest.raises(Invalid, match="too-many"):
        room.disposals.ask(room.custodian, [], "期满")
    with pytest.raises(Invalid, match="reason-needed"):
        room.disposals.ask(room.custodian, [recording], " ")
    assert room.rows() == before
    assert (room.disposals.list(stranger), room.due(stranger)) == ([], [])


def test_what_is_destroyed_while_somebody_asks_is_asked_for_no_more(
    room: KeepingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, admit = room.sealed(), disposals.admit_to_recordings
    room.pass_by()
    room.approve(recording)

    def late(*told: Any) -> Any:
        found = admit(*told)
        Destroying(room.site).carry_out_all()
        return found

    monkeypatch.setattr(disposals, "admit_to_recordings", late)
    with pytest.raises(Conflict, match="recording-destroyed"):
        room.disposals.ask(room.head, [recording], "期满")
    assert [one.state for one in room.disposals.list(OPERATOR, ended=True)] == [State.DESTROYED]
    assert room.disposals.list(OPERATOR) == []


@pytest.mark.article("dazhe-2020:13")
@pytest.mark.parametrize("ground", load_pack("dazhe-2020").latest.long_term.grounds)
def test_a_hold_on_each_ground_wins_over_a_disposal_that_was_approved(room: KeepingRoom, ground: str) -> None:
    recording = room.sealed()
    room.pass_by()
    room.approve(recording)
    room.holds.place(room.head, recording, ground, "后到的情形")
    room.small.work.tidy()
    assert room.small.vault.stat(f"recordings/{recording}/data").lock.holds
    (ended,) = room.disposals.list(OPERATOR, ended=True)
    assert (ended.state, ended.kept_by) == (State.KEPT, "hold")
    assert room.entries(Act.DISPOSAL_KEEP)[0]["facts"]["kept_by"] == "hold"


def test_what_a_destroyed_recording_is_asked_for_is_gone_and_nothing_can_be_kept_there(
    room: KeepingRoom,
) -> None:
    recording, case = room.sealed(), room.case(term="10-years")
    room.pass_by()
    room.destroy(recording)
    size = len(room.small.log())
    for act in (
        lambda: room.small.recordings.open_original(OPERATOR, recording),
        lambda: Playing(room.site).play(OPERATOR, recording, lambda size: (0, size)),
        lambda: room.holds.place(room.head, recording, "objection", "投诉"),
        lambda: room.cases.link(room.head, case, recording),
        lambda: room.disposals.ask(room.custodian, [recording], "再次"),
    ):
        with pytest.raises(Conflict, match="recording-destroyed"):
            act()
    assert len(room.small.log()) == size
    assert room.small.recordings.manifest(OPERATOR, recording)
    assert room.small.recordings.get(OPERATOR, recording).gone_at is not None
