"""The list of missing labels: what the pack demands and nobody has said, within reach, most urgent first."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from evidence.answers.filing import Asked, filed_out
from evidence.answers.label import history_out, missing_out
from evidence.answers.recordings import gaps_out
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.service.cases.cases import Cases
from evidence.service.gaps.reports import Reports
from evidence.service.oversight.classes import Classes
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.recordings import Recordings
from evidence.service.recordings.unlabelled import MissingLabels, Unlabelled
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room

BOTH = ("case-number", "inspected-party")


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def desk(room: Room) -> Labelling:
    return Labelling(room.site)


@pytest.fixture
def wearer(room: Room) -> str:
    return room.add(Role.FIELD_OFFICER, number="010001")


def missing(room: Room, who: Caller = OPERATOR) -> MissingLabels:
    return Unlabelled(room.site).missing(who)


def lines(found: MissingLabels) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.stored.recording.id, one.missing) for one in found.lines]


@pytest.mark.article("dazhe-2020:12", "longquan:7")
def test_what_is_missing_is_counted_by_label_by_unit_and_by_wearer(
    room: Room, desk: Labelling, wearer: str
) -> None:
    second = room.add(Role.FIELD_OFFICER, number="010002", where=room.beside)
    bare, half, whole = room.record(wearer), room.record(wearer), room.record(second)
    foreign = room.record(second)
    desk.give(OPERATOR, [half], {"case-number": "1"})
    desk.give(OPERATOR, [whole], {"case-number": "1", "inspected-party": "某公司"})
    found = missing(room)
    assert lines(found) == [(bare, BOTH), (half, ("inspected-party",)), (foreign, BOTH)]
    assert all(one.cites == ("dazhe-2020:12",) for one in found.lines)
    assert found.by_label == {"case-number": 2, "inspected-party": 3}
    assert found.by_wearer == {"010001": 2, "010002": 1}
    units = {one.unit_id: one.counts["missing"] for one in found.by_unit}
    assert units == {room.unit.id: 2, room.beside.id: 1}
    assert room.entries(Act.READ_LIST)[-1]["facts"] == {"list": "missing-labels"}


@pytest.mark.article("dazhe-2020:12")
def test_a_case_number_to_follow_waits_and_when_its_day_is_over_comes_first(
    room: Room, desk: Labelling, wearer: str
) -> None:
    first, second, third = (room.record(wearer) for _ in range(3))
    desk.give(OPERATOR, [second, third], {"inspected-party": "某公司"})
    desk.say_not_yet(OPERATOR, [third], date(2026, 3, 5))
    desk.say_not_yet(OPERATOR, [second], date(2026, 3, 4))
    found = missing(room)
    assert lines(found) == [(first, BOTH)]
    assert [one.stored.recording.id for one in found.to_follow] == [second, third]
    room.small.clock.pass_by(timedelta(days=2))
    assert lines(missing(room)) == [(first, BOTH)], "its day is not over yet"
    room.small.clock.time = room.small.clock.time.replace(hour=16)  # the next day has begun in Beijing
    found = missing(room)
    assert lines(found) == [(second, ("case-number",)), (first, BOTH)]
    assert [one.lacks.is_overdue for one in found.lines] == [True, False]
    told = missing_out(found, OPERATOR)
    assert (told["total"], told["overdue"], len(told["to_follow"])) == (2, 1, 1)
    assert told["missing"][0]["case_number_due"] == "2026-03-04"
    room.small.clock.pass_by(timedelta(days=1))
    assert [one for one, _ in lines(missing(room))] == [second, third, first], "the longest overdue first"
    desk.give(OPERATOR, [second], {"case-number": "1"})
    assert [one for one, _ in lines(missing(room))] == [third, first]


def test_the_gap_report_counts_what_stands_now(room: Room, desk: Labelling, wearer: str) -> None:
    docked = {"case-number": "1", "inspected-party": "某公司"}
    marked, bare, waiting = room.record(wearer, labels=docked), room.record(wearer), room.record(wearer)
    desk.end(OPERATOR, [marked], "case-number", "x")
    desk.give(OPERATOR, [bare, waiting], {"inspected-party": "某公司"})
    desk.give(OPERATOR, [bare], {"case-number": "2"})
    desk.say_not_yet(OPERATOR, [waiting], date(2026, 3, 4))
    reports = Reports(room.site)

    def told() -> list[tuple[str, list[str], str | None]]:
        rows = gaps_out(reports.gaps(OPERATOR), OPERATOR)["unlabelled"]
        return [(row["recording"], row["missing"], row["case_number_due"]) for row in rows]

    assert told() == [(marked, ["case-number"], None)]
    room.small.clock.pass_by(timedelta(days=3))
    assert told() == [(marked, ["case-number"], None), (waiting, ["case-number"], "2026-03-04")]


def test_the_list_of_each_is_what_a_look_at_each_recording_within_their_reach_says(
    room: Room, desk: Labelling, wearer: str
) -> None:
    beside = room.add(Role.FIELD_OFFICER, where=room.beside)
    mine = {wearer: [room.record(wearer) for _ in range(4)], beside: [room.record(beside) for _ in range(3)]}
    hidden = mine[wearer][3]
    head = room.new(Role.UNIT_HEAD)
    Classes(room.site).classify(head, hidden, "privacy", "x")
    desk.give(OPERATOR, [mine[wearer][0]], {"case-number": "1", "inspected-party": "某公司"})
    desk.give(OPERATOR, [mine[beside][0]], {"case-number": "1"})
    unmarked = {*mine[wearer][1:], *mine[beside]}
    callers = {
        room.caller(wearer): set(mine[wearer]),
        room.new(Role.CUSTODIAN): set(mine[wearer]) - {hidden},
        head: set(mine[wearer]),
        room.new(Role.UNIT_HEAD, where=room.beside): set(mine[beside]),
        room.new(Role.AUDITOR, where=room.agency): {*mine[wearer], *mine[beside]} - {hidden},
        room.new(): set(),
    }
    for who, within in list(callers.items())[:-1]:
        found = missing(room, who)
        assert {one for one, _ in lines(found)} == within & unmarked
        assert found.by_label == Counter(name for _, names in lines(found) for name in names)
        assert sum(found.by_wearer.values()) == sum(one.counts["missing"] for one in found.by_unit)
    with room.refused("not-permitted"):
        missing(room, list(callers)[-1])


@pytest.mark.article("longquan-aux:10(3)")
def test_an_auxiliary_reads_no_labels_of_what_others_wore_in_no_answer(
    room: Room, desk: Labelling, wearer: str
) -> None:
    auxiliary = room.add(Role.AUXILIARY, Role.CUSTODIAN, type_=PersonType.AUXILIARY, number="XG1")
    others, own = room.record(wearer), room.record(auxiliary)
    case = Cases(room.site).open(OPERATOR, "1", room.unit.id)
    Cases(room.site).link(OPERATOR, case.id, others)
    Cases(room.site).name(OPERATOR, case.id, auxiliary, {Action.LIST_RECORDINGS})
    desk.give(OPERATOR, [others, own], {"inspected-party": "某公司"})
    who = room.caller(auxiliary)
    assert history_out(desk.history(who, others), who) == {"recording": others}
    (given,) = history_out(desk.history(who, own), who)["labels"]
    assert given["value"] == "某公司"
    told = missing_out(missing(room, who), who)
    assert {row["recording"] for row in told["missing"]} == {others, own}
    assert told["by_wearer"] == [{"wearer": "XG1", "count": 1}]
    assert all("010001" not in str(row) for row in told["missing"])
    known = Recordings(room.site).list(who)
    assert {one.recording.id for one in known} == {others, own}
    for asked in (Asked(party="某公司"), Asked(officer="010001")):
        shown = filed_out(known, who, asked, "Asia/Shanghai")
        assert others not in [row["id"] for row in shown["recordings"]], "asking finds nothing out"
    told = filed_out(known, who, Asked(), "Asia/Shanghai")
    assert told["by_party"] == [{"value": "某公司", "count": 1}, {"value": None, "count": 1}]
    assert told["by_officer"] == [{"value": "XG1", "count": 1}, {"value": None, "count": 1}]


@pytest.mark.article("dazhe-2020:12", "longquan:7")
def test_recordings_are_filed_by_inspected_party_by_officer_and_by_time(
    room: Room, desk: Labelling, wearer: str
) -> None:
    room.add(Role.FIELD_OFFICER, number="010002")
    first, second, third = room.record(wearer), room.record(wearer), room.record(wearer)
    desk.give(OPERATOR, [first, second], {"inspected-party": "某公司", "officer": "010001 010002"})
    used = "2026-02-27T23:30:00+08:00/2026-02-28T01:00:00+08:00"
    desk.give(OPERATOR, [second], {"time": used})

    def filed(**asked: object) -> dict[str, object]:
        found = Recordings(room.site).list(OPERATOR)
        return filed_out(found, OPERATOR, Asked(**asked), "Asia/Shanghai")  # type: ignore[arg-type]

    def ids(**asked: object) -> list[str]:
        return [row["id"] for row in filed(**asked)["recordings"]]  # type: ignore[attr-defined]

    assert ids() == [first, second, third]
    assert ids(party="某公司") == [first, second]
    assert ids(officer="010002") == [first, second]
    assert ids(officer="010001") == [first, second, third], "who wore it is its officer unless others are"
    assert ids(until=date(2026, 2, 27)) == [second]
    assert ids(since=date(2026, 2, 28), party="某公司") == [first]
    told = filed()
    assert told["by_party"] == [{"value": "某公司", "count": 2}, {"value": None, "count": 1}]
    assert told["by_officer"] == [{"value": "010001", "count": 3}, {"value": "010002", "count": 2}]
    assert told["by_day"] == [{"value": "2026-02-27", "count": 1}, {"value": "2026-03-02", "count": 2}]


def test_what_a_dock_wrote_as_a_time_and_is_none_files_by_the_seal(room: Room, wearer: str) -> None:
    recording = room.record(wearer, labels={"time": "yesterday"}, modified_at=None)
    told = filed_out(Recordings(room.site).list(OPERATOR), OPERATOR, Asked(), "Asia/Shanghai")
    assert [row["id"] for row in told["recordings"]] == [recording]
    assert told["by_day"] == [{"value": "2026-03-02", "count": 1}]
