"""The report counts what must be explained by its state; held against a count by hand, drawn by lot."""

from __future__ import annotations

from collections import Counter

import pytest

from evidence.answers.recordings import gaps_out
from evidence.domain.explanations import GapState, Outcome
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import NotFound
from evidence.policy.conduct import FaultKind
from evidence.service.gaps.reports import Reports
from tests.builders import SmallSite
from tests.domain.lots import Lots, a_seed
from tests.gap_room import REASON, REPORT, GapRoom, a_gap

EXPLAINED = ("missing", "late", "interruptions", "to_explain")
ACTS = (None, "explain", Outcome.SENT_BACK, Outcome.ACCEPTED, Outcome.FAULT)


@pytest.fixture
def room(small: SmallSite) -> GapRoom:
    return GapRoom(small)


def act(room: GapRoom, part: str, name: str, what: str | Outcome | None) -> str:
    """Bring a line into a state; return which."""
    if what is None:
        return "open"
    done = room.desk.explain(room.custodian, name, REPORT if part == "interruptions" else REASON)
    if not isinstance(what, Outcome):
        return "explained"
    kind = FaultKind.NOT_RECORDED if what is Outcome.FAULT else None
    room.desk.review(room.head, done.id, what, "x", kind)
    return "fault-open" if what is Outcome.FAULT else what.value


def test_the_totals_by_state_are_those_of_a_count_by_hand(room: GapRoom) -> None:
    lots = Lots(a_seed())
    lengths = [lots.one(range(2, 4000)) / 1000 for _ in range(12)]
    gaps = [a_gap(length, 100.0 * n) for n, length in enumerate(lengths, 1)]
    cut = Finding(Code.TRUNCATED, Severity.ATTENTION, "a.wav", start_s=5.0, measured="no-index")
    odd = [Finding(Code.CLOCK_DISAGREES, Severity.ATTENTION, "a.wav", measured=float(n)) for n in (60, 120)]
    room.find(*gaps, cut, *odd, Finding(Code.SILENCE, Severity.INFO, "a.wav"))
    for n in range(3):
        room.miss(room.wearer, f"{n}.wav")
    report = room.report()
    assert all(one["count"] == 0 for one in report["by_state"] if one["state"] != "open")
    lines = [(part, line["gap"]) for part in EXPLAINED for line in report[part]]
    assert len({name for _, name in lines}) == len(lines) >= 12 + 1 + 2 + 3
    expected = {name: act(room, part, name, lots.one(ACTS)) for part, name in lines}
    after = room.report()
    assert {line["gap"]: line["gap_state"] for part in EXPLAINED for line in after[part]} == expected
    lost, unknown = Counter[str](), Counter[str]()
    for line in after["interruptions"]:
        state = expected[line["gap"]]
        lost[state] += 0 if line["code"] == "truncated" else round(line["measured"] * 1000)
        unknown[state] += line["code"] == "truncated"
    assert [one["state"] for one in after["by_state"]] == [state.value for state in GapState]
    counts = Counter(expected.values())
    for one in after["by_state"]:
        state = one["state"]
        assert (one["count"], one["unknown"]) == (counts[state], unknown[state]), state
        assert round(one["lost_s"] * 1000) == lost[state], state
    owing = counts["open"] + counts["sent-back"]
    assert after["by_wearer"] == ([{"wearer": room.wearer.name, "owed": owing}] if owing else [])
    assert after["totals"] == report["totals"]
    for state in GapState:
        some = room.report(state=state)
        shown = {line["gap"] for part in EXPLAINED for line in some[part]}
        assert shown == {name for name, found in expected.items() if found == state}
        assert some["unlabelled"] == []


def test_the_report_can_be_asked_for_a_wearer_and_a_unit_with_those_below(room: GapRoom) -> None:
    below, other = room.add_unit("below", room.unit), room.new(Role.FIELD_OFFICER)
    third = room.new(Role.FIELD_OFFICER, where=below)
    for one in (room.wearer, other, third):
        room.miss(one, f"{one.name}.wav")
    room.find(a_gap())

    def shown(**asked: object) -> tuple[set[str], int]:
        report = room.report(**asked)
        return {line["wearer"] for line in report["missing"]}, len(report["interruptions"])

    names = {one.name for one in (room.wearer, other, third)}
    assert shown() == (names, 1)
    assert shown(wearer=room.wearer.name) == ({room.wearer.name}, 1)
    assert shown(wearer=other.name) == ({other.name}, 0)
    assert shown(unit_id=below.id) == ({third.name}, 0)
    assert shown(unit_id=room.unit.id) == (names, 1)
    assert shown(unit_id=room.beside.id) == (set(), 0)
    assert shown(unit_id=room.unit.id, wearer=third.name, state=GapState.OPEN) == ({third.name}, 0)
    with pytest.raises(NotFound, match="wearer-not-found"):
        room.report(wearer="000000")
    for unit in ("f" * 32, "x"):
        with pytest.raises(NotFound, match="unit-not-found"):
            room.report(unit_id=unit)
    with pytest.raises(NotFound, match="wearer-not-found"):
        room.report(room.wearer, wearer=other.name)


def test_everybody_sees_the_same_name_for_the_same_gap_though_not_the_names_of_other_files(
    room: GapRoom,
) -> None:
    other = room.record(room.add(Role.FIELD_OFFICER), "c.wav")
    del other
    found = a_gap(detail={"before": "a.wav", "after": "c.wav"})
    room.find(found)
    mine, all_ = room.line(caller=room.wearer), room.line(caller=room.head)
    assert "after" in all_["detail"]
    assert "after" not in mine["detail"]
    assert mine["gap"] == all_["gap"]


def test_an_auxiliary_with_other_roles_is_not_told_who_owes_what(room: GapRoom) -> None:
    room.find(a_gap())
    reader = room.new(Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    told = gaps_out(Reports(room.site).gaps(reader), reader)
    assert told["by_wearer"] == []
    assert room.wearer.name not in str(told["interruptions"])
    assert [one["state"] for one in told["by_state"] if one["count"]] == ["open"]
