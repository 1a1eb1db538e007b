"""Exemption statements: only the grounds of the law, and only what another head has agreed to is exempt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.answers.gap import state_words
from evidence.domain.audit import Act
from evidence.domain.explanations import ExemptionState, Outcome
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.instants import to_text
from evidence.domain.notices import NoticeKind
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.errors import Conflict, Invalid, NotFound
from evidence.locale import say
from evidence.policy.conduct import Exempting, FaultKind
from evidence.service.gaps.exemptions import Stated
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.refusals import OutOfSight
from tests.builders import START, SmallSite
from tests.gap_room import REPORT, GapRoom, a_gap, a_room
from tests.people_room import OPERATOR

BEGAN = START - timedelta(hours=2)  # of the first recording; the gap is from its 10th to its 51st second
PACKS = ("dazhe-2020", "longquan", "inner-mongolia", "strict")


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    room = a_room(small)
    clock = {"start": to_text(BEGAN), "certain": True}
    room.find(a_gap(), facts=json.dumps(clock))
    return room


def stated(room: GapRoom, ground: str = "urgency", start: float = 10, end: float = 51) -> Stated:
    span = Span(BEGAN + timedelta(seconds=start), BEGAN + timedelta(seconds=end))
    return Stated(room.wearer.name, ground, "《制度》第六条第（三）项", span, "已开机，未及录制")


@pytest.mark.article("dazhe-2020:6", "dazhe-2020:6(2)")
@pytest.mark.parametrize("pack", PACKS)
def test_each_of_the_four_grounds_closes_a_gap_and_a_fifth_is_refused(room: GapRoom, pack: str) -> None:
    room.under(pack)
    for ground in Exempting:
        assert room.exemptions.state(room.wearer, stated(room, ground)).ground == ground
    with room.refused("unknown-ground", Invalid) as told:
        room.exemptions.state(room.wearer, stated(room, "forgot"))
    assert str(told.fields["known"]).split() == list(Exempting)
    entries = room.entries(Act.EXEMPTION_STATE)
    assert [one["facts"]["ground"] for one in entries] == list(Exempting)
    assert all(one["facts"]["cites"] == ["dazhe-2020:6"] for one in entries)
    assert all(set(one["pd"]) == {"basis", "device_state"} for one in entries)


@pytest.mark.article("dazhe-2020:6")
def test_a_gap_is_exempt_only_after_a_head_has_received_and_agreed(room: GapRoom) -> None:
    mine = room.exemptions.state(room.wearer, stated(room))
    assert room.states() == ["open"], "a statement alone closes nothing"
    (notice,) = Denials(room.site).notices(room.head)
    assert (notice.kind, notice.person_id, notice.about_id) == (
        NoticeKind.EXEMPTION,
        room.wearer.id,
        mine.id,
    )
    room.exemptions.receive(room.head, mine.id, agrees=False, view="录像可恢复")
    assert room.states() == ["open"]
    again = room.exemptions.state(room.wearer, stated(room))
    done = room.exemptions.receive(room.head, again.id, agrees=True, view="情况属实")
    assert (done.received_by, done.view) == (room.head.id, "情况属实")
    line = room.line()
    assert (line["gap_state"], line["exemption"]) == ("exempt", again.id)
    with room.refused("gap-decided", Conflict):
        room.desk.explain(room.wearer, room.name(), REPORT)
    (_, entry) = room.entries(Act.EXEMPTION_RECEIVE)
    assert (entry["by"], entry["facts"]["agrees"], set(entry["pd"])) == (room.head.id, True, {"view"})
    assert "情况属实" not in str(entry)
    for entry in room.entries(Act.EXEMPTION_STATE):
        assert not any(secret in str(entry) for secret in (room.wearer.name, mine.basis, mine.device_state))


def agreed(room: GapRoom, said: Stated) -> None:
    room.exemptions.receive(room.head, room.exemptions.state(OPERATOR, said).id, agrees=True, view="属实")


@pytest.mark.article("dazhe-2020:6")
def test_an_exempt_line_of_the_report_says_what_speaks_against_its_statement(room: GapRoom) -> None:
    one = room.exemptions.state(room.wearer, stated(room, start=0, end=3600))
    room.exemptions.receive(room.head, one.id, agrees=True, view="属实", despite=True)
    line = room.line()
    assert (line["gap_state"], line["exemption"], line["against"]) == ("exempt", one.id, 2)
    assert state_words(say, line) == [say("gap-state.exempt"), say("exemptions.against-count", count=2)]


def test_a_statement_that_nothing_speaks_against_says_so_by_a_nought(room: GapRoom) -> None:
    agreed(room, stated(room))
    assert room.line()["against"] == 0
    assert state_words(say, room.line()) == [say("gap-state.exempt")]


NOT_COVERED: dict[str, Callable[[GapRoom], Stated]] = {
    "begins later": lambda room: stated(room, start=10.001),
    "ends earlier": lambda room: stated(room, end=50.999),
    "somebody else": lambda room: replace(stated(room), number=room.custodian.name),
}


@pytest.mark.parametrize("what", NOT_COVERED)
def test_what_it_does_not_cover_stays_open(room: GapRoom, what: str) -> None:
    agreed(room, NOT_COVERED[what](room))
    assert room.states() == ["open"]
    agreed(room, stated(room, start=0, end=60))
    assert room.states() == ["exempt"]


def test_in_a_stream_whose_time_line_begins_late_the_gap_is_where_it_was(room: GapRoom) -> None:
    gap = Finding(Code.GAP_IN_FILE, Severity.ATTENTION, "a.wav", 1403.0, 1405.0, measured=2.0)
    room.find(gap, facts=json.dumps({"start": to_text(BEGAN), "certain": True}))
    done = room.exemptions.state(room.wearer, stated(room, start=3, end=5))
    room.exemptions.receive(room.head, done.id, agrees=True, view="属实")
    assert room.states() == ["open"]
    room.begin_at(1400.0)
    assert room.states() == ["exempt"]


def test_where_no_clock_is_certain_nothing_is_exempt_by_time(room: GapRoom) -> None:
    agreed(room, stated(room))
    room.find(a_gap(), facts=json.dumps({"start": to_text(BEGAN), "certain": False}))
    assert room.states() == ["open"]
    room.find(a_gap(), facts=json.dumps({"start": None, "certain": True}))
    assert room.states() == ["open"]


def test_an_exemption_does_not_undo_what_a_person_decided(room: GapRoom) -> None:
    done = room.desk.explain(room.wearer, room.name(), REPORT)
    agreed(room, stated(room))
    assert room.states() == ["exempt"]
    room.desk.review(room.head, done.id, Outcome.FAULT, "查实", FaultKind.NOT_RECORDED)
    assert room.states() == ["fault-open"]


def test_nobody_receives_their_own_statement_and_nobody_twice(room: GapRoom) -> None:
    room.give(room.wearer.id, Role.UNIT_HEAD, room.unit)
    wearer, by_head = room.caller(room.wearer.id), room.exemptions.state(room.head, stated(room))
    with room.refused("own-recording"):
        room.exemptions.receive(wearer, by_head.id, agrees=True, view="x")
    with room.refused("own-request"):
        room.exemptions.receive(room.head, by_head.id, agrees=True, view="x")
    second = room.new(Role.AGENCY_HEAD, where=room.agency)
    with room.refused("reason-needed", Invalid):
        room.exemptions.receive(second, by_head.id, agrees=True, view="")
    room.exemptions.receive(second, by_head.id, agrees=True, view="属实")
    third = room.new(Role.UNIT_HEAD)
    with room.refused("exemption-received", Conflict):
        room.exemptions.receive(third, by_head.id, agrees=False, view="x")


@pytest.mark.article("dazhe-2020:6")
def test_the_same_statement_is_not_taken_twice_and_the_first_one_is_named(room: GapRoom) -> None:
    first = room.exemptions.state(room.wearer, stated(room))
    for again in (stated(room), replace(stated(room), basis=f" {first.basis}\n")):
        with room.refused("exemption-stated", Conflict) as told:
            room.exemptions.state(room.head, again)
        assert told.fields["exemption"] == first.id
    others = [
        stated(room, "objective-cause"),
        stated(room, end=52),
        replace(stated(room), basis="第六条第（四）项"),
        replace(stated(room), device_state="电量耗尽"),
        replace(stated(room), number=room.custodian.name),
    ]
    assert len({room.exemptions.state(room.head, one).id for one in others} | {first.id}) == 6
    chief = room.new(Role.AGENCY_HEAD, where=room.agency)
    room.exemptions.receive(chief, first.id, agrees=True, view="属实")
    with room.refused("exemption-stated", Conflict):
        room.exemptions.state(room.wearer, stated(room))


@pytest.mark.article("dazhe-2020:6")
def test_whoever_made_a_statement_takes_it_back_before_a_head_has_received_it(room: GapRoom) -> None:
    first = room.exemptions.state(room.wearer, stated(room))
    for other in (room.head, room.custodian, OPERATOR):
        with room.refused("not-the-author"):
            room.exemptions.withdraw(other, first.id, "x")
    stranger = room.new(Role.UNIT_HEAD, where=room.beside)
    with room.refused("exemption-not-found", OutOfSight):
        room.exemptions.withdraw(stranger, first.id, "x")
    with room.refused("exemption-not-found", NotFound):
        room.exemptions.withdraw(room.wearer, "0" * 32, "x")
    with room.refused("reason-needed", Invalid):
        room.exemptions.withdraw(room.wearer, first.id, " ")
    done = room.exemptions.withdraw(room.wearer, first.id, "日期写错")
    assert room.exemptions.stated(room.head) == [done], "it stays, with the reason"
    assert (done.state, done.withdrawal) == (ExemptionState.WITHDRAWN, "日期写错")
    (entry,) = room.entries(Act.EXEMPTION_WITHDRAW)
    assert (entry["by"], set(entry["pd"]), "日期" in str(entry)) == (room.wearer.id, {"reason"}, False)
    with room.refused("exemption-withdrawn", Conflict):
        room.exemptions.withdraw(room.wearer, first.id, "x")
    with room.refused("exemption-withdrawn", Conflict):
        room.exemptions.receive(room.head, first.id, agrees=True, view="属实")
    assert room.states() == ["open"]
    again = room.exemptions.state(room.wearer, stated(room))
    room.exemptions.receive(room.head, again.id, agrees=True, view="属实")
    with room.refused("exemption-received", Conflict):
        room.exemptions.withdraw(room.wearer, again.id, "x")
    assert room.states() == ["exempt"]
    states = {one.id: one.state for one in room.exemptions.stated(room.head)}
    assert states == {first.id: ExemptionState.WITHDRAWN, again.id: ExemptionState.RECEIPTED}


def test_a_statement_is_made_when_the_enforcement_has_ended_with_basis_and_state(room: GapRoom) -> None:
    ahead = Span(START, room.later(hours=1))
    for said, code in (
        (replace(stated(room), span=ahead), "end-ahead"),
        (replace(stated(room), basis=" "), "reason-needed"),
        (replace(stated(room), device_state=""), "reason-needed"),
    ):
        with room.refused(code, Invalid):
            room.exemptions.state(room.wearer, said)


def test_statements_are_made_and_seen_where_their_wearer_belongs(room: GapRoom) -> None:
    mine = room.exemptions.state(room.custodian, stated(room))
    assert mine.author == room.custodian.id
    stranger, colleague = room.new(Role.UNIT_HEAD, where=room.beside), room.new(Role.FIELD_OFFICER)
    for one in (stranger, colleague):
        with room.refused("person-not-found", OutOfSight):
            room.exemptions.state(one, stated(room))
        assert room.exemptions.stated(one) == []
    with room.refused("person-not-found", NotFound):
        room.exemptions.state(OPERATOR, replace(stated(room), number="nobody"))
    for one in (room.wearer, room.head, room.custodian, room.new(Role.AUDITOR, where=room.agency), OPERATOR):
        assert [found.id for found in room.exemptions.stated(one)] == [mine.id]
    with room.refused("exemption-not-found", OutOfSight):
        room.exemptions.receive(stranger, mine.id, agrees=True, view="x")
    with room.refused("exemption-not-found", NotFound):
        room.exemptions.receive(room.head, "f" * 32, agrees=True, view="x")


@pytest.mark.article("dazhe-2020-aux:10(1)")
def test_an_auxiliary_states_nothing_and_receives_nothing(room: GapRoom) -> None:
    auxiliary = room.new(*Role, type_=PersonType.AUXILIARY)
    mine = room.exemptions.state(room.wearer, stated(room))
    with room.refused("barred-by-law"):
        room.exemptions.state(auxiliary, replace(stated(room), number=auxiliary.name))
    with room.refused("barred-by-law"):
        room.exemptions.receive(auxiliary, mine.id, agrees=True, view="x")
    theirs = room.exemptions.state(room.custodian, replace(stated(room), number=auxiliary.name))
    assert theirs.person_id == auxiliary.id


@pytest.mark.parametrize("number", ["\0", "half \ud800", "１０００", "9" * 10_000, ""])
def test_a_number_that_nobody_can_have_is_nobodys(room: GapRoom, number: str) -> None:
    with room.refused("person-not-found", NotFound):
        room.exemptions.state(OPERATOR, replace(stated(room), number=number))
