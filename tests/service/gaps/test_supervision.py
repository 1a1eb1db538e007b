"""The board: each tile counts what its list shows, within the reach of who looks; the queue of reviews."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.explanations import Outcome
from evidence.domain.findings import Severity
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.domain.steps import StepState
from evidence.errors import NotFound
from evidence.service.cases.cases import Cases
from evidence.service.cases.steps import Steps, StepSaid
from evidence.service.devices.device_register import DeviceRegister
from evidence.service.gaps import supervision
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.reviewing import Reviewing
from evidence.service.gaps.supervision import Supervision
from evidence.service.oversight import watch_lists
from evidence.service.oversight.watch_lists import Look, Watch
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.recordings import Recordings
from tests.builders import START, SmallSite, an_origin
from tests.gap_room import REASON, REPORT, GapRoom, a_gap, a_room
from tests.people_room import OPERATOR


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    return a_room(small)


def counts(room: GapRoom, caller: Caller) -> dict[Watch, int]:
    return {one.watch: one.count for one in Supervision(room.site).board(caller).tiles}


def listed(room: GapRoom, caller: Caller, watch: Watch) -> list[str | None]:
    return [one.name for one in Supervision(room.site).lines(caller, watch)]


def soon(room: GapRoom) -> None:
    """Let a card's list name a file that is due in two hours."""
    ended = room.small.clock.time - timedelta(hours=22)
    file = an_origin("soon.wav", size_bytes=9, wearer=room.wearer.name, modified_at=ended)
    room.small.cards.announce(room.small.dock, file, [file])


@pytest.mark.article("dazhe-2020:12")
def test_what_is_missing_late_and_unlabelled_is_counted_as_it_is_listed(room: GapRoom) -> None:
    room.miss(room.wearer)
    soon(room)
    room.record(room.wearer.id, "late.wav", modified_at=START - timedelta(hours=30))
    found = counts(room, room.head)
    assert (found[Watch.OVERDUE], found[Watch.DUE_SOON], found[Watch.LATE]) == (1, 1, 1)
    assert listed(room, room.head, Watch.OVERDUE) == ["gone.wav"]
    assert listed(room, room.head, Watch.DUE_SOON) == ["soon.wav"]
    assert listed(room, room.head, Watch.LATE) == ["late.wav"]
    assert set(listed(room, room.head, Watch.UNLABELLED)) == {"a.wav", "b.wav", "late.wav"}
    now = room.small.clock.now()
    for watch in Watch:
        lines = Supervision(room.site).lines(room.head, watch)
        assert found[watch] == len(lines)
        with room.small.database.reading() as unit:
            look = Look(room.site, unit, room.head, now - timedelta(days=7), now)
            assert look.moments(watch) == [one.at for one in lines]


@pytest.mark.article("dazhe-2020:12")
def test_a_case_number_that_may_follow_is_counted_from_the_day_after_as_the_rule_says(room: GapRoom) -> None:
    half = room.record(room.wearer.id, "half.wav", labels={"inspected-party": "甲公司"})
    bare = room.record(room.wearer.id, "bare.wav", labels={})
    labelling, today = Labelling(room.site), room.small.clock.now().date()
    for one in (half, bare):
        labelling.say_not_yet(room.wearer, [one], today + timedelta(days=2))

    def both() -> list[str]:
        """What the list says by the rule; the tile counts the same without it."""
        names = [
            name for name in listed(room, room.head, Watch.UNLABELLED) if name in ("half.wav", "bare.wav")
        ]
        lines = Supervision(room.site).lines(room.head, Watch.UNLABELLED)
        assert counts(room, room.head)[Watch.UNLABELLED] == len(lines)
        return sorted(str(name) for name in names)

    assert both() == ["bare.wav"], "it lacks the party, too"
    room.small.clock.pass_by(timedelta(days=3))
    assert both() == ["bare.wav", "half.wav"]


@pytest.mark.article("dazhe-2020:12")
def test_a_label_that_was_given_is_not_missing_and_one_that_was_taken_off_is(room: GapRoom) -> None:
    rule = room.site.policies.latest.labels.labels
    whole = dict.fromkeys(rule, "有限公司") | {
        "case-number": "大柘罚〔2026〕1号",
        "officer": "",
        "time": "",
    }
    room.record(room.wearer.id, "whole.wav", labels={k: v for k, v in whole.items() if v})
    assert "whole.wav" not in listed(room, room.head, Watch.UNLABELLED)


def test_another_unit_counts_nothing_of_it_and_an_auxiliary_may_not_look(room: GapRoom) -> None:
    room.miss(room.wearer)
    room.record(room.wearer.id, "late.wav", modified_at=START - timedelta(hours=30))
    beside = room.new(Role.UNIT_HEAD, where=room.beside)
    assert sum(counts(room, beside).values()) == 0
    both = room.new(Role.AUXILIARY, Role.UNIT_HEAD, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law"):
        Supervision(room.site).board(both)


def test_a_board_says_where_there_is_more_and_since_when(
    room: GapRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (supervision, watch_lists):
        monkeypatch.setattr(module, "MOST", 1)
    room.miss(room.wearer, "one.wav")
    room.miss(room.wearer, "two.wav")
    (tile,) = [one for one in Supervision(room.site).board(room.head).tiles if one.watch is Watch.OVERDUE]
    assert (tile.count, tile.is_more) == (1, True)
    assert tile.oldest == START - timedelta(hours=6)


def test_each_look_is_logged(room: GapRoom) -> None:
    Supervision(room.site).board(room.head)
    Supervision(room.site).lines(room.head, Watch.LATE)
    assert [one["facts"] for one in room.entries(Act.READ_LIST)] == [{"list": "board"}, {"list": "late"}]


@pytest.mark.article("dazhe-2020:6")
def test_an_exemption_statement_waits_for_a_head_who_neither_stated_it_nor_is_meant(room: GapRoom) -> None:
    def stated(by: Caller, about: Caller) -> str:
        span = Span(START - timedelta(hours=2), START - timedelta(hours=1))
        said = Stated(about.name, "urgency", "《制度》第六条第（三）项", span, f"{by.name}：未及录制")
        return room.exemptions.state(by, said).id

    def waiting(caller: Caller) -> list[str]:
        lines = Supervision(room.site).lines(caller, Watch.EXEMPTIONS)
        assert counts(room, caller)[Watch.EXEMPTIONS] == len(lines)
        return [one.id for one in lines]

    first = stated(room.wearer, room.wearer)
    room.small.clock.pass_by(timedelta(minutes=1))
    own, about_me = stated(room.head, room.wearer), stated(room.custodian, room.head)
    assert waiting(room.head) == [first]
    oldest, *others = waiting(room.new(Role.UNIT_HEAD))
    assert (oldest, set(others)) == (first, {own, about_me})
    assert waiting(room.new(Role.UNIT_HEAD, where=room.beside)) == []
    (line,) = Supervision(room.site).lines(room.head, Watch.EXEMPTIONS)
    assert (line.wearer, line.detail) == (room.wearer.name, {"ground": "urgency"})
    room.exemptions.receive(room.head, first, agrees=True, view="情况属实", despite=True)
    assert waiting(room.head) == []


def test_an_explanation_waits_and_then_is_sent_back_until_it_is_answered(room: GapRoom) -> None:
    first = room.desk.explain(room.wearer, room.name(), REPORT)
    assert counts(room, room.head)[Watch.AWAITING] == 1
    room.desk.review(room.head, first.id, Outcome.SENT_BACK, "请写明时间")
    found = counts(room, room.head)
    assert (found[Watch.AWAITING], found[Watch.SENT_BACK]) == (0, 1)
    (line,) = Supervision(room.site).lines(room.head, Watch.SENT_BACK)
    assert (line.detail["reason"], line.recording_id) == ("请写明时间", room.first)
    room.desk.explain(room.wearer, room.name(), REPORT)
    found = counts(room, room.head)
    assert (found[Watch.AWAITING], found[Watch.SENT_BACK]) == (1, 0)


def unexplained(room: GapRoom, caller: Caller) -> set[str]:
    """Return the codes of what nobody has explained: each that the gap report has as open, and no other."""
    lines = Supervision(room.site).lines(caller, Watch.UNEXPLAINED)
    assert counts(room, caller)[Watch.UNEXPLAINED] == len(lines)
    parts = ("missing", "late", "interruptions", "to_explain")
    rows = [row for part in parts for row in room.report(caller)[part] if row.get("gap_state") == "open"]
    assert {one.id for one in lines} == {row["gap"] for row in rows}
    return {str(one.detail["code"]) for one in lines}


def test_what_nobody_has_explained_has_a_number_and_a_list(room: GapRoom) -> None:
    room.miss(room.wearer)
    room.record(room.wearer.id, "late.wav", modified_at=START - timedelta(hours=30))
    room.find(a_gap(), a_gap(7.0, 200.0, severity=Severity.INFO))
    assert unexplained(room, room.head) >= {"missing", "gap-between-files", "late"}
    gap = room.name()
    room.desk.explain(room.wearer, gap, REPORT)
    assert "gap-between-files" not in unexplained(room, room.head)
    queue = Reviewing(room.site).desk(room.head)
    assert queue is not None
    room.desk.review(room.head, queue.now.explanation.id, Outcome.SENT_BACK, "请写明时间")
    assert "gap-between-files" not in unexplained(room, room.head), "what was sent back has a tile of its own"
    for part in ("late", "missing"):
        room.desk.explain(room.wearer, room.name(part), REASON)
        assert part not in unexplained(room, room.head)
    assert unexplained(room, room.new(Role.UNIT_HEAD, where=room.beside)) == set()
    room.small.clock.pass_by(timedelta(days=8))
    assert listed(room, room.head, Watch.UNEXPLAINED) == [], "what is older stands in the gap report"
    assert Supervision(room.site).lines(room.head, Watch.UNEXPLAINED, 14) != []


def test_what_an_examination_finds_a_little_further_on_is_explained_and_the_next_is_asked_for(
    room: GapRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_lists, "MOST", 1)  # so that two are read at once
    last = room.record(room.wearer.id, "c.wav")
    for recording, name in ((room.first, "a.wav"), (room.after, "b.wav")):
        room.find(a_gap(file=name), recording=recording)
        (open_,) = (one for one in room.lines() if one["file"] == name)
        room.desk.explain(room.wearer, open_["gap"], REPORT)
        room.find(a_gap(41.2, file=name), recording=recording)  # nearer than the tolerance of the pack
    room.find(a_gap(9.0, file="c.wav"), recording=last)
    assert listed(room, room.head, Watch.UNEXPLAINED) == ["c.wav"]


@pytest.mark.article("dazhe-2020:5")
def test_a_red_step_waits_among_what_nobody_has_explained(room: GapRoom) -> None:
    number = room.wearer.name
    case = Cases(room.site).open(room.head, "案一", room.unit.id)
    began = room.small.clock.now() - timedelta(hours=40)
    said = StepSaid("on-site-check", began, began + timedelta(hours=1), [number])
    step = Steps(room.site).enter(room.custodian, case.id, said)
    lines = Supervision(room.site).lines(room.head, Watch.UNEXPLAINED)
    (line,) = (one for one in lines if one.detail["code"] == "unrecorded")
    assert (line.name, line.wearer, line.at) == ("案一", number, step.span.end + timedelta(hours=24))
    room.desk.explain(room.wearer, line.id, Said("未带设备"))
    assert counts(room, room.head)[Watch.UNEXPLAINED] == len(lines) - 1
    assert Supervision(room.site).board(room.head).matrix[StepState.RED] == 1


def test_the_queue_has_nobodys_own_and_what_is_about_no_recording(room: GapRoom) -> None:
    room.miss(room.wearer)
    own = room.desk.explain(room.head, room.name(), REPORT)
    gone = room.desk.explain(room.wearer, room.name("missing"), REASON)
    desk = Reviewing(room.site).desk(room.head)
    assert desk is not None
    assert [one.explanation.id for one in desk.queue] == [gone.id], "not what the head said"
    other = room.new(Role.UNIT_HEAD)
    desk = Reviewing(room.site).desk(other)
    assert desk is not None
    assert [one.explanation.id for one in desk.queue] == [own.id, gone.id]
    assert desk.now.explanation.id == own.id
    assert desk.stored is not None
    assert desk.beside(1) is not None
    assert desk.beside(-1) is None
    assert Reviewing(room.site).desk(room.new(Role.UNIT_HEAD, where=room.beside)) is None
    wearer = room.caller(room.wearer.id)
    room.give(wearer.id, Role.UNIT_HEAD, room.unit)
    assert Reviewing(room.site).desk(room.caller(wearer.id)) is None, "wore it, or said it"


def test_the_queue_shows_what_is_asked_for_with_all_that_was_said(room: GapRoom) -> None:
    first = room.desk.explain(room.wearer, room.name(), REPORT)
    room.desk.review(room.head, first.id, Outcome.SENT_BACK, "请写明时间")
    second = room.desk.explain(room.wearer, room.name(), room.spoken())
    desk = Reviewing(room.site).desk(room.head, second.id)
    assert desk is not None
    assert [one.id for one in desk.history] == [first.id, second.id]
    assert desk.heard is not None
    assert desk.heard.recording.id == room.after
    assert {room.wearer.id, room.head.id} == set(desk.people)
    looked = room.entries(Act.READ_LIST)[-1]["facts"]
    assert looked == {"list": "explanations", "gap": desk.now.gap.subject.name}


def test_denied_tries_of_auxiliaries_devices_and_steps_stand_on_the_board(room: GapRoom) -> None:
    aux = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    with pytest.raises(NotFound):
        Recordings(room.site).get(aux, room.first)
    with pytest.raises(NotFound):
        Recordings(room.site).get(room.new(Role.FIELD_OFFICER), room.first)
    DeviceRegister(room.site).add(room.custodian, "DSJ-1", "body-camera", room.unit.id)
    board = Supervision(room.site).board(room.head)
    found = {one.watch: one.count for one in board.tiles}
    assert (found[Watch.DENIED], found[Watch.UNCHECKED]) == (1, 1)
    assert set(board.matrix) == set(StepState)
    assert {one.watch for one in Supervision(room.site).board(OPERATOR).tiles} == set(Watch)
