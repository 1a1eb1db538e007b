"""Activities of another system: matched by wearer and time, labelled once, nothing with a fault."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from evidence.adapters.sheets import SheetFiles
from evidence.answers.label import match_out
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.errors import Conflict, Invalid
from evidence.service.cases import activities
from evidence.service.cases.activities import Activities, MatchOutcome
from evidence.service.cases.cases import Cases
from tests.builders import START, SmallSite
from tests.people_room import OPERATOR, Room

HEADINGS = "活动编号,使用人编号,开始时间,结束时间,案号,被检查单位名称,执法人员编号,执法环节"


@pytest.fixture
def room(small: SmallSite) -> Room:
    return Room(small)


@pytest.fixture
def wearer(room: Room) -> str:
    return room.add(Role.FIELD_OFFICER, number="010001")


def ended(room: Room, wearer: str, at: datetime) -> str:
    """A recording that ended then."""
    recording = room.record(wearer, modified_at=at)
    with room.small.database.writing() as unit:
        unit.recordings.note_end(recording, at)
    return recording


def row(name: str, since: datetime, wearer: str = "010001", **said: str) -> str:
    """A row of an hour from a moment on."""
    times = [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (since, since + timedelta(hours=1))]
    labels = [said.get(key, "") for key in ("number", "party", "officer", "stage")]
    return ",".join([name, wearer, *times, *labels])


def take(room: Room, *rows: str, who: Caller = OPERATOR, apply: bool = True) -> MatchOutcome:
    content = "\n".join([HEADINGS, *rows]).encode()
    return Activities(room.site, SheetFiles()).import_table(who, content, apply=apply)


def labels(room: Room, recording: str) -> dict[str, str | None]:
    with room.small.database.reading() as unit:
        stored = unit.recordings.get(recording)
    assert stored is not None
    return {name: one.value for name, one in stored.labels.items()}


HOUR = timedelta(hours=1)


def test_what_was_recorded_meanwhile_gets_the_labels_of_its_row_and_only_once(
    room: Room, wearer: str
) -> None:
    other = room.add(Role.FIELD_OFFICER, number="010002")
    first, second = ended(room, wearer, START - 5 * HOUR), ended(room, wearer, START - 4.5 * HOUR)
    later, foreign = ended(room, wearer, START - 2 * HOUR), ended(room, other, START - 5 * HOUR)
    rows = (
        row("A-1", START - 5.2 * HOUR, number="杭1", party="某公司"),
        row("A-2", START - 9 * HOUR, number="杭2"),
        row("A-3", START - 5.2 * HOUR, wearer="404", number="杭3"),
    )
    before = room.rows()
    dry = take(room, *rows, apply=False)
    assert room.rows() == before, "a dry run changes nothing"
    assert (set(dry.changes), dry.applied) == ({first, second}, False)
    done = take(room, *rows)
    assert done.applied
    (matched,) = done.matched
    assert {one.recording.id for one in matched.recordings} == {first, second} == set(done.changes)
    assert [one.name for one in done.unmatched] == ["A-2", "A-3"]
    assert labels(room, first) == labels(room, second) == {"case-number": "杭1", "inspected-party": "某公司"}
    assert labels(room, later) == labels(room, foreign) == {}
    assert len(room.entries(Act.LABEL)) == 2
    after = room.rows()
    again = take(room, *rows)
    assert (again.applied, list(again.changes)) == (True, [])
    assert room.rows() == after
    assert len(room.entries(Act.LABEL)) == 2


def test_a_case_number_that_stood_before_and_one_that_nobody_registered_are_named(
    room: Room, wearer: str
) -> None:
    recording = ended(room, wearer, START - 5 * HOUR)
    take(room, row("A", START - 5.2 * HOUR, number="杭9", party="某公司"))
    Cases(room.site).open(OPERATOR, "杭1", room.unit.id)
    again = row("B", START - 5.2 * HOUR, number="杭1", party="某公司")
    rows = (again, row("C", START - 9 * HOUR, number="杭3"))
    for apply in (False, True):
        done = take(room, *rows, apply=apply)
        assert done.before == {recording: {"case-number": "杭9"}}, "not the party: it stays"
        assert done.unknown_cases == {"杭3"}
        told = match_out(done)
        assert (told["matched"][0]["before"], told["matched"][0]["unknown_case"]) == (done.before, None)
        assert told["unmatched"][0]["unknown_case"] == "杭3"
    assert labels(room, recording)["case-number"] == "杭1"
    assert take(room, again).before == {}, "nothing was replaced"


def test_a_span_that_is_known_for_certain_decides_and_else_the_end(
    room: Room, wearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = ended(room, wearer, START - 2 * HOUR)
    begins = START - 6 * HOUR
    meanwhile = row("A", START - 4 * HOUR, number="杭1")
    assert [one.name for one in take(room, meanwhile).unmatched] == ["A"], "its end lies outside"
    span = activities.Span(begins, START - 2 * HOUR)
    monkeypatch.setattr(activities, "span_of", lambda unit, id_: span)
    assert list(take(room, meanwhile).changes) == [recording]


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"number": "", "party": ""}, "case_number", "missing"),
        ({"number": "=1+1"}, "case_number", "formula"),
        ({"officer": "404"}, "officer", "person-not-found"),
        ({"officer": "XG1"}, "officer", "no-label"),
        ({"stage": "庆祝"}, "stage", "no-label"),
    ],
)
def test_with_a_row_that_cannot_be_taken_nothing_is_done(
    room: Room, wearer: str, said: dict[str, str], column: str, reason: str
) -> None:
    room.add(Role.AUXILIARY, type_=PersonType.AUXILIARY, number="XG1")
    recording = ended(room, wearer, START - 5 * HOUR)
    good = row("A-1", START - 5.2 * HOUR, number="杭1")
    bad = row("A-2", START - 5.2 * HOUR, **{"number": "杭1", **said})
    before = room.rows()
    done = take(room, good, bad)
    assert room.rows() == before
    assert not done.applied
    assert [(one.row, one.column, one.reason) for one in done.faults] == [(3, column, reason)]
    assert labels(room, recording) == {}


def test_a_recording_that_two_rows_would_label_otherwise_is_a_fault(room: Room, wearer: str) -> None:
    recording = ended(room, wearer, START - 5 * HOUR)
    rows = [row(name, START - 5.2 * HOUR, number=number) for name, number in (("A", "1"), ("B", "2"))]
    (fault,) = take(room, *rows).faults
    assert (fault.row, fault.reason, fault.found) == (3, "ambiguous", "2")
    assert labels(room, recording) == {}
    assert take(room, rows[0], rows[0]).applied, "the same twice is no contradiction"


def test_only_what_the_caller_may_label_is_found(room: Room, wearer: str) -> None:
    recording = ended(room, wearer, START - 5 * HOUR)
    line = row("A", START - 5.2 * HOUR, number="1")
    foreign = take(room, line, who=room.new(Role.CUSTODIAN, where=room.beside))
    assert [one.name for one in foreign.unmatched] == ["A"]
    assert labels(room, recording) == {}
    auxiliary = room.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
    with room.refused("barred-by-law"):
        take(room, line, who=auxiliary)
    assert list(take(room, line, who=room.caller(wearer)).changes) == [recording]


def test_under_transfer_nothing_is_labelled(room: Room, wearer: str) -> None:
    some = [ended(room, wearer, START - n * HOUR) for n in (5, 4.9)]
    with room.small.database.writing() as unit:
        unit.standings.mark(some[1], under_transfer=True)
    with room.refused("under-transfer", Conflict):
        take(room, row("A", START - 5.2 * HOUR, number="1"))
    assert labels(room, some[0]) == {}


def test_what_is_no_table_of_activities_is_refused(room: Room, wearer: str) -> None:
    with room.refused("sheet-empty", Invalid):
        Activities(room.site, SheetFiles()).import_table(OPERATOR, b"", apply=True)
    done = Activities(room.site, SheetFiles()).import_table(OPERATOR, "编号\n1".encode(), apply=True)
    assert [one.reason for one in done.faults] == ["unknown-column", "missing-column"]
    assert not done.applied
