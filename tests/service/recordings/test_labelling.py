"""Labels after docking: by whom, judged by which pack, all or none, with a history that loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.labels import DOCK
from evidence.domain.people import PersonType
from evidence.domain.rights import Action, Role
from evidence.errors import Conflict, Invalid, NotFound
from evidence.service.cases.cases import Cases
from evidence.service.keeping.holds import Holds
from evidence.service.oversight.classes import Classes
from evidence.service.oversight.serious import SeriousEvents
from evidence.service.recordings.labelling import MOST, Labelling
from evidence.service.recordings.recordings import Recordings
from tests import forms
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room

DOCKED = {"case-number": "旧号1", "commander": "9"}


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def desk(room: Room) -> Labelling:
    return Labelling(room.site)


@pytest.fixture
def wearer(room: Room) -> str:
    return room.add(Role.FIELD_OFFICER, number="010001")


@pytest.fixture
def recording(room: Room, wearer: str) -> str:
    return room.record(wearer)


@pytest.fixture
def custodian(room: Room) -> Caller:
    return room.new(Role.CUSTODIAN)


def stands(room: Room, recording_id: str) -> dict[str, str | None]:
    """What stands of a recording's labels; a day where the case number is to follow."""
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(recording_id)
    assert stored is not None
    return {
        name: one.due.isoformat() if one.due else one.value for name, one in sorted(stored.labels.items())
    }


def told(room: Room, desk: Labelling, recording_id: str) -> list[tuple[str, str | None, str, bool]]:
    """The history: name, value, by whom, whether it stands."""
    return [
        (one.name, one.value, one.given_by, one.ended_at is None)
        for one in desk.history(OPERATOR, recording_id).told
    ]


@pytest.mark.article("dazhe-2020:12")
def test_an_officer_marks_what_they_wore_and_the_log_says_what_was_said(
    room: Room, desk: Labelling, recording: str, wearer: str
) -> None:
    officer = room.caller(wearer)
    said = {"case-number": "大执〔2026〕1号", "inspected-party": "张三小吃店", "officer": "010001"}
    assert desk.give(officer, [recording], said).changed == [recording]
    assert stands(room, recording) == said
    (entry,) = room.entries(Act.LABEL)
    assert (entry["by"], entry["obj"][0]["id"]) == (wearer, recording)
    assert entry["facts"] == {"labels": {**said, "inspected-party": None}, "before": {}}
    assert set(entry["pd"]) == {"inspected-party"}
    assert "张三" not in str(room.small.log()), "whoever was inspected stands in the log as a commitment only"


def test_what_is_said_later_takes_the_place_of_what_stood_and_what_stood_is_in_the_entry(
    room: Room, desk: Labelling, wearer: str, custodian: Caller
) -> None:
    recording = room.record(wearer, labels={**DOCKED, "inspected-party": "李四"})
    desk.give(custodian, [recording], {"case-number": "新号2", "inspected-party": "王五"})
    assert stands(room, recording) == {"case-number": "新号2", "commander": "9", "inspected-party": "王五"}
    (entry,) = room.entries(Act.LABEL)
    assert entry["facts"]["before"] == {"case-number": "旧号1", "inspected-party": None}
    assert set(entry["pd"]) == {"inspected-party", "inspected-party-before"}
    assert told(room, desk, recording) == [
        ("commander", "9", DOCK, True),
        ("case-number", "旧号1", DOCK, False),
        ("inspected-party", "李四", DOCK, False),
        ("case-number", "新号2", custodian.id, True),
        ("inspected-party", "王五", custodian.id, True),
    ]


def test_the_manifest_stays_what_it_is(room: Room, desk: Labelling, wearer: str, custodian: Caller) -> None:
    recording = room.record(wearer, labels=DOCKED)
    before = Recordings(room.site).manifest(OPERATOR, recording)
    desk.give(custodian, [recording], {"case-number": "新号2"})
    assert Recordings(room.site).manifest(OPERATOR, recording) == before
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(recording)
    assert stored is not None
    assert stored.recording.origin.labels == DOCKED


def test_saying_it_twice_is_saying_it_once(
    room: Room, desk: Labelling, wearer: str, custodian: Caller
) -> None:
    first, second = room.record(wearer, labels={"case-number": "1"}), room.record(wearer)
    assert desk.give(custodian, [first, second, second], {"case-number": "1"}).changed == [second]
    before = room.rows()
    assert desk.give(custodian, [first, second], {"case-number": "1"}).changed == []
    assert room.rows() == before
    assert len(room.entries(Act.LABEL)) == 1


def test_many_in_one_act_have_an_entry_each(
    room: Room, desk: Labelling, wearer: str, custodian: Caller
) -> None:
    some = [room.record(wearer) for _ in range(3)]
    assert desk.give(custodian, some, {"case-number": "1", "place": "某街1号"}).changed == some
    entries = room.entries(Act.LABEL)
    assert [entry["obj"][0]["id"] for entry in entries] == some
    assert all(stands(room, one) == {"case-number": "1", "place": "某街1号"} for one in some)


def test_one_that_may_not_be_marked_leaves_all_as_they_were(
    room: Room, desk: Labelling, recording: str, wearer: str
) -> None:
    foreign = room.record(room.add(Role.FIELD_OFFICER, where=room.beside))
    officer = room.caller(wearer)
    with room.refused("recording-not-found", NotFound):
        desk.give(officer, [recording, foreign], {"case-number": "1"})
    with room.refused("recording-not-found", NotFound):
        desk.give(officer, [recording, "f" * 32], {"case-number": "1"})
    with room.refused("recording-not-found", NotFound):
        desk.say_not_yet(officer, [recording, foreign], room.later(days=1).date())
    desk.give(officer, [recording], {"case-number": "1"})
    with room.refused("recording-not-found", NotFound):
        desk.end(officer, [recording, foreign], "case-number", "x")
    assert stands(room, recording) == {"case-number": "1"}


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ({}, "nothing-labelled"),
        ({"colour": "red"}, "unknown-label"),
        ({"commander": "9"}, "unknown-label"),
        ({"case-number": " "}, "invalid-label"),
        ({"place": "a\nb"}, "invalid-label"),
        ({"time": "yesterday"}, "invalid-label"),
        ({"category": "行政许可"}, "not-in-annex"),
        ({"category": "行政检查", "stage": "听证"}, "not-in-annex"),
        ({"case-number": "1", "officer": "XG1"}, "not-an-officer"),
    ],
)
def test_what_is_no_label_changes_nothing(
    room: Room, desk: Labelling, recording: str, custodian: Caller, labels: dict[str, str], code: str
) -> None:
    room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY, number="XG1")
    with room.refused(code, Invalid):
        desk.give(custodian, [recording], labels)


def test_an_officer_who_is_not_on_the_roll_is_not_named(
    room: Room, desk: Labelling, recording: str, custodian: Caller
) -> None:
    with room.refused("person-not-found", NotFound):
        desk.give(custodian, [recording], {"case-number": "1", "officer": "010001 404"})


def test_an_act_has_recordings_and_not_too_many(
    room: Room, desk: Labelling, recording: str, custodian: Caller
) -> None:
    for asked in ([], [recording] + [f"{n:032x}" for n in range(MOST)]):
        with room.refused("nothing-labelled", Invalid):
            desk.give(custodian, asked, {"case-number": "1"})


@pytest.mark.article("dazhe-2020-aux:10(2)", "longquan-aux:10(2)", "xinping-2022-aux:14(6)")
def test_an_auxiliary_marks_nothing_not_even_what_they_wore_nor_with_another_role(
    room: Room, desk: Labelling
) -> None:
    auxiliary = room.add(Role.AUXILIARY, Role.CUSTODIAN, type_=PersonType.AUXILIARY)
    recording = room.record(auxiliary)
    with room.refused("barred-by-law") as refused:
        desk.give(room.caller(auxiliary), [recording], {"case-number": "1"})
    assert "dazhe-2020-aux:10(2)" in str(refused.fields["cites"])
    for attempt in (
        lambda who: desk.say_not_yet(who, [recording], room.later(days=1).date()),
        lambda who: desk.end(who, [recording], "case-number", "x"),
    ):
        with room.refused("barred-by-law"):
            attempt(room.caller(auxiliary))


def test_heads_and_auditors_read_labels_and_do_not_give_them(
    room: Room, desk: Labelling, recording: str
) -> None:
    for role in (Role.UNIT_HEAD, Role.AUDITOR):
        who = room.new(role)
        assert desk.history(who, recording).recording.id == recording
        with room.refused("recording-not-found", NotFound):
            desk.give(who, [recording], {"case-number": "1"})


def test_a_member_of_a_case_marks_its_recordings_where_the_case_gives_it(
    room: Room, desk: Labelling, recording: str
) -> None:
    cases, member = Cases(room.site), room.add(Role.FIELD_OFFICER, where=room.beside)
    case = cases.open(OPERATOR, "杭1", room.unit.id)
    cases.link(OPERATOR, case.id, recording)
    cases.name(OPERATOR, case.id, member, {Action.LIST_RECORDINGS})
    with room.refused("recording-not-found", NotFound):
        desk.give(room.caller(member), [recording], {"case-number": "杭1"})
    cases.name(OPERATOR, case.id, member, {Action.LIST_RECORDINGS, Action.LABEL})
    assert desk.give(room.caller(member), [recording], {"case-number": "杭1"}).changed == [recording]


def test_a_restricted_recording_is_not_found_by_who_may_not_know_of_it(
    room: Room, desk: Labelling, recording: str, wearer: str, custodian: Caller
) -> None:
    Classes(room.site).classify(room.new(Role.UNIT_HEAD), recording, "privacy", "x")
    for attempt in (
        lambda: desk.give(custodian, [recording], {"case-number": "1"}),
        lambda: desk.history(custodian, recording),
    ):
        with room.refused("recording-not-found", NotFound):
            attempt()
    assert desk.give(room.caller(wearer), [recording], {"case-number": "1"}).changed == [recording]


def test_who_took_part_in_a_serious_event_does_not_mark_what_shows_it(
    room: Room, desk: Labelling, recording: str, wearer: str, custodian: Caller
) -> None:
    SeriousEvents(room.site).mark(OPERATOR, [recording], [wearer], "x")
    with room.refused("serious-event"):
        desk.give(room.caller(wearer), [recording], {"case-number": "1"})
    assert desk.give(custodian, [recording], {"case-number": "1"}).changed == [recording]


def test_under_transfer_nothing_is_marked_and_a_hold_is_no_obstacle(
    room: Room, desk: Labelling, recording: str, custodian: Caller
) -> None:
    Holds(room.site).place(OPERATOR, recording, "objection", "x")
    assert desk.give(custodian, [recording], {"case-number": "1"}).changed == [recording]
    with room.small.database.writing() as unit:
        unit.standings.mark(recording, under_transfer=True)
    with room.refused("under-transfer", Conflict):
        desk.give(custodian, [recording], {"case-number": "2"})
    with room.refused("under-transfer", Conflict):
        desk.end(custodian, [recording], "case-number", "x")


def test_a_label_is_taken_off_with_a_reason_and_stays_in_the_history(
    room: Room, desk: Labelling, wearer: str, custodian: Caller
) -> None:
    recording = room.record(wearer, labels=DOCKED)
    with room.refused("reason-needed", Invalid):
        desk.end(custodian, [recording], "case-number", " ")
    desk.end(custodian, [recording], "case-number", "属于另一案件")
    assert stands(room, recording) == {"commander": "9"}
    assert told(room, desk, recording)[1] == ("case-number", "旧号1", DOCK, False)
    (entry,) = room.entries(Act.LABEL_END)
    assert entry["facts"] == {"label": "case-number", "before": {"case-number": "旧号1"}}
    assert set(entry["pd"]) == {"reason"}
    with room.refused("label-not-there", Conflict):
        desk.end(custodian, [recording], "case-number", "x")
    desk.give(custodian, [recording], {"case-number": "3"})
    assert stands(room, recording) == {"case-number": "3", "commander": "9"}


def test_taking_off_what_one_of_several_does_not_have_leaves_all_as_they_were(
    room: Room, desk: Labelling, wearer: str, custodian: Caller
) -> None:
    some = [room.record(wearer, labels=DOCKED), room.record(wearer)]
    with room.refused("label-not-there", Conflict):
        desk.end(custodian, some, "case-number", "x")


@pytest.mark.article("dazhe-2020:12")
def test_a_case_number_may_follow_by_a_day_that_is_not_too_far(
    room: Room, desk: Labelling, recording: str, custodian: Caller
) -> None:
    today = date(2026, 3, 2)
    for wrong in (today - timedelta(days=1), today + timedelta(days=31)):
        with room.refused("due-out-of-range", Invalid) as refused:
            desk.say_not_yet(custodian, [recording], wrong)
        assert refused.fields == {"least": "2026-03-02", "most": "2026-04-01"}
    last = today + timedelta(days=30)
    assert desk.say_not_yet(custodian, [recording], last) == [recording]
    assert desk.say_not_yet(custodian, [recording], last) == [], "it was said already"
    assert stands(room, recording) == {"case-number": "2026-04-01"}
    desk.say_not_yet(custodian, [recording], today)
    facts = [entry["facts"] for entry in room.entries(Act.LABEL_NOT_YET)]
    assert facts == [
        {"due": "2026-04-01", "before": {}},
        {"due": "2026-03-02", "before": {"case-number": {"due": "2026-04-01"}}},
    ]
    desk.give(custodian, [recording], {"case-number": "1"})
    assert stands(room, recording) == {"case-number": "1"}
    with room.refused("case-number-stands", Conflict):
        desk.say_not_yet(custodian, [recording], last)


def test_whoever_may_not_know_of_it_reads_no_history_and_a_look_is_logged(
    room: Room, desk: Labelling, recording: str
) -> None:
    stranger = room.new(Role.CUSTODIAN, where=room.beside)
    with room.refused("recording-not-found", NotFound):
        desk.history(stranger, recording)
    desk.history(OPERATOR, recording)
    assert room.entries(Act.READ_LIST)[-1]["facts"] == {"list": "labels"}


NAMES = ("case-number", "inspected-party", "place")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("give", "give", "not-yet", "end")),
        st.sampled_from(NAMES),
        st.integers(1, 3),
        st.sets(st.integers(0, 2), min_size=1),
    ),
    max_size=12,
)
DOCK_SAID = st.dictionaries(st.sampled_from(NAMES), st.just("2"))
Line = list[Any]  # name, value, due, whether it stands


class Model:
    """Labels by brute force: every recording a list of what was said, and a copy of it before each act."""

    def __init__(self, docked: Sequence[dict[str, str]]) -> None:
        self.lines: list[list[Line]] = [[[n, v, None, True] for n, v in one.items()] for one in docked]

    def standing(self, which: int, name: str) -> Line | None:
        return next((one for one in self.lines[which] if one[0] == name and one[3]), None)

    def do(self, act: str, name: str, word: int, which: set[int]) -> bool:
        """Do it; False: it cannot be done, and nothing is changed."""
        before = [[list(line) for line in one] for one in self.lines]
        for one in which:
            old = self.standing(one, name)
            new = {"give": [name, str(word), None, True], "not-yet": [name, None, word, True]}.get(act)
            if (act == "end" and old is None) or (act == "not-yet" and old and old[1] is not None):
                self.lines = before
                return False
            if old is not None and new is not None and old[:3] == new[:3]:
                continue
            if old is not None:
                old[3] = False
            if new is not None:
                self.lines[one].append(new)
        return True


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """One site for all that is tried out."""
    return Room(SmallSite(tmp_path_factory.mktemp("crowded")))


@settings(max_examples=30 if forms.WHOLE else 8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=ACTS, docked=st.lists(st.dictionaries(st.sampled_from(NAMES), st.just("2")), min_size=3, max_size=3)
)
def test_what_stands_after_any_acts_is_what_a_replay_of_the_history_says_and_nothing_is_lost(
    crowded: Room,
    acts: list[tuple[str, str, int, set[int]]],
    docked: tuple[dict[str, str], ...],
) -> None:
    room = crowded
    desk, wearer, today = Labelling(room.site), room.add(), room.small.clock.now().date()
    some = [room.record(wearer, labels=one) for one in docked]
    model, longest = Model(docked), [0, 0, 0]
    for act, name, word, which in acts:
        ids = [some[one] for one in sorted(which)]
        name = "case-number" if act == "not-yet" else name
        try:
            if act == "give":
                desk.give(OPERATOR, ids, {name: str(word)})
            elif act == "not-yet":
                desk.say_not_yet(OPERATOR, ids, today + timedelta(days=word))
            else:
                desk.end(OPERATOR, ids, name, "x")
            done = True
        except Conflict:
            done = False
        assert model.do(act, name, word, which) == done
        for n, recording in enumerate(some):
            found = desk.history(OPERATOR, recording).told
            said = [
                [one.name, one.value, (one.due - today).days if one.due else None, one.ended_at is None]
                for one in found
            ]
            assert sorted(said, key=str) == sorted(model.lines[n], key=str)
            assert len(said) >= longest[n], "nothing of a history is ever lost"
            longest[n] = len(said)
            wanted = {line[0]: line[1] for line in model.lines[n] if line[3]}
            with room.small.database.reading() as unit:
                stored = unit.recordings.get(recording)
            assert stored is not None
            assert {name: one.value for name, one in stored.labels.items()} == wanted
